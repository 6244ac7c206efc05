import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keepFocus } from "./keepFocus";

let part: HTMLElement;
let leave: (() => void) | undefined;

beforeEach(() => {
  document.body.innerHTML = `<button id="elsewhere"></button><div id="part" tabindex="-1"></div>`;
  part = document.getElementById("part") as HTMLElement;
  leave = keepFocus(part);
});
afterEach(() => leave?.());

const become = async (html: string) => {
  part.innerHTML = html;
  await new Promise((resolve) => setTimeout(resolve));
};
const focus = (id: string) => document.getElementById(id)?.focus();
const focused = () => document.activeElement?.id;

describe("a part whose inside is replaced", () => {
  it("hands the focus to what takes its place", async () => {
    await become(`<button id="retry"></button>`);
    focus("retry");
    await become(`<span></span><a id="picture" href="/x"></a>`);
    expect(focused()).toBe("picture");
  });

  it("keeps it while there is nothing to focus, and then hands it on", async () => {
    await become(`<button id="retry"></button>`);
    focus("retry");
    await become("on its way");
    expect(focused()).toBe("part");
    await become(`<button id="again"></button>`);
    expect(focused()).toBe("again");
  });

  it("passes over what only stands beside it, and what cannot be used", async () => {
    await become(`<button id="cover"></button>`);
    focus("cover");
    await become(
      `<input type="range"><span inert><button></button></span><span data-focus-aside><button></button></span><button id="pause"></button>`,
    );
    expect(focused()).toBe("pause");
  });

  it("leaves a focus alone that is elsewhere, or has gone there", async () => {
    await become(`<button id="retry"></button>`);
    focus("retry");
    focus("elsewhere");
    await become(`<button id="again"></button>`);
    expect(focused()).toBe("elsewhere");
  });
});
