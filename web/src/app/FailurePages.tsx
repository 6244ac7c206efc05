import { ApiError } from "@mediary/media/server/client";
import { Button } from "@mediary/media/ui/button";
import { reasonOf } from "@mediary/media/ui/states";
import { useQueryClient } from "@tanstack/react-query";
import { type ErrorComponentProps, Link, useRouter } from "@tanstack/react-router";
import { texts } from "@/texts";

/** What is shown when the first request fails, or when a component breaks. */
export function CrashPage({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const client = useQueryClient();
  const fromServer = error instanceof ApiError;
  const retry = () => {
    if (!fromServer) return location.reload();
    client.removeQueries({ predicate: (query) => query.state.status === "error" });
    reset();
    void router.invalidate();
  };
  return (
    <main className="flex h-full flex-col items-center justify-center gap-3 p-8 text-center" role="alert">
      <h1 className="font-semibold text-lg">{fromServer ? texts.app.name : texts.app.crashed}</h1>
      <p className="max-w-80 text-balance text-muted">
        {fromServer ? reasonOf(error) : texts.app.crashedHint}
      </p>
      <Button onClick={retry}>{fromServer ? texts.action.retry : texts.app.reload}</Button>
    </main>
  );
}

export function NotFoundPage() {
  return (
    <main className="flex h-full flex-col items-center justify-center gap-3 p-8 text-center">
      <h1 className="font-semibold text-lg">{texts.app.notFound}</h1>
      <Link to="/" className="font-medium text-accent underline">
        {texts.app.toInbox}
      </Link>
    </main>
  );
}
