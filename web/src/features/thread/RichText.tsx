import { Fragment, type ReactNode } from "react";

const LINK = /\bhttps?:\/\/[^\s<>"]+/g;
/** Punctuation after an address usually belongs to the sentence around it. */
const TRAILING = /[.,;:!?)\]}'"…]+$/;

/** The words of a message as they were written, with its web addresses as links. */
export function RichText({ text, end }: { text: string; end?: ReactNode }) {
  return (
    <p dir="auto" className="wrap-anywhere whitespace-pre-wrap text-[14.5px]">
      {linkify(text).map((part) =>
        part.href ? (
          <a
            key={part.at}
            href={part.href}
            target="_blank"
            rel="noreferrer noopener"
            className="text-read underline"
          >
            {part.text}
          </a>
        ) : (
          <Fragment key={part.at}>{part.text}</Fragment>
        ),
      )}
      {end}
    </p>
  );
}

type Part = { at: number; text: string; href?: string };

export function linkify(text: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const href = match[0].replace(TRAILING, "");
    if (match.index > end) parts.push({ at: end, text: text.slice(end, match.index) });
    parts.push({ at: match.index, text: href, href });
    end = match.index + href.length;
  }
  if (end < text.length) parts.push({ at: end, text: text.slice(end) });
  return parts;
}
