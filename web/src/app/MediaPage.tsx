import { iconButton } from "@mediary/media/ui/button";
import { partOf } from "@mediary/media/viewers/state";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import { MediaGallery } from "@/features/gallery/MediaGallery";
import { focusMainIfLost } from "@/lib/focusMain";
import { opening, useCloseLayer } from "@/lib/layer";
import { useTitle } from "@/live/useTitle";
import { texts } from "@/texts";

/** The media of the company. */
export function MediaPage() {
  const { view, part = 0 } = useSearch({ from: "/inbox/media" });
  const navigate = useNavigate({ from: "/media" });
  const close = useCloseLayer("view", () => void navigate({ search: {}, replace: true }));
  useTitle(texts.gallery.title);
  return (
    <main
      id="thread"
      tabIndex={-1}
      aria-label={texts.gallery.all}
      className="flex min-w-0 flex-1 flex-col bg-page outline-none"
    >
      <MediaGallery
        scope="company"
        viewed={view === undefined ? null : { messageId: view, part }}
        label={texts.gallery.all}
        title={<h1 className="truncate font-semibold text-base">{texts.gallery.all}</h1>}
        before={
          <Link
            to="/"
            aria-label={texts.action.back}
            title={texts.action.back}
            className={`${iconButton} -ms-1 md:hidden`}
          >
            <ArrowLeft className="size-5 rtl:rotate-180" />
          </Link>
        }
        view={(file, replace = false) => {
          if (file === null) return close();
          void navigate({
            search: { view: file.messageId, ...partOf(file) },
            ...(replace ? { replace, state: true } : { state: opening("view") }),
          });
        }}
        jump={({ conversationId, messageId }) =>
          void navigate({
            to: "/c/$conversationId",
            params: { conversationId },
            search: { m: messageId, back: "media" },
          }).then(focusMainIfLost)
        }
      />
    </main>
  );
}
