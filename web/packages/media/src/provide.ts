import { english } from "./english";
import { type MediaAccess, provideAccess } from "./server/access";
import { forgetLinks } from "./server/address";
import { setSessionEndHandler } from "./server/client";
import { type MediaServices, provideServices } from "./server/services";
import { type MediaTexts, provideTexts } from "./texts";

/** Words of the page's own; of what it leaves out the English ones stay. */
export type OwnTexts = { [Section in keyof MediaTexts]?: Partial<MediaTexts[Section]> };

export type MediaOptions = MediaAccess &
  Partial<MediaServices> & {
    texts?: OwnTexts;
    /** How numbers and dates are written, as "pt-BR". */
    locale?: string;
    /** Mediary, or what stands before it, no longer knows who asks. */
    onUnauthorized?: () => void;
  };

/** Says where Mediary is, how it lets the page in, and in which words its files are shown. Called once, before anything is drawn. */
export function provideMedia(options: MediaOptions = {}): void {
  const { baseUrl, authorize, credentials, link, texts = {}, locale, onUnauthorized, ...services } = options;
  provideAccess(defined({ baseUrl, authorize, credentials, link }));
  forgetLinks();
  provideServices(services);
  provideTexts(merged(texts), locale);
  setSessionEndHandler(onUnauthorized ?? (() => {}));
}

function merged(own: OwnTexts): MediaTexts {
  const sections = Object.entries(english).map(([name, words]) => [
    name,
    { ...words, ...own[name as keyof MediaTexts] },
  ]);
  return Object.fromEntries(sections) as MediaTexts;
}

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
