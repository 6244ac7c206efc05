import { TriangleAlert } from "lucide-react";
import { texts } from "../texts";

export function IntegrityWarning() {
  return (
    <p className="mt-1 flex w-0 min-w-full items-start gap-1.5 rounded-lg bg-warning-soft px-2 py-1.5 text-warning text-xs">
      <TriangleAlert aria-hidden="true" className="mt-px size-3.5 shrink-0" />
      {texts.media.mismatch}
    </p>
  );
}
