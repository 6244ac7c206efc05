/** The web components: one module for any page, whatever that is made with. */

import { MediaryGallery } from "./MediaryGallery";
import { MediaryMedia } from "./MediaryMedia";
import { MediaryVoiceNote } from "./MediaryVoiceNote";

export type { MediaOptions } from "../provide";
export { provideMedia } from "../provide";
export type { MediaFile } from "../types";
export { MediaryGallery, MediaryMedia, MediaryVoiceNote };

const ELEMENTS = {
  "mediary-media": MediaryMedia,
  "mediary-voice-note": MediaryVoiceNote,
  "mediary-gallery": MediaryGallery,
};

for (const [name, element] of Object.entries(ELEMENTS)) {
  if (customElements.get(name) === undefined) customElements.define(name, element);
}

declare global {
  interface HTMLElementTagNameMap {
    "mediary-media": MediaryMedia;
    "mediary-voice-note": MediaryVoiceNote;
    "mediary-gallery": MediaryGallery;
  }
}
