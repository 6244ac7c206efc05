import { remember } from "@mediary/media/lib/storage";
import { clsx } from "clsx";
import { Languages } from "lucide-react";
import { texts } from "@/texts";
import { LANGUAGES, language } from "@/texts/language";

/** The language of this browser. The page is loaded again with it, at the same place. */
export function LanguageSelect({ className }: { className?: string }) {
  return (
    <span className={clsx("relative inline-flex items-center", className)}>
      <Languages aria-hidden="true" className="pointer-events-none absolute start-3 size-4.5 text-muted" />
      <select
        aria-label={texts.shell.language}
        value={language}
        onChange={(event) => {
          remember("mediary.language", event.target.value);
          location.reload();
        }}
        className="h-10 rounded-lg border border-[light-dark(#8a9893,#5d6b67)] bg-surface ps-10 pe-3"
      >
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
    </span>
  );
}
