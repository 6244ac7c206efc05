import { Button } from "@mediary/media/ui/button";
import { Sparkles } from "lucide-react";
import { useNewVersion } from "@/app/version";
import { texts } from "@/texts";

/** Offers a new version of the inbox; what is being written stays when it is taken, and nobody has to take it. */
export function NewVersion() {
  const { available, later } = useNewVersion();
  return (
    <div role="status">
      {available && (
        <div className="flex flex-wrap items-center justify-center gap-x-3 gap-y-1 border-line border-b bg-selected px-4 py-1">
          <Sparkles aria-hidden="true" className="size-4 shrink-0 text-accent" />
          {texts.shell.newVersion}
          <span className="flex">
            <Button variant="plain" onClick={() => location.reload()}>
              {texts.app.reload}
            </Button>
            <Button
              variant="plain"
              onClick={() => {
                document.querySelector<HTMLElement>("main")?.focus();
                later();
              }}
            >
              {texts.shell.later}
            </Button>
          </span>
        </div>
      )}
    </div>
  );
}
