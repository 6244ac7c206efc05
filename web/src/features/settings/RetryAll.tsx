import { Button } from "@mediary/media/ui/button";
import { Spinner } from "@mediary/media/ui/spinner";
import { Reason } from "@mediary/media/ui/states";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { RotateCw } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { retryAllDownloads, settingsKeys } from "@/api/settings";
import { Dialog } from "@/components/ui/dialog";
import { Note } from "@/features/settings/parts";
import { settings as words } from "@/texts/settings";

const { failures: say } = words;

/** Queues every failed download again that a retry can help. */
export function RetryAll() {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const retry = useMutation({
    mutationFn: retryAllDownloads,
    onSuccess: async ({ retried, succeeded, failed }) => {
      setAsking(false);
      toast.success(say.outcome(retried, succeeded, failed));
      await client.invalidateQueries({ queryKey: settingsKeys.failures });
    },
  });
  return (
    <>
      <Button variant="soft" onClick={() => setAsking(true)}>
        <RotateCw aria-hidden="true" className="size-4" />
        {say.retryAll}
      </Button>
      {asking && (
        <Dialog title={say.retryAllTitle} onClose={() => setAsking(false)}>
          <p className="text-muted">{say.retryAllText}</p>
          {retry.isError && (
            <div className="mt-3">
              <Note tone="bad" role="alert">
                <Reason error={retry.error} />
              </Note>
            </div>
          )}
          <div className="mt-5 flex justify-end gap-2">
            <Button variant="soft" onClick={() => setAsking(false)}>
              {words.cancel}
            </Button>
            <Button disabled={retry.isPending} onClick={() => retry.mutate()}>
              {retry.isPending && <Spinner className="size-4" />}
              {retry.isPending ? say.retryingAll : say.retryAll}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
