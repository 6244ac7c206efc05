import { expect, test } from "vitest";
import { scriptOf } from "@/app/version";

test("a page is known by the script that it starts with", () => {
  const page = `<head><script src="/first.js"></script><script type="module" crossorigin src="/assets/index-a1.js"></script></head>`;
  expect(scriptOf(page)).toBe("/assets/index-a1.js");
  expect(scriptOf("<html>Bad gateway</html>")).toBeNull();
});
