import { type CSSProperties, type ReactNode, useCallback, useState } from "react";
import { createPortal } from "react-dom";
import { sharedSheet } from "./sheet";

type MediaFrameProps = { children: ReactNode; className?: string; style?: CSSProperties };

/** Around what is shown in a page with styles of its own: neither do these get in, nor do ours get out. */
export function MediaFrame({ children, className, style }: MediaFrameProps) {
  const [inside, setInside] = useState<HTMLElement | null>(null);
  const attach = useCallback((element: HTMLElement | null) => {
    if (element !== null) setInside(insideOf(element));
  }, []);
  return (
    <div ref={attach} className={className} style={style}>
      {inside && createPortal(children, inside)}
    </div>
  );
}

/** Where an element is drawn: in its shadow root, with our stylesheet. */
export function insideOf(element: HTMLElement): HTMLElement {
  const known = element.shadowRoot?.querySelector<HTMLElement>(".frame");
  if (known) return known;
  const root = element.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sharedSheet()];
  const inside = document.createElement("div");
  inside.className = "frame";
  root.append(inside);
  return inside;
}
