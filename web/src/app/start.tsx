import { ApiError, setSessionEndHandler } from "@mediary/media/server/client";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { keys } from "@/api/queries";
import { focusPageIfLost } from "@/app/focusPage";
import { startPlayingOn } from "@/app/playOn";
import { createAppRouter } from "@/app/router";
import { watchVersion } from "@/app/version";
import { provideMedia } from "@/features/media/provide";
import { startSending } from "@/features/sending/sending";
import { loadDeferred } from "@/lib/deferred";
import { opening } from "@/lib/layer";
import { useConnection } from "@/live/connection";

/** The inbox, once its sentences are there. */

const RETRIES_MAX = 2;

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // The event stream says what changed; asking again on a whim would only cost.
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      // A server that is known to be away is asked again when it is back.
      retry: (failures, error) =>
        failures < RETRIES_MAX &&
        error instanceof ApiError &&
        error.retryable &&
        !useConnection.getState().away,
    },
  },
});

const router = createAppRouter(client);
router.subscribe("onRendered", ({ fromLocation, toLocation, pathChanged }) => {
  // Who logs in has other things to wait for.
  if (toLocation.pathname !== "/login") loadDeferred();
  if (fromLocation !== undefined && pathChanged) focusPageIfLost();
});

setSessionEndHandler(() => {
  if (router.state.location.pathname === "/login") return;
  const next = router.state.location.href;
  client.setQueryData(keys.me, null);
  void router.navigate({ to: "/login", search: { next, expired: true }, replace: true });
});

provideMedia({
  client,
  openLarge: ({ conversationId, messageId, part }) =>
    void router.navigate({
      to: "/c/$conversationId",
      params: { conversationId },
      search: ({ part: _, ...rest }) => ({ ...rest, view: messageId, ...(part === 0 ? {} : { part }) }),
      state: opening("view"),
    }),
});
startPlayingOn(client);
watchVersion();
startSending({
  client,
  open: (conversationId) => void router.navigate({ to: "/c/$conversationId", params: { conversationId } }),
});

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
