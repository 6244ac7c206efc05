import { plainWords } from "@mediary/media/lib/bidi";
import { clsx } from "clsx";
import { type ReactNode, useState } from "react";
import { calmWords, isEmojiOnly, type Part, richParts } from "@/features/thread/richText";
import { texts } from "@/texts";

/** Letters from which on a text is folded, and how many of it then show. */
const FOLDED_FROM = 1_600;
const SHOWN = 900;

/** The words of a message with WhatsApp's own marks, and its addresses as links. `end` follows the last word. */
export function RichText({ text, end }: { text: string; end?: ReactNode }) {
  const [unfolded, setUnfolded] = useState(false);
  const words = calmWords(plainWords(text));
  const folded = words.length > FOLDED_FROM && !unfolded;
  const shown = folded ? `${words.slice(0, SHOWN).replace(/[\s.…]+$/, "")}…` : words;
  return (
    <p
      dir="auto"
      className={clsx(
        "wrap-anywhere overflow-clip whitespace-pre-wrap [overflow-clip-margin:0.5rem]",
        isEmojiOnly(words) ? "text-4xl leading-snug" : "text-[0.90625rem]",
      )}
    >
      <Parts parts={richParts(shown)} />
      {folded && (
        <button
          type="button"
          onClick={() => setUnfolded(true)}
          className="ms-1.5 min-h-6 rounded-md font-medium text-accent hover:underline"
        >
          {texts.message.readMore}
        </button>
      )}
      {end}
    </p>
  );
}

function Parts({ parts }: { parts: Part[] }) {
  // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never change their order
  return parts.map((part, at) => <One key={at} part={part} />);
}

function One({ part }: { part: Part }) {
  switch (part.kind) {
    case "text":
      return part.text;
    case "link":
      return (
        <a href={part.href} target="_blank" rel="noreferrer noopener" className="text-read underline">
          {part.text}
        </a>
      );
    case "bold":
      return (
        <strong className="font-semibold">
          <Parts parts={part.parts} />
        </strong>
      );
    case "italic":
      return (
        <em>
          <Parts parts={part.parts} />
        </em>
      );
    case "strike":
      return (
        <s>
          <Parts parts={part.parts} />
        </s>
      );
    case "quote":
      return (
        <span className="my-0.5 block border-line border-s-3 ps-2 text-muted">
          <Parts parts={part.parts} />
        </span>
      );
    case "code":
      return <code className="rounded bg-text/8 px-1 font-mono text-[0.85em]">{part.text}</code>;
    case "block":
      return (
        <code className="my-0.5 block rounded-lg bg-text/8 px-2 py-1 font-mono text-[0.85em]">
          {part.text}
        </code>
      );
  }
}
