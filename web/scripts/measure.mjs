// Measures the built inbox over the mock, in Chromium: `npm run measure`. By hand, on a machine that does nothing else.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chromium } from "@playwright/test";

const PORT = Number(process.env.PORT ?? 4090);
const ORIGIN = `http://127.0.0.1:${PORT}`;
const RUNS = Number(process.env.RUNS ?? 3);
const SCROLL_MS = 10_000;
const MESSAGES = "10000";
const FILES = "50000";
const CUSTOMERS = 20;
const THREAD = "#thread section[tabindex='0']";
const GALLERY = "dialog[open] div:has(> [role=listbox])";

const mock = spawn(process.execPath, ["dev/mock-server.mjs"], {
  env: { ...process.env, PORT: String(PORT), MOCK_THREAD: MESSAGES, MOCK_FILES: FILES },
  stdio: ["ignore", "pipe", "inherit"],
});
let browser;
try {
  await once(mock.stdout, "data");
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"],
  });
  for (let run = 1; run <= RUNS; run++) {
    console.log(`run ${run}`);
    console.log("  input to paint", await inPage(measureInput));
    console.log("  thread of 10,000", await inPage((page) => measureScroll(page, "Diego Fernández", THREAD)));
    console.log("  gallery of 50,000", await inPage((page) => measureScroll(page, "Beatriz Souza", GALLERY)));
  }
} finally {
  await browser?.close();
  mock.kill();
}

async function inPage(measure) {
  const context = await browser.newContext({ baseURL: ORIGIN, viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.request.post("/api/auth/login", {
    data: { email: "agent@example.com", password: "mediary" },
    headers: { Origin: ORIGIN },
  });
  await page.addInitScript(() => {
    window.seen = { inputs: [], tasks: [] };
    const watch = (type, put, options = {}) =>
      new PerformanceObserver((list) => list.getEntries().forEach(put)).observe({ type, ...options });
    // Shorter ones are not reported; they count as that long.
    watch("event", ({ name, duration }) => name === "keydown" && window.seen.inputs.push(duration), {
      durationThreshold: 16,
    });
    watch("longtask", ({ duration }) => window.seen.tasks.push(duration));
    // The browser counts a key until the next frame that is shown. Without a display it shows none for some keys (a letter in a field),
    // and counts them until one that some later key brings, a second on. This dot, of a pixel, gives each key a frame of its own: the
    // next one, in which all that the key has changed by then is painted as well.
    window.addEventListener("keydown", () => document.documentElement.toggleAttribute("data-dot"), true);
    window.addEventListener("DOMContentLoaded", () => {
      const style = new CSSStyleSheet();
      style.replaceSync(
        "html::after { content: ''; position: fixed; inset: 0 auto auto 0; width: 1px; height: 1px; background: #000 } html[data-dot]::after { background: #fff }",
      );
      document.adoptedStyleSheets.push(style);
    });
  });
  const result = await measure(page);
  await context.close();
  return result;
}

/** A short day: list, thread, large view, details, gallery, composer, search, palette, for each customer. */
async function measureInput(page) {
  await page.goto("/");
  await page.locator("#conversations a").first().waitFor();
  let presses = 0;
  const press = async (key) => {
    presses += 1;
    await page.keyboard.press(key);
    await page.waitForTimeout(120);
  };
  for (let customer = 0; customer < CUSTOMERS; customer++) {
    for (const key of ["j", "Enter", "i", "i", "g", "ArrowRight", "Escape", "c"]) await press(key);
    for (const letter of "Thank you") await press(letter === " " ? "Space" : letter);
    for (const key of ["Escape", "Control+k", "a", "Escape", "Control+Shift+f", "b", "Escape"])
      await press(key);
  }
  const { inputs, tasks } = await page.evaluate(() => window.seen);
  const all = [...inputs, ...Array(Math.max(0, presses - inputs.length)).fill(16)];
  return {
    presses,
    p50: share(all, 0.5),
    p95: share(all, 0.95),
    max: share(all, 1),
    longTasks: tasks.length,
  };
}

/** Scrolls a long way, and watches the frames; at rest nothing may move. */
async function measureScroll(page, name, scroller) {
  const answer = await page.request.get(`/api/conversations?search=${encodeURIComponent(name)}`);
  const [{ id }] = (await answer.json()).items;
  await page.goto(scroller === GALLERY ? `/c/${id}?gallery=true` : `/c/${id}`);
  await page.locator(scroller).waitFor();
  await page.waitForTimeout(2_000);
  const before = await bounds(page);
  const { frames, tasks } = await page.evaluate(scrollFor, [
    scroller,
    SCROLL_MS,
    scroller === THREAD ? -40 : 40,
  ]);
  await page.waitForTimeout(1_500);
  const drift = await page.evaluate(driftOf, scroller);
  const after = await bounds(page);
  return {
    frames: frames.length,
    p95: share(frames, 0.95),
    max: share(frames, 1),
    longTasksOver50: tasks.filter((duration) => duration > 50).length,
    longest: Math.round(Math.max(0, ...tasks)),
    drift,
    elements: `${before.elements} to ${after.elements}`,
    heapMb: `${before.heapMb} to ${after.heapMb}`,
  };
}

async function scrollFor([selector, duration, step]) {
  const box = document.querySelector(selector);
  window.seen.tasks.length = 0;
  const frames = [];
  const start = performance.now();
  let last = start;
  while (last - start < duration) {
    box.scrollTop += step;
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - last);
    last = now;
  }
  await new Promise((done) => setTimeout(done, 100));
  return { frames: frames.slice(1), tasks: [...window.seen.tasks] };
}

/** How far what stands in the middle moves within a second that nobody scrolls. */
async function driftOf(selector) {
  const { left, top, width, height } = document.querySelector(selector).getBoundingClientRect();
  const seen = document.elementFromPoint(left + width / 2, top + height / 2);
  const before = seen.getBoundingClientRect().top;
  await new Promise((done) => setTimeout(done, 1_000));
  return seen.isConnected ? Math.abs(seen.getBoundingClientRect().top - before) : "gone";
}

async function bounds(page) {
  const browserOf = await page.context().newCDPSession(page);
  await browserOf.send("HeapProfiler.collectGarbage");
  await browserOf.detach();
  return page.evaluate(() => ({
    elements: document.querySelectorAll("*").length,
    heapMb: Math.round(performance.memory.usedJSHeapSize / 1e6),
  }));
}

function share(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round((sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0) * 10) / 10;
}
