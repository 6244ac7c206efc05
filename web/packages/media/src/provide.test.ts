import { afterEach, describe, expect, it, vi } from "vitest";
import { english } from "./english";
import { provideMedia } from "./provide";
import { absolute } from "./server/access";
import { api } from "./server/client";
import { services } from "./server/services";
import { locale, texts } from "./texts";

afterEach(() => {
  provideMedia();
  vi.unstubAllGlobals();
});

describe("what a page gives to the viewers", () => {
  it("is words of its own for some sentences, and how it writes numbers", () => {
    provideMedia({ texts: { media: { tapToView: "Mostrar" } }, locale: "es" });
    expect([texts.media.tapToView, texts.media.hide, texts.player.play]).toEqual(["Mostrar", "Hide", "Play"]);
    expect(locale).toBe("es");
    expect(english.media.tapToView).toBe("Tap to view");
  });

  it("is nothing that outlives the next call", () => {
    provideMedia({ baseUrl: "/mediary", mayAct: () => false, texts: { media: { hide: "Cover" } } });
    provideMedia();
    expect([absolute("/m"), services.mayAct(), texts.media.hide]).toEqual(["/m", true, "Hide"]);
  });

  it("is what happens when nobody lets it in any more", async () => {
    vi.stubGlobal("fetch", async () => Response.json({}, { status: 401 }));
    const onUnauthorized = vi.fn();
    provideMedia({ onUnauthorized });
    await api.get("/api/media/7").catch(() => {});
    expect(onUnauthorized).toHaveBeenCalledOnce();
  });
});
