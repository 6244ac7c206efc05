import { formatBytes } from "@mediary/media/lib/format";
import { Button } from "@mediary/media/ui/button";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { eraseKept, policyPreviewQuery } from "@/api/settings";
import { Confirm } from "@/components/ui/confirm";
import { Note } from "@/features/settings/parts";
import { settings as words } from "@/texts/settings";

const { media: say } = words;

/** Under `stream` nothing should be kept: offers to erase what is, from before. */
export function EraseKept({ accountId }: { accountId?: number }) {
  const client = useQueryClient();
  const preview = useQuery(policyPreviewQuery("stream", accountId));
  const [asking, setAsking] = useState(false);
  const erase = useMutation({
    mutationFn: () => eraseKept(accountId),
    onSuccess: ({ files }) => {
      setAsking(false);
      toast.success(say.erased(files));
      return client.invalidateQueries({ queryKey: policyPreviewQuery("stream", accountId).queryKey });
    },
  });
  if (!preview.data?.offersErasing) return null;
  const { stored, onlyHere } = preview.data;
  const size = formatBytes(stored.bytes);
  return (
    <Note tone="warn">
      <p>{say.eraseLead(stored.files, size)}</p>
      <Button variant="soft" className="mt-2 text-danger" onClick={() => setAsking(true)}>
        {say.erase}
      </Button>
      {asking && (
        <Confirm
          title={say.eraseTitle}
          action={say.eraseAction}
          pending={erase.isPending}
          error={erase.error}
          onConfirm={() => erase.mutate()}
          onClose={() => setAsking(false)}
        >
          <p>{say.eraseText(stored.files, size)}</p>
          {onlyHere.files > 0 && <p>{say.onlyHere(onlyHere.files)}</p>}
        </Confirm>
      )}
    </Note>
  );
}
