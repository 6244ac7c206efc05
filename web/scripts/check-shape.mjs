// Fails where the sources have lost their shape; part of `npm run check`.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { problemsOf } from "./shape.mjs";

const SRC = fileURLToPath(new URL("../src/", import.meta.url));
const isTest = (path) => /\.test\.tsx?$|^test\/|\.gen\.ts$/.test(path);

const files = {};
for (const path of readdirSync(SRC, { recursive: true })) {
  const name = path.replaceAll("\\", "/");
  if (/\.tsx?$/.test(name) && !isTest(name))
    files[name.replace(/\.tsx?$/, "")] = readFileSync(SRC + path, "utf8");
}
const problems = problemsOf(files);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
