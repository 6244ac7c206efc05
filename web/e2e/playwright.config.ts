import { defineConfig } from "@playwright/test";

/** Runs against a server that is already there: the mock, or Mediary itself with its demo data. */
export default defineConfig({
  testDir: ".",
  outputDir: "results",
  snapshotPathTemplate: "{testDir}/screens/{arg}{ext}",
  timeout: 30_000,
  expect: { timeout: 7_000 },
  workers: 1,
  // Says at its end what failed and how, where the end of a long log is all that is kept.
  reporter: "list",
  use: {
    baseURL: process.env.MEDIARY_URL ?? "http://127.0.0.1:4010",
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
      // Where no locale is set, Chromium calls a file with letters beyond ASCII `download`.
      env: { ...(process.env as Record<string, string>), LC_ALL: "C.UTF-8" },
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--use-fake-device-for-media-stream",
      ],
    },
    screenshot: "only-on-failure",
  },
});
