import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { FileDetails } from "@/features/details/FileDetails";
import { media } from "@/test/fixtures";
import { beginCovered, inInbox, serve } from "@/test/viewer";

beginCovered();

it("details say what is wrong with a file, what may not play, and who is on a contact card", async () => {
  const file = media({
    messageId: 71,
    names: ["Ana Silva", "Ben Okri"],
    unplayable: "HEVC",
    variantsError: "ffmpeg cannot read its pictures",
    thumbhash: null,
  });
  serve(() => Response.json(file));
  render(inInbox(<FileDetails messageId={71} part={0} />));
  const value = async (name: string) => (await screen.findByText(name)).nextElementSibling?.textContent;
  expect(await value("People")).toBe("Ana Silva, Ben Okri");
  expect(await value("May not play")).toBe("HEVC");
  expect(await value("Problem")).toBe("Ffmpeg cannot read its pictures.");
  expect(screen.getByRole("link", { name: /^Open Photo, / })).toBeTruthy();
});
