import { Settings } from "lucide-react";
import { expect, test } from "vitest";
import { matching } from "@/features/palette/commands";

const command = (title: string, group = "Pages") => ({
  id: title,
  title,
  group,
  icon: Settings,
  run: () => {},
});
const titles = (typed: string) =>
  matching(
    [command("Failed downloads"), command("Users"), command("Política"), command("Log out", "You")],
    typed,
  ).map(({ title }) => title);

test("all words have to occur, in any order, without case and accents", () => {
  expect(titles("DOWN fail")).toEqual(["Failed downloads"]);
  expect(titles("politica")).toEqual(["Política"]);
  expect(titles("you")).toEqual(["Log out"]);
  expect(titles("nothing")).toEqual([]);
});

test("what begins with the words comes first, and without words all are there", () => {
  expect(titles("u")[0]).toBe("Users");
  expect(titles("")).toHaveLength(4);
});
