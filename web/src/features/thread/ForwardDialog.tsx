import { Button } from "@mediary/media/ui/button";
import { PersonName } from "@mediary/media/ui/PersonName";
import { ErrorState, Reason, Skeleton } from "@mediary/media/ui/states";
import { keepPreviousData, useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Search } from "lucide-react";
import { type ReactNode, useState } from "react";
import { conversationsQuery } from "@/api/queries";
import type { Conversation } from "@/api/types";
import { Avatar } from "@/components/ui/avatar";
import { Dialog } from "@/components/ui/dialog";
import { contactName, contactPhone } from "@/features/message/contact";
import { randomId } from "@/lib/id";
import { useSearchText } from "@/lib/useSearchText";
import { texts } from "@/texts";

/** Conversations that one message goes to at once. */
const TARGETS_MAX = 20;

type ForwardDialogProps = {
  /** What is sent on. */
  words: ReactNode;
  /** `attempt` is the same as before where the same is sent on to the same conversations again. */
  forward: (conversationIds: number[], attempt: string) => Promise<unknown>;
  onDone: (count: number) => void;
  onClose: () => void;
};

/** Asks to which conversations something is sent on, and sends it there. */
export function ForwardDialog({ words, forward: send, onDone, onClose }: ForwardDialogProps) {
  const { typed, search, type } = useSearchText();
  // Kept whole: who is chosen stays so while the list shows others.
  const [chosen, setChosen] = useState<Conversation[]>([]);
  const [attempt, setAttempt] = useState(randomId);
  const forward = useMutation({
    mutationFn: () =>
      send(
        chosen.map(({ id }) => id),
        attempt,
      ),
    onSuccess: () => onDone(chosen.length),
  });
  const toggle = (conversation: Conversation) => {
    setAttempt(randomId());
    setChosen((before) => {
      const without = before.filter(({ id }) => id !== conversation.id);
      return without.length < before.length ? without : [...before, conversation].slice(0, TARGETS_MAX);
    });
  };
  return (
    <Dialog title={texts.forward.title} onClose={onClose}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (chosen.length > 0 && !forward.isPending) forward.mutate();
        }}
      >
        <p className="flex items-center gap-2 rounded-lg bg-sunken px-3 py-2 text-muted">{words}</p>
        <label className="relative block">
          <Search aria-hidden="true" className="absolute inset-y-0 start-3 my-auto size-4 text-muted" />
          <input
            type="search"
            dir="auto"
            value={typed}
            aria-label={texts.conversations.search}
            placeholder={texts.conversations.search}
            onChange={(event) => type(event.target.value)}
            className="h-10 w-full rounded-xl bg-sunken px-9.5 placeholder:text-muted"
          />
        </label>
        <Targets search={search} chosen={chosen} onToggle={toggle} />
        {forward.isError && (
          <p role="alert" className="text-danger">
            <Reason error={forward.error} />
          </p>
        )}
        <div className="flex items-center justify-between gap-3">
          <span role="status" className="min-w-0 truncate text-muted">
            {texts.forward.chosen(chosen.length, TARGETS_MAX)}
          </span>
          <Button type="submit" disabled={chosen.length === 0 || forward.isPending}>
            {forward.isPending ? texts.forward.sending : texts.forward.submit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

type TargetsProps = {
  search: string;
  chosen: Conversation[];
  onToggle: (conversation: Conversation) => void;
};

function Targets({ search, chosen, onToggle }: TargetsProps) {
  const query = useInfiniteQuery({ ...conversationsQuery(search), placeholderData: keepPreviousData });
  const found = query.data?.pages.flatMap((page) => page.items) ?? [];
  const box = "h-72 overflow-y-auto rounded-xl border border-line";
  if (query.isPending) {
    return (
      <div
        role="status"
        aria-label={texts.conversations.loading}
        className={`${box} flex flex-col gap-3 p-3`}
      >
        {[60, 45, 70, 50].map((width) => (
          <Skeleton key={width} className="h-9" style={{ width: `${width}%` }} />
        ))}
      </div>
    );
  }
  if (query.isError && found.length === 0) {
    return (
      <div className={box}>
        <ErrorState
          title={texts.conversations.failed}
          error={query.error}
          retry={() => void query.refetch()}
        />
      </div>
    );
  }
  return (
    <fieldset className={box}>
      <legend className="sr-only">{texts.forward.to}</legend>
      {found.length === 0 && <p className="p-4 text-muted">{texts.conversations.nothingFound(search)}</p>}
      {found.map((conversation) => (
        <Target
          key={conversation.id}
          conversation={conversation}
          checked={chosen.some(({ id }) => id === conversation.id)}
          onToggle={() => onToggle(conversation)}
        />
      ))}
      {query.hasNextPage && (
        <Button
          variant="plain"
          className="m-1"
          disabled={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {texts.forward.more}
        </Button>
      )}
    </fieldset>
  );
}

type TargetProps = { conversation: Conversation; checked: boolean; onToggle: () => void };

function Target({ conversation, checked, onToggle }: TargetProps) {
  const { contact } = conversation;
  const name = contactName(contact);
  const phone = contactPhone(contact);
  return (
    <label className="flex min-h-13 cursor-pointer items-center gap-3 px-3 hover:bg-hover has-focus-visible:bg-hover">
      <input
        type="checkbox"
        checked={checked}
        onChange={onToggle}
        className="size-4.5 shrink-0 accent-accent"
      />
      <Avatar name={name} id={contact.id} className="size-9 text-sm" />
      <span className="min-w-0">
        <PersonName name={name} className="block truncate font-medium" />
        {phone && phone !== name && <PersonName name={phone} className="block truncate text-muted text-xs" />}
      </span>
    </label>
  );
}
