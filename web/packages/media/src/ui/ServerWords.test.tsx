import { render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { english } from "../english";
import { ApiError } from "../server/client";
import { provideTexts } from "../texts";
import { Reason } from "./states";

const spanish = {
  ...english,
  error: { ...english.error, serverSays: "El servidor dice:", codes: { media_deleted: "Se eliminó." } },
};
const conflict = new ApiError({
  status: 409,
  code: "conflict",
  title: "Conflict",
  detail: "the name is taken",
});

afterEach(() => provideTexts(english));

it("the server's own sentence is marked as English on a page of another language, and led in by that", () => {
  provideTexts(spanish);
  const { container } = render(<Reason error={conflict} />);
  const sentence = screen.getByText("The name is taken.");
  expect([sentence.lang, sentence.dir]).toEqual(["en", "ltr"]);
  expect(container.textContent).toBe("El servidor dice: The name is taken.");
});

it("a code that the page has words for is said in those alone", () => {
  provideTexts(spanish);
  const { container } = render(
    <Reason
      error={new ApiError({ status: 410, code: "media_deleted", title: "Gone", detail: "it is gone" })}
    />,
  );
  expect(container.textContent).toBe("Se eliminó.");
});

it("an English page says the sentence as it is", () => {
  const { container } = render(<Reason error={conflict} />);
  expect(container.textContent).toBe("The name is taken.");
});
