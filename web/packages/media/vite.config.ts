import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type UserConfig } from "vite";
import { dependencies, peerDependencies } from "./package.json" with { type: "json" };

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** What a user of the React components has by themselves. */
const theirs = Object.keys({ ...dependencies, ...peerDependencies });
const isTheirs = (id: string) => theirs.some((name) => id === name || id.startsWith(`${name}/`));

/** A module for each of ours, so that bundlers leave out what is not used. */
const components: UserConfig["build"] = {
  lib: { entry: path("src/index.ts"), formats: ["es"] },
  rollupOptions: {
    external: isTheirs,
    output: { preserveModules: true, preserveModulesRoot: path("src"), entryFileNames: "[name].js" },
  },
  minify: false,
};

/** One module with everything in it, for a page that builds nothing. */
const elements: UserConfig["build"] = {
  lib: { entry: path("src/elements/index.ts"), formats: ["es"], fileName: () => "elements.js" },
  rollupOptions: { output: { minify: true } },
  emptyOutDir: false,
};

/** Those that know `light-dark()`: what stands in for it elsewhere does not reach into a shadow root. */
const BROWSERS = ["chrome123", "edge123", "firefox128", "safari17.5"];

export default defineConfig(({ mode }) => ({
  root: path("."),
  publicDir: false,
  plugins: [react(), tailwindcss()],
  define: { "process.env.NODE_ENV": JSON.stringify("production") },
  build: {
    target: "es2024",
    cssTarget: BROWSERS,
    outDir: path("dist"),
    ...(mode === "elements" ? elements : components),
  },
}));
