import { beforeEach, expect, it } from "vitest";
import { media } from "../test/fixtures";
import { ARCHIVE_MAX } from "./list";
import {
  changeFilter,
  changeSort,
  forgetGalleries,
  galleryOf,
  keepPlace,
  openAt,
  placeOf,
  selectAll,
  selectTo,
  toggle,
} from "./store";

const files = Array.from({ length: ARCHIVE_MAX + 20 }, (_, id) => media({ id }));
const [first, second, third, fourth] = files as [
  (typeof files)[0],
  (typeof files)[0],
  (typeof files)[0],
  (typeof files)[0],
];
const selected = () => [...galleryOf(1).selected.keys()];

beforeEach(forgetGalleries);

it("a file is selected and no longer", () => {
  toggle(1, second);
  toggle(1, third);
  toggle(1, second);
  expect(selected()).toEqual([third.id]);
});

it("a range reaches from the file that was selected last, either way, and keeps its beginning", () => {
  toggle(1, second);
  selectTo(1, files, fourth);
  expect(selected()).toEqual([1, 2, 3]);
  selectTo(1, files, first);
  expect(selected().sort()).toEqual([0, 1, 2, 3]);
});

it("no more are selected than fit in one zip, and that is told", () => {
  expect(selectAll(1, files)).toBe(false);
  expect(selected()).toHaveLength(ARCHIVE_MAX);
  expect(toggle(1, media({ id: 9_999 }))).toBe(false);
  expect(selected()).toHaveLength(ARCHIVE_MAX);
  expect(toggle(1, first)).toBe(true);
  expect(selected()).toHaveLength(ARCHIVE_MAX - 1);
});

it("another filter begins at the beginning, with nothing selected that is not in its list", () => {
  toggle(1, first);
  openAt(1, "2026-01-01T00:00:00Z");
  keepPlace(1, { fileId: 4, offset: 12 });
  changeFilter(1, { types: ["image"] });
  expect(galleryOf(1)).toMatchObject({ start: null, cursor: null, filter: { types: ["image"], words: "" } });
  expect(selected()).toEqual([]);
  expect(placeOf(1)).toBeUndefined();
});

it("a column sorts by itself, and a second time the other way round", () => {
  changeSort(1, "size");
  expect(galleryOf(1)).toMatchObject({ sort: "size", order: "desc" });
  changeSort(1, "size");
  expect(galleryOf(1)).toMatchObject({ sort: "size", order: "asc" });
  changeSort(1, "name");
  expect(galleryOf(1)).toMatchObject({ sort: "name", order: "asc" });
});

it("galleries do not know of each other, and only a few are remembered", () => {
  toggle(1, first);
  for (let scope = 2; scope < 12; scope++) toggle(scope, second);
  expect(selected()).toEqual([]);
  expect([...galleryOf(11).selected.keys()]).toEqual([second.id]);
});
