import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { conversationsQuery } from "@/api/queries";
import { number, texts } from "@/texts";

/** The title of the tab: what is open, and how many messages nobody has read, as far as the list is loaded. */
export function useTitle(name: string | null): void {
  const { data: unread = 0 } = useInfiniteQuery({
    ...conversationsQuery(""),
    select: ({ pages }) =>
      pages.flatMap(({ items }) => items).reduce((sum, { unreadCount }) => sum + unreadCount, 0),
  });
  const title = titleOf(name, unread);
  useEffect(() => {
    document.title = title;
    return () => {
      document.title = texts.app.name;
    };
  }, [title]);
}

export function titleOf(name: string | null, unread: number): string {
  const place = name === null ? texts.app.name : `${name} · ${texts.app.name}`;
  return unread > 0 ? `(${number(unread)}) ${place}` : place;
}
