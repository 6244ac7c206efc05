import { useRef, useState } from "react";

const DEBOUNCE_MS = 300;

type SearchText = {
  /** What stands in the field. */
  typed: string;
  /** What is searched for: the same once it has stood still; an emptied field counts at once. */
  search: string;
  type: (words: string) => void;
};

export function useSearchText(): SearchText {
  const [typed, setTyped] = useState("");
  const [search, setSearch] = useState("");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const type = (words: string) => {
    setTyped(words);
    clearTimeout(timer.current);
    const settle = () => setSearch(words.trim());
    if (words.trim() === "") settle();
    else timer.current = setTimeout(settle, DEBOUNCE_MS);
  };
  return { typed, search, type };
}
