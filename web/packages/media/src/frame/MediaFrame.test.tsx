import { act, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import { media, variant } from "../test/fixtures";
import { beginCovered, serve } from "../test/viewer";
import { LargeView } from "../viewers/LargeView";
import { MediaViewer } from "../viewers/MediaViewer";
import { MediaFrame } from "./MediaFrame";
import { inShadow } from "./sheet";

const photo = media({ variants: [variant("thumb", { width: 320 }), variant("preview", { width: 1280 })] });

beginCovered();
beforeEach(() => {
  serve(() =>
    Response.json({ direction: "inbound", senderName: "Ana", timestamp: photo.createdAt, caption: null }),
  );
});

const viewer = <MediaViewer media={photo} sender="Ana" timestamp={photo.createdAt} caption={null} />;

it("what stands in a frame is in a shadow root, with the one stylesheet", () => {
  const { container } = render(
    <>
      <MediaFrame className="own">{viewer}</MediaFrame>
      <MediaFrame>{viewer}</MediaFrame>
    </>,
  );
  const [first, second] = [...container.children].map(({ shadowRoot }) => shadowRoot);
  expect(first?.querySelector("a")?.getAttribute("href")).toBe(photo.url);
  expect(first?.adoptedStyleSheets).toHaveLength(1);
  expect(first?.adoptedStyleSheets[0]).toBe(second?.adoptedStyleSheets[0]);
  expect(container.querySelector(".own a")).toBeNull();
});

it("a click on a picture opens it large where the page has a large view, and nothing where the page refuses", async () => {
  const onOpen = vi.fn().mockReturnValueOnce(false);
  render(<LargeView onOpen={onOpen}>{viewer}</LargeView>);
  const click = () => fireEvent.click(screen.getByRole("link", { name: /^Open/ }));
  act(() => void click());
  expect(screen.queryByRole("dialog")).toBeNull();
  act(() => void click());
  await waitFor(() => expect(screen.getByRole("dialog").textContent).toContain("Ana"));
  expect(onOpen).toHaveBeenCalledTimes(2);
  fireEvent.click(screen.getByRole("button", { name: "Close" }));
  expect(screen.queryByRole("dialog")).toBeNull();
});

it("Tailwind's properties have their first values also where @property counts for nothing", () => {
  const css =
    "@layer properties{@supports (((-webkit-hyphens:none)) and (not (margin-trim:block))) or (x:y){*{--tw-a:0}}}";
  expect(inShadow(css)).toBe("@layer properties{@supports (display: block) {*{--tw-a:0}}}");
});
