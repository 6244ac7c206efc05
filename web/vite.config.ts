import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin, type Rolldown } from "vite";

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Where `npm run dev` finds the API: the mock of this folder unless told otherwise. */
const api = process.env.MEDIARY_API ?? "http://127.0.0.1:4010";

const INBOX = /\/src\/app\/start\.tsx$/;
const TEXTS = /\/src\/texts\/(\w+)\/index\.ts$/;

/**
 * Says in the built page what its script will need, so that all of it comes in at once: the inbox, and for `first.js` the
 * sentences of each language.
 */
const preloads: Plugin = {
  name: "preloads",
  transformIndexHtml: {
    order: "post",
    handler: (html, { bundle }) => (bundle ? withPreloads(html, Object.values(bundle)) : html),
  },
};

function withPreloads(html: string, outputs: (Rolldown.OutputChunk | Rolldown.OutputAsset)[]): string {
  const chunks = outputs.filter((output) => output.type === "chunk");
  const inbox = chunks.find(({ moduleIds }) => moduleIds.some((id) => INBOX.test(id)));
  if (!inbox) throw new Error("the build has no chunk of src/app/start.tsx");
  const links = withImports(inbox.fileName, chunks)
    .filter((file) => !html.includes(`/${file}"`))
    .map((file) => `<link rel="modulepreload" crossorigin href="/${file}">`);
  const texts = chunks.flatMap(({ facadeModuleId, fileName }) => {
    const [, language] = TEXTS.exec(facadeModuleId ?? "") ?? [];
    return language ? [`data-${language}="/${fileName}"`] : [];
  });
  return html
    .replace('<script src="/first.js"', `<script src="/first.js" ${texts.join(" ")}`)
    .replace("</head>", `  ${links.join("\n    ")}\n  </head>`);
}

/** A chunk and all that it imports at once. */
function withImports(file: string, chunks: Rolldown.OutputChunk[], found: string[] = []): string[] {
  if (found.includes(file)) return found;
  const imports = chunks.find(({ fileName }) => fileName === file)?.imports ?? [];
  return imports.reduce((files, next) => withImports(next, chunks, files), [...found, file]);
}

export default defineConfig({
  plugins: [react(), tailwindcss(), preloads],
  resolve: { alias: { "@mediary/media": folder("packages/media/src"), "@": folder("src") } },
  server: { proxy: { "/api": { target: api }, "/m/": { target: api }, "/readyz": { target: api } } },
  build: {
    target: "es2024",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 650,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // What the inbox needs at once is one file, which packs better than several; what comes before it may not be in it.
            {
              name: "first",
              test: /src\/texts\.ts|src\/texts\/\w+\.ts|preload-helper|rolldown|media\/src\/numbers\.ts/,
              priority: 1,
            },
            { name: "inbox", test: INBOX },
          ],
        },
      },
    },
  },
});
