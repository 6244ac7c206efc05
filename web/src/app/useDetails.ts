import { useMediaMatch } from "@mediary/media/lib/useMediaMatch";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { opening, useCloseLayer } from "@/lib/layer";

/** Wide enough for three panes side by side; below it the details cover the thread. */
const WIDE = "(min-width: 75rem)";

/** Whether the details are shown: as the URL says, else where there is room for them. */
export function useDetails() {
  const wide = useMediaMatch(WIDE);
  const { details, info } = useSearch({ from: "/inbox/c/$conversationId" });
  const navigate = useNavigate({ from: "/c/$conversationId" });
  const open = details ?? (wide || info !== undefined);
  const set = (value: boolean) =>
    void navigate({
      search: ({ details: _, info: about, part, ...rest }) => ({
        ...rest,
        ...(value && about !== undefined ? { info: about, ...(part === undefined ? {} : { part }) } : {}),
        ...(value === wide ? {} : { details: value }),
      }),
      ...(value ? { state: opening("details") } : { replace: true }),
    });
  const close = useCloseLayer("details", () => set(false));
  return { open, covering: open && !wide, toggle: () => (open ? close() : set(true)), close: () => close() };
}
