// What the sources of the inbox and of its package have to keep: imports lead one way, no circles, and few effects.

/** From the bottom to the top: each room may import what stands before it, and itself. */
export const ROOMS = [
  "@mediary/media/styles",
  "@mediary/media/schema.gen",
  "@mediary/media/types",
  "@mediary/media/numbers",
  "@mediary/media/english",
  "@mediary/media/texts",
  "@mediary/media/lib",
  "@mediary/media/server",
  "@mediary/media/ui",
  "@mediary/media/viewers",
  "@mediary/media/gallery",
  "@mediary/media/hooks",
  "@mediary/media/provide",
  "@mediary/media/MediaryProvider",
  "@mediary/media/frame",
  "@mediary/media/elements",
  "@mediary/media/index",
  "texts",
  "lib",
  "api",
  "live",
  "components",
  "features/message",
  "features/media",
  "features/sending",
  "features/composer",
  "features/conversations",
  "features/thread",
  "features/gallery",
  "features/search",
  "features/details",
  "features/auth",
  "features/settings",
  "features/palette",
  "app",
  "main",
];

/** Effects of the whole inbox and the package, tests apart. Each is for something outside of React. */
export const EFFECTS_MAX = 10;

const IMPORT = /(?:from|import)\s*\(?\s*"(@\/|@mediary\/media\/|\.{1,2}\/)([^"]+)"/g;
const EFFECT = /\buse(?:Layout|Insertion)?Effect\(/g;

/**
 * What is wrong with the files, by their paths under `src` without their endings, those of the package under `@mediary/media`; a sentence for
 * each.
 */
export function problemsOf(files) {
  const imports = new Map(
    Object.entries(files).map(([path, text]) => [
      path,
      [...text.matchAll(IMPORT)].map(([, start, to]) => pathOf(path, start, to)),
    ]),
  );
  return [...wrongWay(imports), ...circles(imports), ...tooManyEffects(files)];
}

const isOfPackage = (path) => path.startsWith("@mediary/media/");

/** Within the package imports are relative, as others build it without our aliases. */
function pathOf(from, start, to) {
  if (start === "@/") return to;
  if (!start.startsWith(".")) return start + to;
  return new URL(start + to, `http://src/${from}`).pathname.slice(1);
}

function roomOf(path) {
  return ROOMS.findIndex((room) => path === room || path.startsWith(`${room}/`));
}

function wrongWay(imports) {
  const problems = [];
  for (const [from, targets] of imports) {
    if (roomOf(from) === -1) problems.push(`${from} stands in no room; scripts/shape.mjs lists them`);
    for (const to of targets) {
      if (to.startsWith("styles")) continue;
      // The package is built alone: it has nothing but itself.
      const leaves = isOfPackage(from) && !isOfPackage(to);
      if (leaves || roomOf(to) > roomOf(from)) problems.push(`${from} imports ${to}, which stands above it`);
    }
  }
  return problems;
}

/** Also those of types alone: two files that need each other are one. */
function circles(imports) {
  const problems = [];
  const done = new Set();
  const visit = (path, trail) => {
    const at = trail.indexOf(path);
    if (at !== -1) {
      problems.push(`a circle of imports: ${[...trail.slice(at), path].join(" → ")}`);
      return;
    }
    if (done.has(path)) return;
    for (const to of imports.get(path) ?? []) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return problems;
}

function tooManyEffects(files) {
  const counts = Object.entries(files).map(([path, text]) => [path, [...text.matchAll(EFFECT)].length]);
  const used = counts.filter(([, count]) => count > 0);
  const sum = used.reduce((total, [, count]) => total + count, 0);
  if (sum <= EFFECTS_MAX) return [];
  const list = used.map(([path, count]) => `${path} ${count}`).join(", ");
  return [
    `${sum} effects, at most ${EFFECTS_MAX} (what happens in an event belongs into its handler): ${list}`,
  ];
}
