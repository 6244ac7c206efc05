import { Button } from "@mediary/media/ui/button";
import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { announce } from "@/lib/announce";
import { texts } from "@/texts";

const SAID_MS = 2_000;

/** A value to be taken elsewhere, and the button that takes it. */
export function CopyField({ label, value }: { label: string; value: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
    } catch {
      // Without the clipboard (no HTTPS, or refused) it is marked, to be copied by hand.
      return;
    }
    setCopied(true);
    announce(texts.message.copied);
    setTimeout(() => setCopied(false), SAID_MS);
  };
  return (
    <div className="flex min-w-0 items-stretch gap-2">
      <input
        readOnly
        value={value}
        aria-label={label}
        dir="ltr"
        onFocus={(event) => event.target.select()}
        className="h-10 min-w-0 flex-1 rounded-lg border border-line bg-sunken px-3 font-mono text-[0.8125rem]"
      />
      <Button
        variant="soft"
        aria-label={`${texts.message.copy}: ${label}`}
        onClick={(event) => {
          event.currentTarget.parentElement?.querySelector("input")?.select();
          void copy();
        }}
      >
        {copied ? <Check className="size-4" /> : <Copy className="size-4" />}
        {copied ? texts.message.copied : texts.message.copy}
      </Button>
    </div>
  );
}
