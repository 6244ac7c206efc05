// Ends the imports in the types of the package as Node.js wants them ("./x.js"): our sources leave that out. Part of `npm run package`.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const TYPES = fileURLToPath(new URL("../packages/media/dist/types/", import.meta.url));
const RELATIVE = /(from|import\()(\s*)"(\.{1,2}\/[^"]+?)(\.js)?"/g;

for (const path of readdirSync(TYPES, { recursive: true })) {
  if (!path.endsWith(".d.ts")) continue;
  const text = readFileSync(TYPES + path, "utf8");
  writeFileSync(TYPES + path, text.replace(RELATIVE, '$1$2"$3.js"'));
}
