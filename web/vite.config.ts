import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Where `npm run dev` finds the API: the mock of this folder unless told otherwise. */
const api = process.env.MEDIARY_API ?? "http://127.0.0.1:4010";

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@mediary/media": folder("packages/media/src"), "@": folder("src") } },
  server: { proxy: { "/api": { target: api }, "/m/": { target: api }, "/readyz": { target: api } } },
  build: { target: "es2024", assetsInlineLimit: 0, chunkSizeWarningLimit: 650 },
});
