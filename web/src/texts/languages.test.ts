import { readFileSync } from "node:fs";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { LANGUAGES, type Language } from "@/texts/language";

type Catalogue = { [key: string]: Catalogue | Leaf };
type Leaf = string | null | ((...values: never[]) => string);

const OTHERS = (Object.keys(LANGUAGES) as Language[]).filter((language) => language !== "en");

/** A language as a page of it loads it. */
async function load(language: Language): Promise<Catalogue> {
  vi.resetModules();
  document.documentElement.lang = language;
  const all = await import("@/texts");
  const ofSettings = await import("@/texts/settings");
  await all.loadTexts();
  await ofSettings.loadSettings();
  return { texts: all.texts, settings: ofSettings.settings } as unknown as Catalogue;
}

/** Each text by its path: `texts.login.title`. */
function leaves(catalogue: Catalogue, path = ""): [string, Leaf][] {
  return Object.entries(catalogue).flatMap(([key, value]): [string, Leaf][] =>
    value !== null && typeof value === "object"
      ? leaves(value, `${path}${key}.`)
      : [[`${path}${key}`, value]],
  );
}

/** What functions are called with: numbers and words at once, as every function takes either. */
const say = (text: Leaf, ...values: string[]): string =>
  typeof text === "function" ? text(...(values as never[])) : (text ?? "");

/** Keys of the keyboard are named as the keyboards are. */
const isKeyName = (path: string) => /^texts\.shortcuts\.groups\.\d+\.items\.\d+\.keys\./.test(path);

/** Names, and words that are the same in several languages. */
const SAME =
  /^(Mediary|WhatsApp|SHA-256|PDF|AWS End User Messaging|360dialog|Webhook|E-mail|Audio|Video|Videos|Sticker|Stickers|audio|video|sticker|Total|Upload|No|#)$/;

afterEach(() => {
  document.documentElement.lang = "en";
});

describe.each(OTHERS)("%s", (language) => {
  let english: Map<string, Leaf>;
  let own: Map<string, Leaf>;

  beforeAll(async () => {
    english = new Map(leaves(await load("en")));
    own = new Map(leaves(await load(language)));
  });

  /** English leaves what the server says in English to the server. */
  const ofServer = /^texts\.(error|sending)\.codes/;

  it("has each text that English has, and no other", () => {
    const named = (all: Map<string, Leaf>) => [...all.keys()].filter((path) => !ofServer.test(path)).sort();
    expect(named(own)).toEqual(named(english));
  });

  it("has words of its own for each", () => {
    const same = [...own].filter(([path, text]) => {
      if (isKeyName(path)) return false;
      const words = say(text, "5", "5", "5", "5");
      const wordless = !/\p{L}/u.test(words.replaceAll("5", ""));
      return !wordless && words === say(english.get(path) ?? "", "5", "5", "5", "5") && !SAME.test(words);
    });
    expect(same.map(([path]) => path)).toEqual([]);
  });

  it("says nothing empty, and leaves no mark of a template in what it says", () => {
    const wrong = [...own].filter(([path, text]) => {
      const words = say(text, "5", "7", "5", "7");
      return (
        words.trim() === "" ||
        /\$\{|undefined|null|NaN|\[object|#/.test(words) ||
        (ofServer.test(path) && text === null)
      );
    });
    expect(wrong.map(([path]) => path)).toEqual([]);
  });

  it("says of a number or a name whatever English says of it", () => {
    const deaf = [...english].filter(([path, text]) =>
      [0, 1, 2, 3].some((place) => {
        const values = ["5", "5", "5", "5"];
        const others = values.with(place, "7");
        const depends = (leaf: Leaf) => say(leaf, ...values) !== say(leaf, ...others);
        return depends(text) && !depends(own.get(path) ?? "");
      }),
    );
    expect(deaf.map(([path]) => path)).toEqual([]);
  });

  it("uses letters of its script", () => {
    if (language !== "ar" && language !== "hi") return;
    const script = language === "ar" ? /\p{Script=Arabic}/u : /\p{Script=Devanagari}/u;
    const foreign = [...own].filter(([path, text]) => {
      const words = say(text, "5", "7", "5", "7");
      return /\p{L}{2}/u.test(words) && !script.test(words) && !isKeyName(path) && !SAME.test(words);
    });
    expect(foreign.map(([path]) => path)).toEqual([]);
  });
});

describe("numbers", () => {
  const NUMBERS = [0, 1, 2, 5, 11, 100] as const;
  const forms = async (language: Language, path: string) => {
    const text = new Map(leaves(await load(language))).get(path);
    return NUMBERS.map((n) => (text as (n: number) => string)(n));
  };

  it.each([
    ["en", ["0 unread messages", "1 unread message", "2 unread messages", "5 unread messages"]],
    ["es", ["0 mensajes no leídos", "1 mensaje no leído", "2 mensajes no leídos", "5 mensajes no leídos"]],
    ["pt", ["0 mensagem não lida", "1 mensagem não lida", "2 mensagens não lidas", "5 mensagens não lidas"]],
    ["hi", ["0 नहीं पढ़ा गया मैसेज", "1 नहीं पढ़ा गया मैसेज", "2 नहीं पढ़े गए मैसेज", "5 नहीं पढ़े गए मैसेज"]],
  ] as const)("have the forms of %s", async (language, expected) => {
    expect((await forms(language, "texts.conversations.unread")).slice(0, 4)).toEqual(expected);
  });

  it("have six forms in Arabic", async () => {
    const kinds = await forms("ar", "texts.message.attachments");
    expect(kinds.map((words) => words.replace(/\d+/, "n"))).toEqual([
      "لا ملفات",
      "ملف واحد",
      "ملفان",
      "n ملفات",
      "n ملفًا",
      "n ملف",
    ]);
  });
});

describe("the script before the first paint", () => {
  const script = readFileSync("public/first.js", "utf8");
  const run = (languages: string[], chosen: string | null) => {
    vi.spyOn(navigator, "languages", "get").mockReturnValue(languages);
    if (chosen === null) localStorage.removeItem("mediary.language");
    else localStorage.setItem("mediary.language", chosen);
    // As a browser runs it.
    new Function(script)();
    const { lang, dir } = document.documentElement;
    document.documentElement.dir = "ltr";
    return `${lang} ${dir}`;
  };

  it("knows every language", () => {
    const [, list = ""] = /LANGUAGES = (\[.*\])/.exec(script) ?? [];
    expect(JSON.parse(list)).toEqual(Object.keys(LANGUAGES));
  });

  it.each([
    ["what was chosen goes first", ["es-MX", "en"], "hi", "hi ltr"],
    ["then the first of the browser’s that the inbox speaks", ["fr-FR", "ar-EG", "en"], null, "ar rtl"],
    ["else English", ["fr-FR", "de"], null, "en ltr"],
    ["a choice that is no language counts for nothing", ["pt-PT"], "xx", "pt ltr"],
  ])("%s", (_, languages, chosen, expected) => {
    expect(run(languages, chosen)).toBe(expected);
  });
});
