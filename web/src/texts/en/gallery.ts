/** The sentences of the gallery and of the search. */

import { english } from "@mediary/media/english";
import { number, plurals } from "@/texts/plural";

const plural = plurals.en;

export const gallery = {
  ...english.gallery,
  title: "Media",
  of: (name: string) => `Media with ${name}`,
  all: "All media",
  close: "Close the media",
  fresh: (n: number) => `${plural(n, { one: "# new file", other: "# new files" })}: show`,
  search: "Search names and captions",
  filters: "Filters",
  types: {
    label: "Kinds of files",
    image: "Photos",
    video: "Videos",
    audio: "Audio",
    document: "Documents",
    sticker: "Stickers",
  },
  direction: { label: "From whom", any: "From anybody", inbound: "From customers", outbound: "From us" },
  directionOne: (name: string) => `From ${name}`,
  sender: "Number of the sender",
  fromDay: "From day",
  toDay: "To day",
  sort: {
    label: "Sort by",
    "date-desc": "Newest first",
    "date-asc": "Oldest first",
    "size-desc": "Largest first",
    "size-asc": "Smallest first",
    "name-asc": "Name, A to Z",
    "name-desc": "Name, Z to A",
  },
  downloadAll: "Download all as zip",
  selection: "Selected files",
  selected: (n: number) => `${number(n)} selected`,
  clear: "Clear the selection",
  download: "Download",
  zip: "Download as zip",
  zipping: "Preparing the zip…",
  zipBegun: (n: number) =>
    `The zip of ${plural(n, { one: "# file", other: "# files" })} is being downloaded.`,
  zipFailed: (reason: string) => `No zip could be made. ${reason}`,
  forward: "Forward",
  forwarding: (n: number) => plural(n, { one: "# file", other: "# files" }),
  remove: "Delete",
  removeTitle: (n: number) => `Delete ${plural(n, { one: "# file", other: "# files" })}?`,
  removeHint: "The messages stay, and say that their file was deleted. It cannot be undone.",
  keep: "Keep",
  removing: "Deleting…",
  removed: (n: number) => `${plural(n, { one: "# file", other: "# files" })} deleted`,
  removeFailed: (n: number, reason: string) =>
    `${plural(n, { one: "# file", other: "# files" })} could not be deleted. ${reason}`,
};

export const search = {
  title: "Search everything",
  open: "Search everything (Ctrl Shift F)",
  field: "Search people, messages, captions and file names",
  everythingFor: (words: string) => `Search messages and files for “${words}”`,
  places: { all: "Everything", conversations: "People", messages: "Messages", media: "Files" },
  placesLabel: "Where to search",
  hint: "Find anything that was ever written or sent",
  hintDetail:
    "Names and numbers, words of messages, captions and file names. The beginning of the last word is enough.",
  loading: "Searching…",
  failed: "The search failed",
  nothing: (words: string) => `Nothing found for “${words}”`,
  nothingDetail: "All of the words have to be there. Try fewer, or the beginning of one.",
  found: (n: number, more: boolean) => (more ? `More than ${number(n)} found` : `${number(n)} found`),
  hits: "What was found",
  keys: { move: "to move", open: "to open", close: "to close" },
};
