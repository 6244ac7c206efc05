import { type CSSProperties, type ReactNode, useCallback, useState } from "react";
import { createPortal } from "react-dom";
import { sharedSheet } from "./sheet";

type MediaFrameProps = { children: ReactNode; className?: string; style?: CSSProperties };

/** Around what is shown in a page with styles of its own: neither do these get in, nor do ours get out. */
export function MediaFrame({ children, className, style }: MediaFrameProps) {
  const [inside, setInside] = useState<ShadowRoot | null>(null);
  const attach = useCallback((element: HTMLElement | null) => {
    if (element !== null) setInside(shadowOf(element));
  }, []);
  return (
    <div ref={attach} className={className} style={style}>
      {inside && createPortal(children, inside)}
    </div>
  );
}

/** The shadow root of an element, with our stylesheet. */
export function shadowOf(element: HTMLElement): ShadowRoot {
  if (element.shadowRoot) return element.shadowRoot;
  const root = element.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sharedSheet()];
  return root;
}
