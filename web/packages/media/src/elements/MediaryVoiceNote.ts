import { audioElement, usePlayback } from "../viewers/playback";
import { MediaryMedia } from "./MediaryMedia";

const EVENTS = ["play", "pause", "ended"] as const;

/** `<mediary-voice-note>`: a recording with its waveform, which also tells of its playing and can be played by the page. */
export class MediaryVoiceNote extends MediaryMedia {
  readonly #hear = (event: Event): void => {
    // All recordings of a page share one audio element.
    if (usePlayback.getState().mediaId === this.media?.id) this.tell(event.type, { media: this.media });
  };

  override connectedCallback(): void {
    super.connectedCallback();
    for (const event of EVENTS) audioElement().addEventListener(event, this.#hear);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const event of EVENTS) audioElement().removeEventListener(event, this.#hear);
  }

  /** Presses its play button; the browser wants this to follow a click or a key of the person. */
  toggle(): void {
    this.shadowRoot?.querySelector<HTMLElement>('[data-act="play"]')?.click();
  }
}
