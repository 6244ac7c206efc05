import { fireEvent, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { provideServices } from "../server/services";
import { media, variant } from "../test/fixtures";
import { beginCovered, problem, serve, show } from "../test/viewer";
import { documentKind } from "./documentKind";
import { audioElement } from "./playback";

beginCovered();

const officeXml = "application/vnd.openxmlformats-officedocument.";

describe("kind of a document", () => {
  it.each([
    ["application/pdf", "PDF"],
    ["application/msword", "Word document"],
    [`${officeXml}wordprocessingml.document`, "Word document"],
    [`${officeXml}spreadsheetml.sheet`, "Excel workbook"],
    ["application/vnd.ms-excel.sheet.macroEnabled.12", "Excel workbook"],
    [`${officeXml}presentationml.presentation`, "PowerPoint presentation"],
    ["application/vnd.oasis.opendocument.spreadsheet", "Spreadsheet"],
    ["application/zip", "Archive"],
    ["text/plain; charset=utf-8", "Text"],
    ["text/vcard", "Contact card"],
    ["image/tiff", "Picture"],
    ["application/x-never-heard-of", "Document"],
  ])("is told by its type: %s", (mimeType, label) => {
    expect(documentKind(media({ mimeType })).label).toBe(label);
  });

  it("is that of its bytes, whatever it is called and declared as", () => {
    const file = media({
      fileName: "invoice.pdf",
      mimeType: "application/pdf",
      detectedMimeType: "application/vnd.microsoft.portable-executable",
    });
    expect(documentKind(file).label).toBe("Program");
  });
});

describe("document in the thread", () => {
  const offer = media({
    fileType: "document",
    mimeType: "application/pdf",
    fileName: "Offer.pdf",
    pages: 12,
    variants: [variant("preview", { width: 905 })],
  });
  const page = () => document.querySelector('img[src="/v/preview"]');

  it("shows the first page of a PDF and how many there are, and opens with a click on either", () => {
    show(offer);
    expect(screen.getByText("2.4 MB · PDF · 12 pages")).toBeTruthy();
    expect(page()?.closest("a")?.getAttribute("aria-label")).toBe("Open Offer.pdf");
  });

  it("says nothing of pages where they are not known", () => {
    show({ ...offer, pages: null });
    expect(screen.getByText("2.4 MB · PDF")).toBeTruthy();
  });

  it("names the people on a contact card, the first three of many", () => {
    const card = media({ fileType: "document", mimeType: "text/vcard", fileName: "team.vcf" });
    show({ ...card, names: ["Ana Silva"] });
    expect(screen.getByText("Ana Silva")).toBeTruthy();
    show({ ...card, id: 2, names: ["Ana Silva", "Ben Okri", "Chen Wei", "Dora Maar", "Eve Arden"] });
    expect(screen.getByText("Ana Silva, Ben Okri, Chen Wei, 2 more")).toBeTruthy();
  });

  it("keeps its name and its place where its page fails", () => {
    show(offer);
    const place = page()?.parentElement;
    serve(problem({ code: "unavailable", retryable: true }));
    fireEvent.error(page() as Element);
    expect(page()).toBeNull();
    expect(place?.isConnected && place.getAttribute("style")).toContain("height: 150px");
    expect(screen.getByRole("link", { name: "Open Offer.pdf" })).toBeTruthy();
    expect(screen.getByRole("link", { name: "Download Offer.pdf" })).toBeTruthy();
  });

  it("says why it has no page, in place of an empty one", async () => {
    const locked = { ...offer, pages: null, variants: [] };
    show({ ...locked, variantsError: "the PDF is encrypted" });
    expect(screen.getByText("The PDF is encrypted.")).toBeTruthy();
    expect(document.querySelector("img")).toBeNull();
    serve(problem({ code: "not_found", detail: "the PDF has no pages", retryable: false }, 404));
    show({ ...locked, id: 8 });
    fireEvent.error(document.querySelector("img") as Element);
    expect(await screen.findByText("The PDF has no pages.")).toBeTruthy();
  });

  it("that is a picture shows it, and opens large with a click", () => {
    const variants = [variant("thumb", { width: 320 })];
    show({ ...offer, fileName: "IMG_1.heic", mimeType: "image/heic", pages: null, variants });
    const small = document.querySelector('img[src="/v/thumb"]');
    const link = small?.closest("a");
    expect(link?.getAttribute("aria-label")).toBe("Open IMG_1.heic");
    const opened = vi.fn();
    provideServices({ openLarge: opened });
    const left: boolean[] = [];
    const follow = (event: Event) => {
      left.push(!event.defaultPrevented);
      event.preventDefault();
    };
    document.addEventListener("click", follow);
    fireEvent.click(link as Element);
    fireEvent.click(link as Element, { ctrlKey: true });
    document.removeEventListener("click", follow);
    provideServices({});
    expect(left, "left to the browser").toEqual([false, true]);
    expect(opened).toHaveBeenCalledOnce();
    expect(screen.getByRole("link", { name: "Download IMG_1.heic" })).toBeTruthy();
  });

  it("that is a video shows its poster and plays with a click, its name and its download beside it", () => {
    vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
    const video = { ...offer, fileName: "clip.mov", mimeType: "video/quicktime", pages: null, variants: [] };
    const { become } = show(video);
    expect(document.querySelector("img")).toBeNull();
    become({ variants: [variant("poster"), variant("playable")] });
    expect(document.querySelector('img[src="/v/poster"]')).not.toBeNull();
    fireEvent.click(screen.getByRole("link", { name: "Play clip.mov" }));
    expect(document.querySelector("video")?.getAttribute("src")).toBe("/v/playable");
    expect(screen.getByText("clip.mov")).toBeTruthy();
    expect(screen.getByRole("link", { name: "Download clip.mov" })).toBeTruthy();
  });

  it("that is a recording plays with a click", () => {
    vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
    const song = { ...offer, fileName: "song.mp3", mimeType: "audio/mpeg", pages: null, variants: [] };
    show(song);
    fireEvent.click(screen.getByRole("link", { name: "Play song.mp3" }));
    expect(audioElement().getAttribute("src")).toBe(song.url);
    expect(screen.getByRole("slider", { name: "Position" })).toBeTruthy();
    expect(screen.getByRole("link", { name: "Download song.mp3" })).toBeTruthy();
  });

  it("has no page where it is no PDF", () => {
    show({ ...offer, mimeType: "text/csv", pages: null, variants: [] });
    expect(document.querySelector("img")).toBeNull();
    expect(screen.getByText("2.4 MB · Table")).toBeTruthy();
  });
});
