import { useWindowEvent } from "@mediary/media/lib/useWindowEvent";
import { Upload } from "lucide-react";
import { type DragEvent, type ReactNode, useState } from "react";
import { useMayAct } from "@/api/roles";
import { addFiles } from "@/features/composer/act";
import { texts } from "@/texts";

type DropZoneProps = { conversationId: number; name: string; children: ReactNode };

/** Takes files that are dropped on a thread, or pasted while it is open. */
export function DropZone({ conversationId, name, children }: DropZoneProps) {
  const maySend = useMayAct();
  const drop = useFileDrop((files) => addFiles(conversationId, files));
  usePaste((files) => maySend && addFiles(conversationId, files));
  return (
    <div {...(maySend ? drop.handlers : {})} className="relative flex min-h-0 flex-1 flex-col">
      {children}
      {drop.over && (
        <div className="pointer-events-none absolute inset-2 z-10 flex animate-appear items-center justify-center rounded-2xl border-2 border-accent border-dashed bg-surface/92">
          <p className="flex flex-col items-center gap-3 p-6 text-center font-medium text-base">
            <Upload aria-hidden="true" className="size-9 text-accent" />
            <span dir="auto">{texts.composer.drop(name)}</span>
          </p>
        </div>
      )}
    </div>
  );
}

const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer.types.includes("Files");

function useFileDrop(onFiles: (files: File[]) => void) {
  // Entering a part of the zone comes before leaving the one before, so they are counted.
  const [depth, setDepth] = useState(0);
  const handlers = {
    onDragEnter: (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setDepth((count) => count + 1);
    },
    onDragOver: (event: DragEvent) => {
      if (hasFiles(event)) event.preventDefault();
    },
    onDragLeave: (event: DragEvent) => {
      if (hasFiles(event)) setDepth((count) => Math.max(0, count - 1));
    },
    onDrop: (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setDepth(0);
      onFiles([...event.dataTransfer.files]);
    },
  };
  return { over: depth > 0, handlers };
}

function usePaste(onFiles: (files: File[]) => void): void {
  useWindowEvent("paste", (event) => {
    const files = filesOf(event.clipboardData);
    if (files.length === 0 || document.querySelector("dialog[open]") !== null) return;
    event.preventDefault();
    onFiles(files);
  });
}

/** Office programs put a picture beside the words that were copied; those words are meant. */
function filesOf(data: DataTransfer | null): File[] {
  if (data === null) return [];
  const isFromOffice = data.types.includes("text/plain") && data.types.includes("text/html");
  return isFromOffice ? [] : [...data.files];
}
