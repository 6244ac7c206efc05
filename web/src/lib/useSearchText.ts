import { useState } from "react";
import { useSettled } from "@/lib/useSettled";

type SearchText = {
  /** What stands in the field. */
  typed: string;
  /** What is searched for: the same once it has stood still. */
  search: string;
  type: (words: string) => void;
};

export function useSearchText(): SearchText {
  const [search, setSearch] = useState("");
  const [typed, type] = useSettled(search, setSearch);
  return { typed, search, type };
}
