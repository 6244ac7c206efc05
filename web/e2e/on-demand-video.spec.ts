import { covered, files, open, record, secondsPlayed } from "./on-demand.ts";
import { arm, expect, isMock, test, upstream } from "./support.ts";

test.skip(isMock);

const VIDEO_BYTES = 308_414;

for (const policy of ["stream", "on_view"] as const) {
  test(`a slow video under ${policy} plays before it is here, and moves`, async ({ inbox }) => {
    const { message, id } = await open(inbox, policy, files.video);
    const repair = await arm(inbox, { kind: "slow", mediaId: id, bytesPerSecond: 40_000 });
    await covered(message).click();
    const video = message.locator("video");
    await expect.poll(() => video.evaluate(secondsPlayed), { timeout: 15_000 }).toBeGreaterThan(0.3);
    expect((await upstream(inbox, id)).bytesSent).toBeLessThan(VIDEO_BYTES);
    await repair();
    await message.getByRole("slider", { name: "Position" }).focus();
    await inbox.keyboard.press("ArrowRight");
    await expect.poll(() => video.evaluate(secondsPlayed), { timeout: 15_000 }).toBeGreaterThan(4.9);
  });
}

test("a video that becomes stored while it plays continues where it is", async ({ inbox }) => {
  const { media, message, id } = await open(inbox, "on_view", files.video);
  const repair = await arm(inbox, { kind: "slow", mediaId: id, bytesPerSecond: 60_000 });
  await covered(message).click();
  const video = message.locator("video");
  await expect.poll(() => video.evaluate(secondsPlayed), { timeout: 15_000 }).toBeGreaterThan(0.3);
  expect((await upstream(inbox, id)).bytesSent).toBeLessThan(VIDEO_BYTES);
  await message.getByRole("button", { name: "Pause" }).click();
  const state = () =>
    video.evaluate((element: HTMLVideoElement) => [element.currentTime, element.src, element.dataset.same]);
  await video.evaluate((element) => element.setAttribute("data-same", "yes"));
  const before = await state();
  // The inbox asks for the record again when it is told that the file is stored.
  await inbox.waitForResponse((response) => response.url().endsWith(`/api/media/${media.id}`));
  expect((await record(inbox, media)).downloadStatus).toBe("completed");
  expect(await state()).toEqual(before);
  await message.getByRole("button", { name: "Play" }).click();
  await expect.poll(() => video.evaluate(secondsPlayed)).toBeGreaterThan(Number(before[0]));
  await repair();
});
