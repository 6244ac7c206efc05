import { describe, expect, it } from "vitest";
import { EFFECTS_MAX, problemsOf } from "../../scripts/shape.mjs";

const importing = (...paths: string[]) => paths.map((path) => `import { x } from "@/${path}";`).join("\n");

describe("the shape of the sources", () => {
  it("is kept by imports that lead down, or stay in their room", () => {
    const files = {
      "app/router": importing("features/thread/Thread", "lib/format"),
      "features/thread/Thread": importing("features/thread/rows", "api/types", "texts"),
    };
    expect(problemsOf(files)).toEqual([]);
  });

  it("is kept by a package that knows nothing of the inbox", () => {
    const files = {
      "features/thread/rows": 'import { x } from "@mediary/media/viewers/state";',
      "@mediary/media/viewers/state": 'import { x } from "../lib/format";\nimport { y } from "./box";',
    };
    expect(problemsOf(files)).toEqual([]);
  });

  it.each([
    ["leads up", { "lib/format": importing("features/media/box") }, /stands above/],
    [
      "leads from a room into a higher one",
      { "features/media/box": importing("features/thread/rows") },
      /above/,
    ],
    ["leads out of the package", { "@mediary/media/index": importing("lib/id") }, /above/],
    [
      "leads up in the package",
      { "@mediary/media/viewers/x": 'import { x } from "../gallery/store";' },
      /above/,
    ],
    [
      "leads out of the package by its folders",
      { "@mediary/media/viewers/x": 'import { x } from "../../../src/lib/id";' },
      /above/,
    ],
    [
      "goes round in the package",
      { "@mediary/media/lib/a": 'import "./b";', "@mediary/media/lib/b": 'import { a } from "./a";' },
      /^a circle/,
    ],
    ["has no room", { "stores/x": "" }, /no room/],
    [
      "comes back, even for a type alone",
      { "lib/a": importing("lib/b"), "lib/b": 'import type { A } from "@/lib/a";' },
      /^a circle of imports: lib\/a → lib\/b → lib\/a$/,
    ],
  ])("is lost by an import that %s", (_, files, problem) => {
    expect(problemsOf(files)).toEqual([expect.stringMatching(problem)]);
  });

  it("is lost by one effect too many, whatever its kind", () => {
    const some = "useEffect(() => {});\n".repeat(EFFECTS_MAX - 1);
    expect(problemsOf({ "lib/a": `${some}useLayoutEffect(() => {});` })).toEqual([]);
    expect(
      problemsOf({ "lib/a": `${some}useEffect(() => {});`, "lib/b": "useLayoutEffect(() => {});" }),
    ).toEqual([expect.stringMatching(/effects, at most/)]);
  });
});
