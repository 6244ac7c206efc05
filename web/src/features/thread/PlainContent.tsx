import { CircleSlash, Contact, Info, type LucideIcon, MapPin, ShoppingBag } from "lucide-react";
import type { Message } from "@/api/types";
import { fileIcons } from "@/features/message/preview";
import { RichText } from "@/features/thread/RichText";
import { texts } from "@/texts";

/** A message without a file: its words, or in plain words what it is. */
export function PlainContent({ message }: { message: Message }) {
  if (message.revoked) return <Notice icon={CircleSlash} text={texts.message.revoked} />;
  switch (message.type) {
    case "image":
    case "video":
    case "audio":
    case "document":
    case "sticker":
      return <Notice icon={fileIcons[message.type]} text={texts.message.fileMissing} />;
    case "unsupported":
      return <Notice icon={Info} text={texts.message.unsupported} />;
    case "location":
      return <Card icon={MapPin} title={texts.message.location} text={message.text} />;
    case "contacts":
      return <Card icon={Contact} title={texts.message.contacts} text={message.text} />;
    case "order":
      return <Card icon={ShoppingBag} title={texts.message.order} text={message.text} />;
    default: {
      const words = message.text ?? message.caption;
      return words ? <RichText text={words} /> : <Notice icon={Info} text={texts.message.noText} />;
    }
  }
}

function Notice({ icon: Icon, text }: { icon: LucideIcon; text: string }) {
  return (
    <p className="flex max-w-80 items-start gap-2 py-0.5 text-muted italic">
      <Icon aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
      {text}
    </p>
  );
}

function Card({ icon: Icon, title, text }: { icon: LucideIcon; title: string; text: string | null }) {
  return (
    <div className="flex min-w-56 items-center gap-3 py-1">
      <span className="flex size-10 shrink-0 items-center justify-center rounded-full bg-accent/12 text-accent">
        <Icon aria-hidden="true" className="size-5" />
      </span>
      <div className="min-w-0">
        <p className="font-medium">{title}</p>
        {text && (
          <p dir="auto" className="wrap-anywhere whitespace-pre-line text-muted">
            {text}
          </p>
        )}
      </div>
    </div>
  );
}
