import type { ReactNode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { insideOf } from "../frame/MediaFrame";
import { provideMedia } from "../provide";
import { hasTexts } from "../texts";

/** A custom element that is drawn by React in its shadow root, as long as it is in the page. */
export abstract class MediaElement extends HTMLElement {
  #root: Root | null = null;

  /** What is in it now. */
  protected abstract content(): ReactNode;

  /** It has come into the page, or what it stands for has changed. */
  protected begin(): void {}
  /** It has left the page. */
  protected end(): void {}

  connectedCallback(): void {
    if (!hasTexts) provideMedia();
    this.begin();
    this.draw();
  }

  disconnectedCallback(): void {
    // One that only moves in the page is connected again at once.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.end();
      this.#root?.unmount();
      this.#root = null;
    });
  }

  attributeChangedCallback(_name: string, before: string | null, after: string | null): void {
    if (!this.isConnected || before === after) return;
    this.begin();
    this.draw();
  }

  protected draw(): void {
    if (!this.isConnected) return;
    this.#root ??= createRoot(insideOf(this));
    this.#root.render(this.content());
  }

  /** Tells the page. False: it wants to act by itself. */
  protected tell(name: string, detail: object): boolean {
    return this.dispatchEvent(
      new CustomEvent(`mediary-${name}`, { detail, bubbles: true, composed: true, cancelable: true }),
    );
  }

  /** A whole number from an attribute; null where there is none. */
  protected number(name: string): number | null {
    const value = this.getAttribute(name);
    return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : null;
  }
}
