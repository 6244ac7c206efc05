// An hour of traffic at the inbox of a demo, in Chromium, and what it holds in memory meanwhile:
// `xtask/with-demo.sh npm --prefix web run hour`, from the folder above. MINUTES makes it shorter. It fails if it grows.
import { chromium } from "@playwright/test";

const { MEDIARY_URL, MEDIARY_CONTROL, MEDIARY_EMAIL, MEDIARY_PASSWORD } = process.env;
const MINUTES = Number(process.env.MINUTES ?? 60);
const CUSTOMERS = 40;
const STEP_MS = 5_000;
/** What the last third may hold, in parts of what the second held: the first fills the caches. */
const GROWTH_MAX = 1.2;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  const context = await browser.newContext({
    baseURL: MEDIARY_URL,
    viewport: { width: 1440, height: 900 },
    locale: "en-US",
  });
  const page = await context.newPage();
  const login = {
    data: { email: MEDIARY_EMAIL, password: MEDIARY_PASSWORD },
    headers: { Origin: new URL(MEDIARY_URL).origin },
  };
  if (!(await page.request.post("/api/auth/login", login)).ok()) throw new Error("cannot log in");
  await page.goto("/");
  await page.locator("#conversations a").first().waitFor();
  const samples = await work(context, page);
  const [, second, third] = [0, 1, 2].map((part) => medianOf(thirdOf(samples, part)));
  console.log("second third", second, "last third", third);
  const grown = Object.keys(second).filter((name) => third[name] > second[name] * GROWTH_MAX);
  if (grown.length > 0) throw new Error(`grows: ${grown.join(", ")}`);
} finally {
  await browser.close();
}

/** Reads and looks at files as people do, while messages and pictures arrive; what is held is counted every minute. */
async function work(context, page) {
  const counter = await context.newCDPSession(page);
  const send = (message, count) =>
    page.request.post(`${MEDIARY_CONTROL}/flood`, {
      data: { message, count, customers: CUSTOMERS, perSecond: 1 },
    });
  const text = await send({ type: "text", text: "Is it there already?" }, MINUTES * 60);
  const image = await send({ type: "image", media: { sample: "mugs" } }, MINUTES * 60);
  if (!text.ok() || !image.ok()) throw new Error(`the simulated WhatsApp refuses: ${await image.text()}`);
  const samples = [];
  const views = [["j", "Enter"], ["i"], ["i"], ["g"], ["ArrowRight"], ["Escape"], ["Control+k"], ["Escape"]];
  for (let minute = 1; minute <= MINUTES; minute++) {
    for (let step = 0; step < 60_000 / STEP_MS; step++) {
      for (const key of views[(minute * (60_000 / STEP_MS) + step) % views.length])
        await page.keyboard.press(key);
      await page.waitForTimeout(STEP_MS);
    }
    samples.push(await held(counter));
    console.log(`minute ${minute}`, samples.at(-1));
  }
  return samples;
}

async function held(counter) {
  await counter.send("HeapProfiler.collectGarbage");
  const { usedSize } = await counter.send("Runtime.getHeapUsage");
  const { nodes, jsEventListeners } = await counter.send("Memory.getDOMCounters");
  return { heapMb: Math.round(usedSize / 1e5) / 10, nodes, listeners: jsEventListeners };
}

function thirdOf(samples, part) {
  const length = Math.floor(samples.length / 3);
  return samples.slice(part * length, (part + 1) * length);
}

function medianOf(samples) {
  const middle = (name) => samples.map((one) => one[name]).sort((a, b) => a - b)[samples.length >> 1];
  return Object.fromEntries(Object.keys(samples[0]).map((name) => [name, middle(name)]));
}
