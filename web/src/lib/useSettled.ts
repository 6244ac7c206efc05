import { useRef, useState } from "react";

const DEBOUNCE_MS = 300;

/** What stands in a field, and what takes it on: once it has stood still, or at once where the field was emptied. */
export function useSettled(
  value: string,
  onSettle: (value: string) => void,
): [string, (typed: string) => void] {
  const [typed, setTyped] = useState(value);
  const [last, setLast] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // Changed from elsewhere, as by a button that clears everything.
  if (value !== last) {
    setLast(value);
    if (value !== typed.trim()) setTyped(value);
  }
  const type = (words: string) => {
    setTyped(words);
    clearTimeout(timer.current);
    if (words.trim() === "") onSettle("");
    else timer.current = setTimeout(() => onSettle(words.trim()), DEBOUNCE_MS);
  };
  return [typed, type];
}
