import { expectStatus, field, newest, openConversation, ownConversation, send } from "./sending.ts";
import { checkAccess, expect, test } from "./support.ts";

/** Chromium plays a beep into its fake microphone. */

test("a voice note is recorded, listened to, and sent", async ({ inbox }) => {
  await inbox.context().grantPermissions(["microphone"]);
  const customer = await ownConversation(inbox);
  await openConversation(inbox, customer);
  await inbox.getByRole("button", { name: "Record a voice note" }).click();
  const stop = inbox.getByRole("button", { name: "Stop recording" });
  await expect(stop).toBeFocused();
  await expect(inbox.getByRole("timer")).toHaveText("0:02");
  await checkAccess(inbox, "recording");
  await stop.press("Enter");
  const review = inbox.getByRole("group", { name: "Recorded voice note" });
  await expect(review.getByRole("button", { name: "Send" })).toBeFocused();
  await checkAccess(inbox, "review");
  await review.getByRole("button", { name: "Play" }).click();
  await expect.poll(() => review.getByRole("slider").inputValue().then(Number)).toBeGreaterThan(0.1);
  await send(inbox);
  const message = newest(inbox);
  await expect(message.getByRole("group", { name: "Voice note" })).toBeAttached();
  await expect(field(inbox)).toBeFocused();
  await expectStatus(message, "Read");
});

test("a recording that is discarded leaves nothing", async ({ inbox }) => {
  await inbox.context().grantPermissions(["microphone"]);
  const customer = await ownConversation(inbox);
  await openConversation(inbox, customer);
  await inbox.getByRole("button", { name: "Record a voice note" }).click();
  await expect(inbox.getByRole("timer")).toHaveText("0:01");
  await inbox.getByRole("button", { name: "Discard the recording" }).click();
  await expect(field(inbox)).toBeFocused();
  await expect(inbox.getByRole("group", { name: "Recorded voice note" })).toHaveCount(0);
});

test("a recording stays with its conversation", async ({ inbox }) => {
  await inbox.context().grantPermissions(["microphone"]);
  const customer = await ownConversation(inbox);
  await openConversation(inbox, customer);
  await inbox.getByRole("button", { name: "Record a voice note" }).click();
  await expect(inbox.getByRole("timer")).toHaveText("0:01");
  await inbox.keyboard.press("Escape");
  await expect(inbox).toHaveURL(/\/$/);
  await inbox.goBack();
  await expect(inbox.getByRole("group", { name: "Recorded voice note" })).toBeVisible();
});

test("a microphone that is blocked is said plainly", async ({ inbox }) => {
  await inbox.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "NotAllowedError"));
  });
  const customer = await ownConversation(inbox);
  await openConversation(inbox, customer);
  await inbox.getByRole("button", { name: "Record a voice note" }).click();
  await expect(inbox.getByRole("alert")).toContainText("The microphone is blocked.");
  await inbox.getByRole("button", { name: "Close", exact: true }).click();
  await expect(inbox.getByText("The microphone is blocked.")).toHaveCount(0);
});
