import { type ComponentType, lazy, Suspense, useState } from "react";

const waiting: (() => Promise<unknown>)[] = [];

/**
 * A part of the program that is loaded on its own, when it is first shown or once there is time (`loadDeferred`). React's `lazy` alone
 * holds back what has just been loaded for up to 300 ms, even where it has been there for long; one that is there is rendered at once.
 */
export function deferred<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): ComponentType<Props> {
  let loaded: ComponentType<Props> | null = null;
  const get = async () => {
    loaded = await load();
    return loaded;
  };
  waiting.push(get);
  const Awaited = lazy(async () => ({ default: await get() }));
  return function Deferred(props: Props) {
    // Decided once: another component in its place would start it over.
    const [Shown] = useState<ComponentType<Props>>(() => loaded ?? Awaited);
    return (
      <Suspense>
        <Shown {...props} />
      </Suspense>
    );
  };
}

/** Loads every part while nothing else is to be done, so that a key or a click need not wait for the network. */
export function loadDeferred(): void {
  for (const load of waiting.splice(0)) {
    // One that does not come now is asked for again when it is shown.
    whenIdle(() => void load().catch(() => {}));
  }
}

/** Safari cannot tell when it is idle. */
function whenIdle(act: () => void): void {
  if ("requestIdleCallback" in window) window.requestIdleCallback(act);
  else setTimeout(act, 1_000);
}
