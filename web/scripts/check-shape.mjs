// Fails where the sources have lost their shape; part of `npm run check`.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { problemsOf } from "./shape.mjs";

const ROOTS = { "": "../src/", "@mediary/media/": "../packages/media/src/" };
const isTest = (path) => /\.test\.tsx?$|^test\/|\.gen\.ts$/.test(path);

const files = {};
for (const [name, folder] of Object.entries(ROOTS)) {
  const root = fileURLToPath(new URL(folder, import.meta.url));
  for (const found of readdirSync(root, { recursive: true })) {
    const path = found.replaceAll("\\", "/");
    if (/\.tsx?$/.test(path) && !isTest(path))
      files[name + path.replace(/\.tsx?$/, "")] = readFileSync(root + found, "utf8");
  }
}
const problems = problemsOf(files);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
