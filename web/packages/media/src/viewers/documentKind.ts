import {
  CalendarDays,
  Contact,
  File,
  FileArchive,
  FileCode,
  FileCog,
  FileImage,
  FileMusic,
  FilePlay,
  FileSpreadsheet,
  FileText,
  type LucideIcon,
  Presentation,
} from "lucide-react";
import { type MediaTexts, texts } from "../texts";
import type { MediaFile } from "../types";
import { typeOf } from "./variants";

/** What a person calls a document, by its type. */
export type DocumentKind = { icon: LucideIcon; label: string; colour: string };

/** Its words are chosen when it is shown. */
type Kind = Omit<DocumentKind, "label"> & { label: keyof MediaTexts["media"]["document"] };

const red = "bg-[light-dark(#fbdfdc,#5a2320)] text-[light-dark(#98221a,#ffc6c0)]";
const blue = "bg-[light-dark(#dbe8fb,#1f3a63)] text-[light-dark(#174ea6,#bcd6ff)]";
const green = "bg-[light-dark(#d8f0df,#1c4a2c)] text-[light-dark(#14632f,#b0ebc3)]";
const orange = "bg-[light-dark(#fce6d4,#57341b)] text-[light-dark(#8a430c,#ffd0ab)]";
const grey = "bg-line text-text";

const word: Kind = { icon: FileText, label: "word", colour: blue };
const excel: Kind = { icon: FileSpreadsheet, label: "excel", colour: green };
const powerPoint: Kind = { icon: Presentation, label: "powerPoint", colour: orange };
const words: Kind = { icon: FileText, label: "words", colour: blue };
const sheet: Kind = { icon: FileSpreadsheet, label: "sheet", colour: green };
const slides: Kind = { icon: Presentation, label: "slides", colour: orange };
const archive: Kind = { icon: FileArchive, label: "archive", colour: orange };
const text: Kind = { icon: FileText, label: "text", colour: grey };
const data: Kind = { icon: FileCode, label: "data", colour: grey };
const webPage: Kind = { icon: FileCode, label: "webPage", colour: grey };
const program: Kind = { icon: FileCog, label: "program", colour: red };
const contactCard: Kind = { icon: Contact, label: "contactCard", colour: grey };
const other: Kind = { icon: File, label: "other", colour: grey };

const officeXml = "application/vnd.openxmlformats-officedocument.";
const openDocument = "application/vnd.oasis.opendocument.";

const kinds: Record<string, Kind> = {
  "application/pdf": { icon: FileText, label: "pdf", colour: red },
  "application/msword": word,
  [`${officeXml}wordprocessingml.document`]: word,
  "application/vnd.ms-word.document.macroenabled.12": word,
  "application/vnd.ms-excel": excel,
  [`${officeXml}spreadsheetml.sheet`]: excel,
  "application/vnd.ms-excel.sheet.macroenabled.12": excel,
  "application/vnd.ms-excel.sheet.binary.macroenabled.12": excel,
  "application/vnd.ms-powerpoint": powerPoint,
  [`${officeXml}presentationml.presentation`]: powerPoint,
  "application/vnd.ms-powerpoint.presentation.macroenabled.12": powerPoint,
  [`${openDocument}text`]: words,
  [`${openDocument}spreadsheet`]: sheet,
  [`${openDocument}presentation`]: slides,
  [`${openDocument}graphics`]: { icon: FileImage, label: "drawing", colour: blue },
  "application/vnd.apple.pages": words,
  "application/vnd.apple.numbers": sheet,
  "application/vnd.apple.keynote": slides,
  "application/rtf": words,
  "text/rtf": words,
  "application/epub+zip": { icon: FileText, label: "book", colour: blue },
  "application/zip": archive,
  "application/x-zip-compressed": archive,
  "application/vnd.rar": archive,
  "application/x-7z-compressed": archive,
  "application/gzip": archive,
  "text/plain": text,
  "text/csv": { icon: FileSpreadsheet, label: "table", colour: green },
  "text/html": webPage,
  "application/xhtml+xml": webPage,
  "application/json": data,
  "application/xml": data,
  "text/xml": data,
  "text/vcard": contactCard,
  "text/x-vcard": contactCard,
  "text/calendar": { icon: CalendarDays, label: "calendar", colour: grey },
  "application/java-archive": program,
  "application/vnd.android.package-archive": program,
  "application/vnd.microsoft.portable-executable": program,
};

const families: Record<string, Kind> = {
  image: { icon: FileImage, label: "picture", colour: grey },
  audio: { icon: FileMusic, label: "sound", colour: grey },
  video: { icon: FilePlay, label: "video", colour: grey },
};

/** By the type of its bytes where that is known, as a name and a declared type may say anything. */
export function documentKind(media: MediaFile): DocumentKind {
  return documentKindOf(typeOf(media));
}

export function documentKindOf(type: string): DocumentKind {
  const { label, ...kind } = kinds[type] ?? families[type.split("/")[0] ?? ""] ?? other;
  return { ...kind, label: texts.media.document[label] };
}
