import type { GalleryScope } from "@mediary/media/gallery/list";
import { clearSelection, useGallery } from "@mediary/media/gallery/store";
import { formatBytes } from "@mediary/media/lib/format";
import { Button, IconButton } from "@mediary/media/ui/button";
import { downloadUrl, mediaState } from "@mediary/media/viewers/state";
import { useQueryClient } from "@tanstack/react-query";
import { FileDown, FolderDown, Forward, type LucideIcon, MessageSquareText, Trash2, X } from "lucide-react";
import { useState } from "react";
import { useMayAct } from "@/api/roles";
import type { MediaFile } from "@/api/types";
import { Dialog } from "@/components/ui/dialog";
import { deleteSelected, downloadZip, forwardFiles } from "@/features/gallery/actions";
import { ForwardDialog } from "@/features/thread/ForwardDialog";
import { texts } from "@/texts";

type SelectionBarProps = {
  scope: GalleryScope;
  onJump: (file: MediaFile) => void;
  /** The bar goes with its selection; who worked in it goes on in the files. */
  onDone: () => void;
};

/** How much is selected, and what can be done with it. */
export function SelectionBar({ scope, onJump, onDone }: SelectionBarProps) {
  const client = useQueryClient();
  const selected = useGallery(scope, (state) => state.selected);
  const mayAct = useMayAct();
  const [asking, setAsking] = useState<"delete" | "forward" | null>(null);
  const files = [...selected.values()];
  const [only] = files.length === 1 ? files : [];
  if (files.length === 0) return null;
  const bytes = files.reduce((sum, { fileSize }) => sum + (fileSize ?? 0), 0);
  const done = () => {
    setAsking(null);
    onDone();
  };
  const g = texts.gallery;
  return (
    <>
      <section
        aria-label={g.selection}
        className="absolute inset-x-0 bottom-3 z-20 mx-auto flex w-fit max-w-[calc(100%-1rem)] animate-appear items-center gap-0.5 rounded-2xl border border-line bg-raised p-1.5 shadow-float"
      >
        <IconButton
          label={g.clear}
          onClick={() => {
            clearSelection(scope);
            onDone();
          }}
        >
          <X className="size-5" />
        </IconButton>
        <p role="status" className="me-2 min-w-0 whitespace-nowrap leading-tight">
          <span className="block font-semibold">{g.selected(files.length)}</span>
          {bytes > 0 && <bdi className="block text-muted text-xs">{formatBytes(bytes)}</bdi>}
        </p>
        {only && <Act icon={MessageSquareText} label={g.showInThread} onClick={() => onJump(only)} />}
        {only && <DownloadOne media={only} />}
        <Act icon={FolderDown} label={g.zip} onClick={() => void downloadZip(scope)} />
        {mayAct && <Act icon={Forward} label={g.forward} onClick={() => setAsking("forward")} />}
        {mayAct && <Act icon={Trash2} label={g.remove} danger onClick={() => setAsking("delete")} />}
      </section>
      {asking === "forward" && (
        <ForwardDialog
          words={<span>{g.forwarding(files.length)}</span>}
          forward={(conversationIds, attempt) => forwardFiles(scope, files, conversationIds, attempt)}
          onDone={done}
          onClose={() => setAsking(null)}
        />
      )}
      {asking === "delete" && (
        <DeleteDialog
          count={files.length}
          onClose={() => setAsking(null)}
          onDelete={async () => {
            await deleteSelected(scope, client);
            done();
          }}
        />
      )}
    </>
  );
}

type ActProps = { icon: LucideIcon; label: string; danger?: boolean; onClick: () => void };

/** With its word where there is room for that. */
function Act({ icon: Icon, label, danger = false, onClick }: ActProps) {
  return (
    <button
      type="button"
      title={label}
      onClick={onClick}
      className={`${act} ${danger ? "text-danger" : "text-text"}`}
    >
      <Icon aria-hidden="true" className="size-4.5 shrink-0" />
      <span className="max-lg:sr-only">{label}</span>
    </button>
  );
}

const act =
  "inline-flex min-h-9 items-center gap-2 whitespace-nowrap rounded-lg px-2 font-medium hover:bg-hover pointer-coarse:min-h-11 pointer-coarse:min-w-11 max-lg:justify-center";

function DownloadOne({ media }: { media: MediaFile }) {
  const state = mediaState(media);
  if (state.kind !== "ready") return null;
  return (
    <a
      href={downloadUrl(state.url)}
      download
      title={texts.gallery.download}
      className={`${act} max-md:hidden`}
    >
      <FileDown aria-hidden="true" className="size-4.5 shrink-0" />
      <span className="max-lg:sr-only">{texts.gallery.download}</span>
    </a>
  );
}

type DeleteDialogProps = { count: number; onClose: () => void; onDelete: () => Promise<void> };

function DeleteDialog({ count, onClose, onDelete }: DeleteDialogProps) {
  const [busy, setBusy] = useState(false);
  const confirm = () => {
    setBusy(true);
    void onDelete();
  };
  return (
    <Dialog title={texts.gallery.removeTitle(count)} onClose={busy ? () => {} : onClose}>
      <p className="mb-4 text-muted">{texts.gallery.removeHint}</p>
      <div className="flex flex-wrap justify-end gap-2">
        <Button variant="soft" onClick={onClose} disabled={busy}>
          {texts.gallery.keep}
        </Button>
        <Button onClick={confirm} disabled={busy} className="bg-danger! text-surface! hover:brightness-95">
          {busy ? texts.gallery.removing : texts.gallery.remove}
        </Button>
      </div>
    </Dialog>
  );
}
