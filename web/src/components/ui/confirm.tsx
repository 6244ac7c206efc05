import { Button } from "@mediary/media/ui/button";
import { Spinner } from "@mediary/media/ui/spinner";
import { Reason } from "@mediary/media/ui/states";
import type { ReactNode } from "react";
import { Dialog } from "@/components/ui/dialog";
import { texts } from "@/texts";

type ConfirmProps = {
  title: string;
  /** What it does, and what cannot be taken back. */
  children: ReactNode;
  /** What the button does, in its own words. */
  action: string;
  pending: boolean;
  error: Error | null;
  onConfirm: () => void;
  onClose: () => void;
};

/** Asks before something is done that cannot be taken back. The focus starts on the dialog, so that Enter alone does nothing. */
export function Confirm({ title, children, action, pending, error, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="text-muted [&>p+p]:mt-2">{children}</div>
      {error && (
        <p role="alert" className="mt-3 rounded-lg bg-danger-soft px-3 py-2 text-danger">
          <Reason error={error} />
        </p>
      )}
      <div className="mt-5 flex flex-wrap justify-end gap-2">
        <Button variant="soft" onClick={onClose}>
          {texts.action.cancel}
        </Button>
        <Button variant="danger" disabled={pending} onClick={onConfirm}>
          {pending && <Spinner className="size-4" />}
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
