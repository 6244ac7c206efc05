import { clsx } from "clsx";
import { Captions, CaptionsOff } from "lucide-react";
import { useState } from "react";
import { plainWords } from "../lib/bidi";
import { texts } from "../texts";
import { IconButton } from "../ui/button";

/** Lies on the picture until somebody puts it away. */
export function LightboxCaption({ words }: { words: string }) {
  const [shown, setShown] = useState(true);
  const label = shown ? texts.lightbox.hideCaption : texts.lightbox.showCaption;
  return (
    <div
      className={clsx(
        "pointer-events-none absolute inset-x-0 bottom-0 flex items-end gap-3 px-4 pb-4 [&>button]:pointer-events-auto",
        shown && "bg-linear-to-t from-black/85 to-transparent pt-10",
      )}
    >
      <p dir="auto" className="max-h-40 flex-1 overflow-y-auto text-center text-[0.9375rem]">
        {shown && plainWords(words)}
      </p>
      <IconButton
        label={label}
        aria-pressed={shown}
        onClick={() => setShown(!shown)}
        className="bg-black/50 text-white/85 hover:bg-white/15! hover:text-white! focus-visible:outline-white"
      >
        {shown ? <CaptionsOff className="size-5" /> : <Captions className="size-5" />}
      </IconButton>
    </div>
  );
}
