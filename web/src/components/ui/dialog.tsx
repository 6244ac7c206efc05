import { IconButton } from "@mediary/media/ui/button";
import { useModal } from "@mediary/media/ui/useModal";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { texts } from "@/texts";

export function Dialog(props: { title: string; onClose: () => void; children: ReactNode }) {
  return (
    <dialog
      {...useModal(props.onClose)}
      tabIndex={-1}
      aria-label={props.title}
      className="m-auto w-[min(30rem,calc(100vw-2rem))] rounded-2xl border border-line bg-raised p-5 text-text outline-none shadow-float backdrop:bg-black/40"
    >
      <header className="mb-3 flex items-center justify-between">
        <h2 className="font-semibold text-base">{props.title}</h2>
        <IconButton label={texts.action.close} onClick={props.onClose}>
          <X className="size-5" />
        </IconButton>
      </header>
      {props.children}
    </dialog>
  );
}
