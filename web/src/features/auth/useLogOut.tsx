import { forgetGalleries } from "@mediary/media/gallery/store";
import { api } from "@mediary/media/server/client";
import { Button } from "@mediary/media/ui/button";
import { forgetPositions, stopAudio } from "@mediary/media/viewers/playback";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { toast } from "sonner";
import { Dialog } from "@/components/ui/dialog";
import { forgetDrafts } from "@/features/composer/drafts";
import { forgetSearch } from "@/features/search/store";
import { stopSending } from "@/features/sending/sending";
import { useOutbox } from "@/features/sending/store";
import { texts } from "@/texts";

/** Logging out, and the question that comes first where something is not sent yet; `question` has to be shown. */
export function useLogOut(): { leave: () => void; pending: boolean; question: ReactNode } {
  const client = useQueryClient();
  const navigate = useNavigate();
  const unsent = useOutbox(({ items }) => items.length);
  const [asking, setAsking] = useState(false);
  const logOut = useMutation({
    mutationFn: () => api.post("/api/auth/logout"),
    onSuccess: async () => {
      stopSending();
      forgetDrafts();
      forgetGalleries();
      forgetSearch();
      stopAudio();
      forgetPositions();
      await navigate({ to: "/login" });
      client.clear();
    },
    onError: () => toast.error(texts.toast.logoutFailed),
  });
  const question = asking && (
    <Dialog title={texts.shell.logout} onClose={() => setAsking(false)}>
      <p className="mb-4">{texts.shell.unsent(unsent)}</p>
      <div className="flex flex-wrap justify-end gap-2">
        <Button variant="soft" onClick={() => logOut.mutate()} disabled={logOut.isPending}>
          {texts.shell.logoutAnyway}
        </Button>
        <Button onClick={() => setAsking(false)}>{texts.shell.stay}</Button>
      </div>
    </Dialog>
  );
  const leave = () => (unsent > 0 ? setAsking(true) : logOut.mutate());
  return { leave, pending: logOut.isPending, question };
}
