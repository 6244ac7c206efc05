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
import type { MediaFile } from "@/api/types";
import { typeOf } from "@/features/media/variants";
import { texts } from "@/texts";

/** What a person calls a document, by its type. */
export type DocumentKind = { icon: LucideIcon; label: string; colour: string };

const red = "bg-[light-dark(#fbdfdc,#5a2320)] text-[light-dark(#98221a,#ffc6c0)]";
const blue = "bg-[light-dark(#dbe8fb,#1f3a63)] text-[light-dark(#174ea6,#bcd6ff)]";
const green = "bg-[light-dark(#d8f0df,#1c4a2c)] text-[light-dark(#14632f,#b0ebc3)]";
const orange = "bg-[light-dark(#fce6d4,#57341b)] text-[light-dark(#8a430c,#ffd0ab)]";
const grey = "bg-line text-text";

const t = texts.media.document;
const word = { icon: FileText, label: t.word, colour: blue };
const excel = { icon: FileSpreadsheet, label: t.excel, colour: green };
const powerPoint = { icon: Presentation, label: t.powerPoint, colour: orange };
const words = { icon: FileText, label: t.words, colour: blue };
const sheet = { icon: FileSpreadsheet, label: t.sheet, colour: green };
const slides = { icon: Presentation, label: t.slides, colour: orange };
const archive = { icon: FileArchive, label: t.archive, colour: orange };
const text = { icon: FileText, label: t.text, colour: grey };
const data = { icon: FileCode, label: t.data, colour: grey };
const webPage = { icon: FileCode, label: t.webPage, colour: grey };
const program = { icon: FileCog, label: t.program, colour: red };
const contactCard = { icon: Contact, label: t.contactCard, colour: grey };
const other = { icon: File, label: t.other, colour: grey };

const officeXml = "application/vnd.openxmlformats-officedocument.";
const openDocument = "application/vnd.oasis.opendocument.";

const kinds: Record<string, DocumentKind> = {
  "application/pdf": { icon: FileText, label: t.pdf, colour: red },
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
  [`${openDocument}graphics`]: { icon: FileImage, label: t.drawing, colour: blue },
  "application/vnd.apple.pages": words,
  "application/vnd.apple.numbers": sheet,
  "application/vnd.apple.keynote": slides,
  "application/rtf": words,
  "text/rtf": words,
  "application/epub+zip": { icon: FileText, label: t.book, colour: blue },
  "application/zip": archive,
  "application/x-zip-compressed": archive,
  "application/vnd.rar": archive,
  "application/x-7z-compressed": archive,
  "application/gzip": archive,
  "text/plain": text,
  "text/csv": { icon: FileSpreadsheet, label: t.table, colour: green },
  "text/html": webPage,
  "application/xhtml+xml": webPage,
  "application/json": data,
  "application/xml": data,
  "text/xml": data,
  "text/vcard": contactCard,
  "text/x-vcard": contactCard,
  "text/calendar": { icon: CalendarDays, label: t.calendar, colour: grey },
  "application/java-archive": program,
  "application/vnd.android.package-archive": program,
  "application/vnd.microsoft.portable-executable": program,
};

const families: Record<string, DocumentKind> = {
  image: { icon: FileImage, label: t.picture, colour: grey },
  audio: { icon: FileMusic, label: t.sound, colour: grey },
  video: { icon: FilePlay, label: t.video, colour: grey },
};

/** By the type of its bytes where that is known, as a name and a declared type may say anything. */
export function documentKind(media: MediaFile): DocumentKind {
  return documentKindOf(typeOf(media));
}

export function documentKindOf(type: string): DocumentKind {
  return kinds[type] ?? families[type.split("/")[0] ?? ""] ?? other;
}
