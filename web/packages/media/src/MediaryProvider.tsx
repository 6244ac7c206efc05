import { type ReactNode, useState } from "react";
import { type MediaOptions, provideMedia } from "./provide";

/** `provideMedia` as an element, for a page that is React from its root on. What it is first given holds; there is one in a page. */
export function MediaryProvider({ children, ...options }: MediaOptions & { children: ReactNode }) {
  useState(() => provideMedia(options));
  return children;
}
