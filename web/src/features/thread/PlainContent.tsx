import { IconButton } from "@mediary/media/ui/button";
import { fileIcons } from "@mediary/media/viewers/kind";
import { CircleSlash, Contact, Copy, Info, type LucideIcon, MapPin, ShoppingBag } from "lucide-react";
import type { ReactNode } from "react";
import { toast } from "sonner";
import type { Message } from "@/api/types";
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
      return (
        <Card icon={MapPin} title={texts.message.location} text={message.text}>
          <MapLink text={message.text} />
        </Card>
      );
    case "contacts":
      return <Card icon={Contact} title={texts.message.contacts} text={message.text} />;
    case "order":
      return <Card icon={ShoppingBag} title={texts.message.order} text={message.text} />;
    default: {
      const words = (message.text ?? message.caption)?.trim();
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

type CardProps = { icon: LucideIcon; title: string; text: string | null; children?: ReactNode };

function Card({ icon: Icon, title, text, children }: CardProps) {
  return (
    <div className="flex min-w-56 items-center gap-3 py-1">
      <span className="flex size-10 shrink-0 items-center justify-center rounded-full bg-accent/12 text-accent">
        <Icon aria-hidden="true" className="size-5" />
      </span>
      <div className="min-w-0 flex-1">
        <p className="font-medium">{title}</p>
        {/* Numbers and addresses in it can be called and written to. */}
        {text && <RichText text={text} />}
        {children}
      </div>
      {text && <CopyButton text={text} />}
    </div>
  );
}

/** A place on the map that belongs to nobody's product, opened on a click alone. */
function MapLink({ text }: { text: string | null }) {
  const [, north, east] = COORDINATES.exec(text ?? "") ?? [];
  const query =
    north && east
      ? `?mlat=${north}&mlon=${east}#map=17/${north}/${east}`
      : text && `search?query=${encodeURIComponent(text)}`;
  if (!query) return null;
  return (
    <a
      href={`https://www.openstreetmap.org/${query}`}
      target="_blank"
      rel="noreferrer noopener"
      className="inline-flex min-h-6 items-center text-read underline"
    >
      {texts.message.showOnMap}
    </a>
  );
}

const COORDINATES = /(-?\d{1,2}\.\d+), ?(-?\d{1,3}\.\d+)/;

function CopyButton({ text }: { text: string }) {
  const copy = async () => {
    await navigator.clipboard?.writeText(text);
    toast.success(texts.message.copied);
  };
  return (
    <IconButton label={texts.message.copy} onClick={() => void copy()} className="size-8!">
      <Copy className="size-4" />
    </IconButton>
  );
}
