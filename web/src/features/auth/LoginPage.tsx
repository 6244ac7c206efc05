import { useSecondsUntil } from "@mediary/media/lib/clock";
import { ApiError, api } from "@mediary/media/server/client";
import { Button, IconButton } from "@mediary/media/ui/button";
import { Spinner } from "@mediary/media/ui/spinner";
import { reasonOf } from "@mediary/media/ui/states";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { Eye, EyeOff } from "lucide-react";
import { type FormEvent, useState } from "react";
import { meQuery } from "@/api/queries";
import { LanguageSelect } from "@/components/ui/language";
import { Logo } from "@/components/ui/logo";
import { texts } from "@/texts";

type Credentials = { email: string; password: string };

export function LoginPage() {
  const { expired } = useSearch({ from: "/login" });
  const [retryAt, setRetryAt] = useState<number | null>(null);
  const login = useLogIn((error) => setRetryAt(retryAtOf(error)));
  const wait = useSecondsUntil(retryAt);
  const [missing, setMissing] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const credentials = { email: String(form.get("email")).trim(), password: String(form.get("password")) };
    const incomplete = credentials.email === "" || credentials.password === "";
    setMissing(incomplete);
    if (!incomplete) login.mutate(credentials);
  };
  const problem = missing
    ? texts.login.required
    : wait > 0
      ? texts.login.waiting(wait)
      : problemOf(login.error);
  return (
    <main className="flex h-full flex-col items-center justify-center-safe gap-4 overflow-y-auto bg-page p-4">
      <div className="w-full max-w-96 rounded-2xl border border-line bg-surface p-8 shadow-float max-sm:p-6">
        <Logo className="size-11" />
        <h1 className="mt-5 font-semibold text-xl">{texts.login.title}</h1>
        <p className="mt-1 text-balance text-muted">{texts.login.lead}</p>
        <form onSubmit={submit} noValidate className="mt-6 flex flex-col gap-4">
          {expired && !problem && (
            <p role="status" className="rounded-lg bg-warning-soft px-3 py-2 text-warning">
              {texts.login.expired}
            </p>
          )}
          {problem && (
            <p role="alert" className="rounded-lg bg-danger-soft px-3 py-2 text-danger">
              {problem}
            </p>
          )}
          <label className="flex flex-col gap-1.5 font-medium">
            {texts.login.email}
            {/* biome-ignore lint/a11y/noAutofocus: the page has nothing but this form */}
            <input name="email" type="email" autoComplete="username" autoFocus className={field} />
          </label>
          <PasswordField />
          <Button type="submit" disabled={login.isPending || wait > 0} className="mt-1 min-h-11">
            {login.isPending && <Spinner className="size-4" />}
            {login.isPending ? texts.login.submitting : texts.login.submit}
          </Button>
        </form>
      </div>
      <LanguageSelect />
    </main>
  );
}

const field =
  "h-11 w-full rounded-lg border border-[light-dark(#8a9893,#5d6b67)] bg-surface px-3 font-normal text-base";

function PasswordField() {
  const [shown, setShown] = useState(false);
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor="password" className="font-medium">
        {texts.login.password}
      </label>
      <div className="relative">
        <input
          id="password"
          name="password"
          type={shown ? "text" : "password"}
          autoComplete="current-password"
          className={`${field} pe-11`}
        />
        <IconButton
          label={shown ? texts.login.hide : texts.login.show}
          onClick={() => setShown(!shown)}
          className="absolute! end-1 top-1"
        >
          {shown ? <EyeOff className="size-4.5" /> : <Eye className="size-4.5" />}
        </IconButton>
      </div>
    </div>
  );
}

function useLogIn(onError: (error: Error) => void) {
  const client = useQueryClient();
  const router = useRouter();
  const { next } = useSearch({ from: "/login" });
  return useMutation({
    mutationFn: (credentials: Credentials) => api.post("/api/auth/login", { body: credentials }),
    onSuccess: async () => {
      // Nothing of the person before may be left.
      client.clear();
      await client.fetchQuery(meQuery);
      const stop = router.subscribe("onRendered", () => {
        stop();
        document.querySelector<HTMLElement>("main")?.focus();
      });
      router.history.push(next ?? "/");
    },
    onError,
  });
}

function problemOf(error: Error | null): string | null {
  if (error === null) return null;
  if (!(error instanceof ApiError)) return reasonOf(error);
  // Once the wait is over there is nothing left to say.
  if (error.status === 429) return null;
  if (error.status === 401 || error.status === 400) return texts.login.wrong;
  return error.status === 0 ? texts.login.away : reasonOf(error);
}

const FALLBACK_WAIT_SECONDS = 60;

/** When the server takes another attempt, where it takes none now. */
function retryAtOf(error: Error): number | null {
  if (!(error instanceof ApiError) || error.status !== 429) return null;
  return Date.now() + (error.retryAfterSeconds ?? FALLBACK_WAIT_SECONDS) * 1000;
}
