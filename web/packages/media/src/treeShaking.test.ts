import { resolve } from "node:path";
import react from "@vitejs/plugin-react";
import { build, type Rolldown } from "vite";
import { expect, it } from "vitest";
import { dependencies, peerDependencies } from "../package.json";

const ROOT = resolve("packages/media");
const theirs = Object.keys({ ...dependencies, ...peerDependencies });

/** What a bundler keeps for a page that takes these names from the package. */
async function bundled(names: string): Promise<string> {
  const entry = {
    name: "entry",
    enforce: "pre" as const,
    resolveId: (id: string) => (id.endsWith("/entry") ? "\0entry" : null),
    load: (id: string) => (id === "\0entry" ? `export { ${names} } from "${ROOT}/src/index.ts";` : null),
  };
  const built = (await build({
    configFile: false,
    root: ROOT,
    logLevel: "silent",
    plugins: [react(), entry],
    build: {
      write: false,
      minify: false,
      lib: { entry: "entry", formats: ["es"] },
      rolldownOptions: { external: (id) => theirs.some((name) => id === name || id.startsWith(`${name}/`)) },
    },
  })) as Rolldown.RolldownOutput[];
  return built.flatMap(({ output }) => output.map((part) => (part.type === "chunk" ? part.code : ""))).join();
}

it("a page that takes one viewer gets no gallery, no stylesheet and no sentences that it has itself", async () => {
  const viewer = await bundled("FileDownloadButton");
  expect(viewer).toContain('"data-act": "download"');
  for (const other of ["useVirtualizer", "attachShadow", "requestFullscreen", "Failed to load media"])
    expect(viewer).not.toContain(other);
  expect(await bundled("MediaGallery, MediaFrame, provideMedia")).toContain("useVirtualizer");
});
