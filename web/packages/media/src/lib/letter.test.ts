import { expect, test } from "vitest";
import { letterOf } from "./letter";

test.each([
  ["a Latin letter is itself, wherever it stands", "Q", "KeyA", "q"],
  ["an Arabic one is that of its place", "ق", "KeyR", "r"],
  ["so is a Devanagari one", "म", "KeyC", "c"],
  ["a digit of another script is its number", "٠", "Digit0", "0"],
  ["the Arabic question mark asks as well", "؟", "Slash", "?"],
  ["the key of the slash leads to the search", "ظ", "Slash", "/"],
  ["names of keys stay", "ArrowLeft", "ArrowLeft", "ArrowLeft"],
])("%s", (_, key, code, letter) => {
  expect(letterOf({ key, code })).toBe(letter);
});
