import type { FieldError, Problem } from "../types";
import { absolute, asRecord, authorized, credentials } from "./access";

/** How long an answer may take before the server counts as away. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Codes of the page itself, where no problem document came. */
type OwnCode = "network" | "interrupted" | "unavailable" | "error";

/** A problem document, or as much of one as there is without the server. */
type Failure = Pick<Problem, "status" | "title"> &
  Partial<Omit<Problem, "code">> & { code: Problem["code"] | OwnCode };

/** A request that the server refused, or never answered (`status` 0, `code` "network"). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: Failure["code"];
  readonly detail: string;
  readonly retryable: boolean;
  readonly retryAfterSeconds: number | null;
  readonly requestId: string | null;
  /** What is wrong with single fields of what was sent. */
  readonly fields: readonly FieldError[];

  constructor(problem: Failure) {
    super(problem.detail ?? problem.title);
    this.name = "ApiError";
    this.status = problem.status;
    this.code = problem.code;
    this.detail = problem.detail ?? problem.title;
    this.retryable = problem.retryable ?? false;
    this.retryAfterSeconds = problem.retryAfterSeconds ?? null;
    this.requestId = problem.requestId ?? null;
    this.fields = problem.errors ?? [];
  }
}

type Parameter = string | number | boolean | null | undefined;
export type QueryParameters = Record<string, Parameter | readonly Parameter[]>;
type Options = { query?: QueryParameters; body?: unknown; signal?: AbortSignal };

/** Called when a request finds that the session is over. */
let onSessionEnd: () => void = () => {};

export function setSessionEndHandler(handler: () => void): void {
  onSessionEnd = handler;
}

export function endSession(): void {
  onSessionEnd();
}

export const api = {
  get: <T>(path: string, options: Options = {}) => request<T>("GET", path, options),
  post: <T>(path: string, options: Options = {}) => request<T>("POST", path, options),
  patch: <T>(path: string, options: Options = {}) => request<T>("PATCH", path, options),
  delete: (path: string, options: Options = {}) => request<void>("DELETE", path, options),
};

async function request<T>(method: string, path: string, { query, body, signal }: Options): Promise<T> {
  const response = await send(method, withQuery(path, query), body, signal);
  if (response.ok) return (await parse(response)) as T;
  const error = await problemOf(response);
  if (error.status === 401 && !path.startsWith("/api/auth/")) endSession();
  throw error;
}

async function send(method: string, url: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  const json = body === undefined ? {} : { "Content-Type": "application/json" };
  const init: RequestInit = {
    method,
    headers: { Accept: "application/json", ...json },
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  };
  if (body !== undefined) init.body = JSON.stringify(body);
  return ask(url, init, signal);
}

/** Asks the server; `given` is the signal by which the caller gives up. */
export async function ask(path: string, init: RequestInit, given?: AbortSignal): Promise<Response> {
  try {
    const headers = { ...asRecord(init.headers ?? {}), ...asRecord(await authorized()) };
    return await fetch(absolute(path), { ...init, headers, credentials: credentials() });
  } catch (cause) {
    if (given?.aborted) throw cause;
    throw new ApiError({ status: 0, code: "network", title: "The server did not answer", retryable: true });
  }
}

async function parse(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined;
  const text = await response.text();
  return text === "" ? undefined : JSON.parse(text);
}

/** Reads a problem document; a proxy's own error page becomes one too. */
export async function problemOf(response: Response): Promise<ApiError> {
  const header = Number(response.headers.get("Retry-After"));
  const fallback: Failure = {
    status: response.status,
    code: response.status >= 500 ? "unavailable" : "error",
    title: response.statusText || `HTTP ${response.status}`,
    retryable: response.status >= 500 || response.status === 429,
    ...(header > 0 ? { retryAfterSeconds: header } : {}),
  };
  try {
    const body = (await response.json()) as Partial<Problem>;
    return new ApiError({ ...fallback, ...body, status: response.status });
  } catch {
    return new ApiError(fallback);
  }
}

function withQuery(path: string, query: QueryParameters = {}): string {
  const search = new URLSearchParams();
  for (const [name, values] of Object.entries(query)) {
    for (const value of [values].flat()) {
      if (value !== null && value !== undefined && value !== "") search.append(name, String(value));
    }
  }
  return search.size > 0 ? `${path}?${search}` : path;
}
