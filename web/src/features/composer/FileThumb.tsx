import { documentKindOf } from "@mediary/media/viewers/documentKind";
import { fileIcons } from "@mediary/media/viewers/kind";
import { clsx } from "clsx";
import type { DraftFile } from "@/features/composer/draft";
import { mimeOf } from "@/features/composer/fileKind";

/** A small picture of a file, or the icon of its kind. */
export function FileThumb({ draft }: { draft: DraftFile }) {
  const { file, url, as, isPicture } = draft;
  const place = "size-14 shrink-0 overflow-hidden rounded-lg";
  if (isPicture) return <img src={url} alt="" className={clsx(place, "ground object-cover")} />;
  if (as === "video") {
    return (
      <span aria-hidden="true" className={clsx(place, "bg-black")}>
        <video src={url} muted preload="metadata" tabIndex={-1} className="size-full object-cover" />
      </span>
    );
  }
  const paper = documentKindOf(mimeOf(file));
  const Icon = as === "document" ? paper.icon : fileIcons[as];
  return (
    <span
      aria-hidden="true"
      className={clsx(
        place,
        "flex items-center justify-center",
        as === "document" ? paper.colour : "bg-accent/12 text-accent",
      )}
    >
      <Icon className="size-6" />
    </span>
  );
}
