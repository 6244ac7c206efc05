import { toast } from "sonner";
import { expect, it, vi } from "vitest";
import { reportDownload, watchDownload } from "@/features/media/watched";
import { useAnnouncements } from "@/lib/announce";
import { downloadError, media } from "@/test/fixtures";

it("what becomes of a download that somebody started is told, each time it fails and when it is there", () => {
  const [failed, succeeded] = [vi.spyOn(toast, "error"), vi.spyOn(toast, "success")];
  const heard = () => useAnnouncements.getState().assertive.length;
  const planned = downloadError({ nextAttemptAt: "2126-01-01T00:00:00Z" });
  reportDownload(media({ downloadStatus: "failed", lastError: planned }));
  expect(failed).not.toHaveBeenCalled();
  watchDownload(7);
  reportDownload(media({ downloadStatus: "failed", lastError: planned }));
  expect([failed.mock.calls.length, heard()]).toEqual([1, 1]);
  reportDownload(media());
  expect(succeeded).toHaveBeenCalledOnce();
  reportDownload(media());
  expect(succeeded).toHaveBeenCalledOnce();
});
