import { useEffect } from "react";

/** Asks the server for the next part of a list for as long as that is wanted. `load` does nothing while it is under way already. */
export function useLoadMore(wanted: boolean, load: () => void): void {
  useEffect(() => {
    if (wanted) load();
  });
}
