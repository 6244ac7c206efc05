/** What Mediary answers, under the names of its OpenAPI document; `npm run api` writes `schema.gen.ts` from it. */
import type { components } from "./schema.gen";

type Schemas = components["schemas"];

export type DownloadError = Schemas["DownloadError"];
export type FieldError = Schemas["FieldError"];
export type FileType = Schemas["FileType"];
/** What is shown here belongs to a message; only files of the library do not. */
export type MediaFile = Schemas["MediaFile"] & { conversationId: number; messageId: number };
export type MediaStatus = Schemas["MediaStatus"];
/** `application/problem+json`. */
export type Problem = Schemas["Problem"];
export type SignedLink = Schemas["SignedLink"];
export type Variant = Schemas["Variant"];

/** One page of any list; the document has no generic types, and names one for each list. */
export type Page<T> = Omit<Schemas["Page_Message"], "items"> & { items: T[] };
