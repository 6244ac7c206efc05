import { clsx } from "clsx";
import type { ReactNode } from "react";
import { said } from "../lib/said";
import { ApiError } from "../server/client";
import { texts } from "../texts";
import { Button } from "./button";
import { ServerWords } from "./ServerWords";

/** A grey block in the size of what will stand there. */
export function Skeleton({ className, style }: { className?: string; style?: React.CSSProperties }) {
  return <span className={clsx("block animate-pulse rounded-md bg-line", className)} style={style} />;
}

/** What a pane says when it has nothing to list. */
export function EmptyState(props: { icon: ReactNode; title: string; hint?: string; children?: ReactNode }) {
  return (
    <div className="flex h-full flex-col items-center justify-center gap-1.5 p-8 text-center">
      <span className="mb-2 text-muted [&>svg]:size-9 [&>svg]:stroke-[1.5]">{props.icon}</span>
      <p className="text-balance font-medium">{props.title}</p>
      {props.hint && <p className="max-w-72 text-balance text-muted">{props.hint}</p>}
      {props.children}
    </div>
  );
}

export function ErrorState(props: { title: string; error: Error | null; retry: () => void }) {
  const requestId = props.error instanceof ApiError ? props.error.requestId : null;
  return (
    <div role="alert" className="flex h-full flex-col items-center justify-center gap-2 p-8 text-center">
      <p className="font-medium">{props.title}</p>
      <p dir="auto" className="max-w-72 text-balance text-muted">
        <Reason error={props.error} />
      </p>
      {requestId && <p className="select-all text-muted text-xs">{texts.error.requestId(requestId)}</p>}
      <Button variant="soft" className="mt-2" onClick={props.retry}>
        {texts.action.retry}
      </Button>
    </div>
  );
}

/** The sentence for a person; the server's own where it has one. */
export function Reason({ error }: { error: Error | null }) {
  const own = ownReasonOf(error);
  return own === null && error instanceof ApiError ? (
    <ServerWords code={error.code} sentence={error.detail} />
  ) : (
    own
  );
}

/** The same as plain words, for where nothing but those can stand. */
export function reasonOf(error: Error | null): string {
  return ownReasonOf(error) ?? (error instanceof ApiError ? said(error.code, error.detail) : "");
}

/** What the page says itself of a failure; null where the server has said more. */
function ownReasonOf(error: Error | null): string | null {
  if (!(error instanceof ApiError)) return texts.error.unavailable;
  if (error.status === 0) return texts.error.network;
  if (error.status === 403) return texts.error.forbidden;
  if (error.status === 404) return texts.error.notFound;
  return error.status >= 500 && error.code === "unavailable" ? texts.error.unavailable : null;
}
