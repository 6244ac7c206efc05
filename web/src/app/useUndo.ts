import { useRouter } from "@tanstack/react-router";

/** Closes what a click has opened: the browser's own Back does not open it again then. A shared link has nothing to undo. */
export function useUndo(otherwise: () => void): () => void {
  const { history } = useRouter();
  return () => (history.location.state.__TSR_index > 0 ? history.back() : otherwise());
}
