import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { BubbleHeading } from "@/features/thread/BubbleFrame";
import { message } from "@/test/fixtures";

it.each([
  ["once", { forwarded: true }, "Forwarded"],
  ["many times", { forwarded: true, frequentlyForwarded: true }, "Forwarded many times"],
])("a message that was forwarded %s says so", (_, fields, words) => {
  render(<BubbleHeading message={message(1, fields)} sender={null} />);
  expect(screen.getByText(/Forwarded/).textContent).toBe(words);
});
