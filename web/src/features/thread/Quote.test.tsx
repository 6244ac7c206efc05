import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { Quote } from "@/features/thread/Quote";
import { media, message, variant } from "@/test/fixtures";
import { beginCovered, inInbox, serve, stream } from "@/test/viewer";

beginCovered();

it.each([
  ["a stored photo by its small picture", 21, media({ variants: [variant("thumb")] }), ["/v/thumb"]],
  ["a file that nobody asked to see by words alone", 22, media(stream), []],
])("quote shows %s", async (_, id, file, pictures) => {
  serve(() => Response.json(message(id, { type: "image", text: null, caption: "Mugs", media: file })));
  render(inInbox(<Quote messageId={id} />));
  await screen.findByText("Mugs");
  expect([...document.querySelectorAll("img")].map((image) => image.getAttribute("src"))).toEqual(pictures);
});

it("an answer to a message that never came here says so, and asks nobody", () => {
  const asked = serve(() => Response.json({}, { status: 404 }));
  render(inInbox(<Quote messageId={null} />));
  expect(screen.getByText("Original message is not available")).toBeTruthy();
  expect(asked).not.toHaveBeenCalled();
});
