import { keepFocus } from "@mediary/media/lib/keepFocus";
import { ApiError } from "@mediary/media/server/client";
import { Button } from "@mediary/media/ui/button";
import { ServerWords } from "@mediary/media/ui/ServerWords";
import { Spinner } from "@mediary/media/ui/spinner";
import { ErrorState, Reason, Skeleton } from "@mediary/media/ui/states";
import type { UseInfiniteQueryResult, UseQueryResult } from "@tanstack/react-query";
import { clsx } from "clsx";
import type { ReactNode } from "react";
import { settings as words } from "@/texts/settings";

/** A titled part of a page. */
export function Section(props: { title: string; lead?: ReactNode; children: ReactNode; id?: string }) {
  return (
    <section aria-label={props.title} id={props.id} className="flex scroll-mt-20 flex-col gap-3">
      <div>
        <h3 className="font-semibold text-[0.9375rem]">{props.title}</h3>
        {props.lead && <p className="mt-0.5 text-muted">{props.lead}</p>}
      </div>
      {props.children}
    </section>
  );
}

type PanelProps = {
  children: ReactNode;
  className?: string;
  /** For what loses controls when they are used: the focus goes to the first that is left. */
  keepsFocus?: boolean;
};

/** The ground on which forms and lists of a page stand. */
export function Panel({ children, className, keepsFocus = false }: PanelProps) {
  return (
    <div
      {...(keepsFocus ? { ref: keepFocus, tabIndex: -1 } : {})}
      className={clsx("rounded-xl border border-line bg-surface outline-none", className ?? "p-4 md:p-5")}
    >
      {children}
    </div>
  );
}

/** The ground of a table: where it has no room it scrolls, by the keyboard, too. */
export function TablePanel({ label, children }: { label: string; children: ReactNode }) {
  return (
    <section
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
      tabIndex={0}
      className="overflow-x-auto rounded-xl border border-line bg-surface"
    >
      {children}
    </section>
  );
}

export type Tone = "good" | "bad" | "warn" | "quiet";

const tones: Record<Tone, string> = {
  good: "bg-selected text-accent-strong",
  bad: "bg-danger-soft text-danger",
  warn: "bg-warning-soft text-warning",
  quiet: "bg-sunken text-muted",
};

/** One word about the state of something. */
export function Badge({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span
      className={clsx(
        "inline-flex shrink-0 items-center whitespace-nowrap rounded-full px-2 py-0.5 font-medium text-xs",
        tones[tone],
      )}
    >
      {children}
    </span>
  );
}

/** Something to know before going on. */
export function Note({
  tone,
  children,
  role,
}: {
  tone: Tone;
  children: ReactNode;
  role?: "alert" | "status";
}) {
  return (
    <div role={role} className={clsx("rounded-lg px-3 py-2", tones[tone])}>
      {children}
    </div>
  );
}

/** Rows in the place of a list that is on its way. */
export function RowsLoading({ rows = 4, label = words.loading }: { rows?: number; label?: string }) {
  return (
    <div
      role="status"
      aria-label={label}
      className="divide-y divide-line rounded-xl border border-line bg-surface"
    >
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike
        <div key={row} className="flex min-h-16 flex-col justify-center gap-2 px-4 py-3">
          <Skeleton className="h-3.5 w-2/5" />
          <Skeleton className="h-3 w-3/5" />
        </div>
      ))}
    </div>
  );
}

type LoadedProps<T> = {
  query: UseQueryResult<T>;
  /** What stands there until the answer is here. */
  loading?: ReactNode;
  failed?: string;
  children: (data: T) => ReactNode;
};

/** What a query answers, or why it does not. What was loaded once stays while it is asked for again. */
export function Loaded<T>({ query, loading, failed, children }: LoadedProps<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.isPending) return loading ?? <RowsLoading />;
  return <ErrorState title={failed ?? words.failed} error={query.error} retry={() => void query.refetch()} />;
}

/** The way to the next part of a list. */
export function More({ query }: { query: UseInfiniteQueryResult<unknown> }) {
  if (!query.hasNextPage) return null;
  return (
    <Button
      variant="soft"
      className="self-center"
      disabled={query.isFetchingNextPage}
      onClick={() => void query.fetchNextPage()}
    >
      {query.isFetchingNextPage && <Spinner className="size-4" />}
      {words.more}
    </Button>
  );
}

/** What is wrong with a form as a whole: what the server says of no single field of it. */
export function FormProblem({ error, fields }: { error: Error | null; fields: readonly string[] }) {
  if (error === null) return null;
  const errors = error instanceof ApiError ? error.fields : [];
  if (errors.length > 0 && errors.every(({ field }) => fields.includes(field))) return null;
  return (
    <Note tone="bad" role="alert">
      {errors[0] ? (
        <ServerWords sentence={`${errors[0].field} ${errors[0].message}`} />
      ) : (
        <Reason error={error} />
      )}
    </Note>
  );
}

/** What the server says of one field. */
export function fieldError(error: Error | null, field: string): ReactNode {
  if (!(error instanceof ApiError)) return undefined;
  const found = error.fields.find((item) => item.field === field);
  return found && <ServerWords sentence={found.message} />;
}

/** Leads to the first field that the server refused. */
export function focusField(form: HTMLFormElement | null, error: Error): void {
  if (form === null || !(error instanceof ApiError)) return;
  const field = error.fields[0]?.field;
  if (field === undefined) return;
  const input = form.elements.namedItem(field);
  if (input instanceof HTMLElement) input.focus();
}

/** A form's text, trimmed; null where it is empty. */
export function textOf(form: FormData, name: string): string | null {
  const value = form.get(name);
  const text = typeof value === "string" ? value.trim() : "";
  return text === "" ? null : text;
}
