import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { conversationsQuery } from "@/api/queries";
import { number, texts } from "@/texts";

/** The title of the tab: what is open, and how many messages nobody has read, as far as the list is loaded. An installed inbox has that number at its icon, too. */
export function useTitle(name: string | null): void {
  const { data: unread = 0 } = useInfiniteQuery({
    ...conversationsQuery(""),
    select: ({ pages }) =>
      pages.flatMap(({ items }) => items).reduce((sum, { unreadCount }) => sum + unreadCount, 0),
  });
  const title = titleOf(name, unread);
  useEffect(() => {
    document.title = title;
    setBadge(unread);
    return () => {
      document.title = texts.app.name;
      setBadge(0);
    };
  }, [title, unread]);
}

/** 0 takes it away. A browser tab has no badge, and a system may refuse it. */
export function setBadge(unread: number): void {
  navigator.setAppBadge?.(unread).catch(() => {});
}

export function titleOf(name: string | null, unread: number): string {
  const place = name === null ? texts.app.name : `${name} · ${texts.app.name}`;
  return unread > 0 ? `(${number(unread)}) ${place}` : place;
}
