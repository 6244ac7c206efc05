import type { ReactNode } from "react";
import { FileSource } from "../server/fileSource";
import type { MediaFile } from "../types";
import { LargeView } from "../viewers/LargeView";
import { WatchedMedia } from "../viewers/WatchedMedia";
import { MediaElement } from "./element";

/** `<mediary-media>`: one file, by the id of its message or its own, or by a record that the page already has. */
export class MediaryMedia extends MediaElement {
  static readonly observedAttributes: readonly string[] = [
    "message-id",
    "part",
    "media-id",
    "sender",
    "caption",
  ];

  #source: FileSource | null = null;
  #of = "";
  #given: MediaFile | null = null;
  #told: MediaFile | Error | null = null;
  #leave = () => {};

  /** The record; given by the page it is not asked for. */
  get media(): MediaFile | null {
    return this.#source?.state().media ?? this.#given;
  }

  set media(media: MediaFile | null) {
    this.#given = media;
    if (!this.isConnected) return;
    this.begin();
    this.draw();
  }

  protected override begin(): void {
    const reference = this.#reference();
    const of = JSON.stringify([reference, this.#given]);
    if (of === this.#of) return;
    this.end();
    this.#of = of;
    this.#source = reference && new FileSource(reference, this.#given);
    this.#leave = this.#source?.subscribe(() => this.#changed()) ?? (() => {});
  }

  protected override end(): void {
    this.#leave();
    this.#leave = () => {};
    this.#source = null;
    this.#of = "";
  }

  protected override content(): ReactNode {
    if (this.#source === null) return null;
    const { media, error } = this.#source.state();
    const sender = this.getAttribute("sender") ?? "";
    const caption = this.getAttribute("caption");
    const about = media && { sender, timestamp: media.createdAt, caption };
    return (
      <LargeView about={about} onOpen={(media) => this.tell("open", { media })}>
        <WatchedMedia
          media={media}
          error={error}
          retry={this.#source.retry}
          sender={sender}
          caption={caption}
        />
      </LargeView>
    );
  }

  #reference() {
    const [mediaId, messageId] = [this.#given?.id ?? this.number("media-id"), this.number("message-id")];
    if (mediaId !== null) return { mediaId };
    return messageId === null ? null : { messageId, part: this.number("part") ?? 0 };
  }

  #changed(): void {
    const { media, error } = this.#source?.state() ?? { media: null, error: null };
    const news = media ?? error;
    this.draw();
    if (news === null || news === this.#told) return;
    this.#told = news;
    if (media) this.tell("load", { media });
    else this.tell("error", { error });
  }
}
