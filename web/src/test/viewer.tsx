import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterContextProvider,
} from "@tanstack/react-router";
import type { ReactNode } from "react";

export * from "@mediary/media/test/viewer";

const client = new QueryClient();
const root = createRootRoute();
const conversation = createRoute({ getParentRoute: () => root, path: "/c/$conversationId" });
const history = createMemoryHistory({ initialEntries: ["/c/1"] });
const router = createRouter({ routeTree: root.addChildren([conversation]), history });

/** What the inbox gives to everything in it. */
export const inInbox = (children: ReactNode) => (
  <RouterContextProvider router={router}>
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  </RouterContextProvider>
);
