import { useNavigate } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import type { WayBack } from "@/app/wayBack";
import { useLastSearch } from "@/features/search/store";
import { opening } from "@/lib/layer";
import { texts } from "@/texts";

/** Leads back to where a message was looked up, as it was left. */
export function BackStrip({ conversationId, way }: { conversationId: number; way: WayBack }) {
  const navigate = useNavigate();
  const back = () => {
    if (way === "media") return void navigate({ to: "/media" });
    // The search lies over what is open.
    const search = way === "search" ? { q: useLastSearch.getState().words } : { gallery: true };
    void navigate({
      to: "/c/$conversationId",
      params: { conversationId },
      search,
      state: opening(way),
    });
  };
  return (
    <div className="shrink-0 border-line border-b bg-selected px-1.5 md:px-2">
      <button
        type="button"
        onClick={back}
        className="inline-flex min-h-9 items-center gap-2 rounded-lg px-2 font-medium text-accent-strong hover:bg-hover pointer-coarse:min-h-11"
      >
        <ArrowLeft aria-hidden="true" className="size-4 rtl:rotate-180" />
        {texts.back[way]}
      </button>
    </div>
  );
}
