import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { expect, type Page, type TestInfo } from "@playwright/test";

/** Pixels along the side of a cell: letters blur to grey in it, panes and pictures stay. */
const CELL = 12;
/** How far a colour channel of two cells may lie apart, of 255. */
const COLOUR_DISTANCE_MAX = 24;
/** How far away the same colour may stand, in cells, as other fonts are wider or higher. */
const REACH = 1;
/** Within which time a view has to look like its reference. */
const CALM_MS = 15_000;

/** A screenshot of which each cell has become one colour. */
type Screen = { columns: number; rows: number; colours: Buffer; png: string };

/** A page, and what compares its screenshots with their references. */
export type Camera = {
  page: Page;
  /** An empty page of the same browser, which reduces them. */
  lab: Page;
  info: TestInfo;
  /** The share of cells that may differ. */
  differsMax: number;
};

/** That the page looks like its reference; `npm run screens` writes that instead. */
export async function checkScreen(camera: Camera, name: string): Promise<void> {
  const { page, info, differsMax } = camera;
  const path = info.snapshotPath(`${name}.png`);
  if (["all", "changed"].includes(info.config.updateSnapshots)) return write(camera, name, path);
  const saved = await readFile(path).catch(() => null);
  expect.soft(saved, `${name} has a reference: npm run screens takes it`).not.toBeNull();
  if (saved === null) return;
  const reference = await reduced(camera, saved, 1);
  let share = 1;
  const until = Date.now() + CALM_MS;
  do {
    const taken = await page.screenshot({ animations: "disabled" });
    share = difference(await reduced(camera, taken), reference);
    if (share > differsMax) await writeFile(await fullSize(camera, name), taken);
  } while (share > differsMax && Date.now() < until);
  expect.soft(share, `${name}: the share of it that differs from ${path}`).toBeLessThanOrEqual(differsMax);
}

/** Nothing more comes in once two in a row are alike; byte for byte they need not be. */
async function write(camera: Camera, name: string, path: string): Promise<void> {
  let taken = await camera.page.screenshot({ animations: "disabled" });
  let [before, now] = [await reduced(camera, taken), await reduced(camera, taken)];
  do {
    taken = await camera.page.screenshot({ animations: "disabled" });
    [before, now] = [now, await reduced(camera, taken)];
  } while (difference(before, now) > 0);
  await writeFile(await fullSize(camera, name), taken);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, now.png, "base64");
}

async function reduced({ lab }: Camera, taken: Buffer, cell = CELL): Promise<Screen> {
  const { colours, ...screen } = await lab.evaluate(reduce, { png: taken.toString("base64"), cell });
  return { ...screen, colours: Buffer.from(colours, "latin1") };
}

/** Where a screenshot in its full size is put, to be looked at. */
async function fullSize({ info }: Camera, name: string): Promise<string> {
  const path = info.outputPath(`${name}.png`);
  await mkdir(dirname(path), { recursive: true });
  return path;
}

/** The share of cells of either screen whose colour is nowhere near in the other. */
function difference(one: Screen, other: Screen): number {
  if (one.columns !== other.columns || one.rows !== other.rows) return 1;
  let differing = 0;
  for (let row = 0; row < one.rows; row++) {
    for (let column = 0; column < one.columns; column++)
      if (!isNear(one, other, column, row) || !isNear(other, one, column, row)) differing += 1;
  }
  return differing / (one.columns * one.rows);
}

function isNear(one: Screen, other: Screen, column: number, row: number): boolean {
  const at = (row * one.columns + column) * 3;
  for (let y = Math.max(0, row - REACH); y <= Math.min(one.rows - 1, row + REACH); y++) {
    for (let x = Math.max(0, column - REACH); x <= Math.min(one.columns - 1, column + REACH); x++) {
      const there = (y * one.columns + x) * 3;
      const far = [0, 1, 2].some(
        (channel) =>
          Math.abs((one.colours[at + channel] ?? 0) - (other.colours[there + channel] ?? 0)) >
          COLOUR_DISTANCE_MAX,
      );
      if (!far) return true;
    }
  }
  return false;
}

/** Runs in the browser. Takes the mean colour of each cell, and draws a picture of one pixel for each. */
async function reduce({ png, cell }: { png: string; cell: number }) {
  const picture = new Image();
  picture.src = `data:image/png;base64,${png}`;
  await picture.decode();
  const draw = (width: number, height: number) => {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("there is no canvas");
    return { canvas, context };
  };
  const { width, height } = picture;
  const full = draw(width, height).context;
  full.drawImage(picture, 0, 0);
  const { data } = full.getImageData(0, 0, width, height);
  const [columns, rows] = [Math.ceil(width / cell), Math.ceil(height / cell)];
  const sums = new Float64Array(columns * rows * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = (Math.floor(y / cell) * columns + Math.floor(x / cell)) * 4;
      for (let channel = 0; channel < 4; channel++)
        sums[to + channel] = (sums[to + channel] ?? 0) + (data[(y * width + x) * 4 + channel] ?? 0);
    }
  }
  const small = draw(columns, rows);
  const means = small.context.createImageData(columns, rows);
  // Screenshots have no transparency: the sum of a cell's opacity counts its pixels.
  for (let at = 0; at < sums.length; at++)
    means.data[at] = Math.round(((sums[at] ?? 0) / (sums[at | 3] ?? 1)) * 255);
  small.context.putImageData(means, 0, 0);
  // One letter for each byte, as a list of numbers takes long to come out of the browser.
  const colours = String.fromCharCode(...means.data.filter((_, at) => at % 4 !== 3));
  return { columns, rows, colours, png: small.canvas.toDataURL("image/png").split(",")[1] ?? "" };
}
