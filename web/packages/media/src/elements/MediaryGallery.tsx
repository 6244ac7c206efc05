import type { ReactNode } from "react";
import type { GalleryScope } from "../gallery/list";
import { MediaGallery } from "../gallery/MediaGallery";
import { change, changeFilter, galleryOf, setSort } from "../gallery/store";
import type { FileType, MediaFile } from "../types";
import { MediaElement } from "./element";

const TYPES: readonly string[] = ["image", "video", "audio", "document", "sticker"];
const SORTS = ["date", "size", "name"] as const;

/** `<mediary-gallery>`: the files of a conversation, or of all that the page may see. It fills its box, which has to have a height. */
export class MediaryGallery extends MediaElement {
  static readonly observedAttributes: readonly string[] = [
    "conversation-id",
    "view",
    "types",
    "search",
    "sort",
    "order",
    "label",
    "jump",
  ];

  get #scope(): GalleryScope {
    return this.number("conversation-id") ?? "company";
  }

  protected override begin(): void {
    const scope = this.#scope;
    const view = this.getAttribute("view") === "table" ? "table" : "grid";
    if (galleryOf(scope).view !== view) change(scope, { view });
    const filter = { types: this.#types(), words: this.getAttribute("search") ?? "" };
    const { types, words } = galleryOf(scope).filter;
    if (filter.words !== words || filter.types.join() !== types.join()) changeFilter(scope, filter);
    const sort = SORTS.find((one) => one === this.getAttribute("sort")) ?? "date";
    const order = this.getAttribute("order") ?? (sort === "name" ? "asc" : "desc");
    const before = galleryOf(scope);
    if (before.sort !== sort || before.order !== order)
      setSort(scope, sort, order === "asc" ? "asc" : "desc");
  }

  protected override content(): ReactNode {
    const label = this.getAttribute("label");
    const jump = (media: MediaFile) => void this.tell("jump", { media });
    return (
      <MediaGallery
        scope={this.#scope}
        onOpen={(media) => this.tell("open", { media })}
        {...(label === null ? {} : { label })}
        {...(this.hasAttribute("jump") ? { onJump: jump } : {})}
      />
    );
  }

  #types(): FileType[] {
    const types = (this.getAttribute("types") ?? "").split(/[\s,]+/);
    return types.filter((type): type is FileType => TYPES.includes(type));
  }
}
