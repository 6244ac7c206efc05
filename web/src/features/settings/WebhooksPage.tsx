import { plainName } from "@mediary/media/lib/bidi";
import { useNow } from "@mediary/media/lib/clock";
import { formatAgo, formatMoment } from "@mediary/media/lib/format";
import { Button } from "@mediary/media/ui/button";
import { ServerWords } from "@mediary/media/ui/ServerWords";
import { Spinner } from "@mediary/media/ui/spinner";
import { EmptyState, ErrorState, Reason } from "@mediary/media/ui/states";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleCheck } from "lucide-react";
import { toast } from "sonner";
import { useHasRole } from "@/api/roles";
import { accountsQuery, retryWebhookEvent, settingsKeys, webhookEventsQuery } from "@/api/settings";
import type { WebhookEvent } from "@/api/types";
import { More, Panel, RowsLoading } from "@/features/settings/parts";
import { SettingsPage } from "@/features/settings/SettingsPage";
import { settings as words } from "@/texts/settings";

const { webhooks: say } = words;

export function WebhooksPage() {
  const isAdmin = useHasRole("admin");
  const query = useInfiniteQuery({ ...webhookEventsQuery, enabled: isAdmin });
  const accounts = useQuery({ ...accountsQuery, enabled: isAdmin });
  const events = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const nameOf = (id: number) => accounts.data?.find((account) => account.id === id)?.name;
  return (
    <SettingsPage page="/settings/webhooks" lead={say.lead}>
      {query.isPending ? (
        <RowsLoading />
      ) : query.isError && events.length === 0 ? (
        <ErrorState title={words.failed} error={query.error} retry={() => void query.refetch()} />
      ) : events.length === 0 ? (
        <EmptyState icon={<CircleCheck />} title={say.empty} hint={say.emptyHint} />
      ) : (
        <Panel keepsFocus className="overflow-hidden">
          <ul className="divide-y divide-line">
            {events.map((event) => (
              <EventRow key={event.id} event={event} accountName={nameOf(event.accountId)} />
            ))}
          </ul>
        </Panel>
      )}
      <More query={query} />
    </SettingsPage>
  );
}

function EventRow({ event, accountName }: { event: WebhookEvent; accountName: string | undefined }) {
  const now = useNow();
  const client = useQueryClient();
  const retry = useMutation({
    mutationFn: () => retryWebhookEvent(event.id),
    onSuccess: async ({ recorded, reason }) => {
      if (recorded) toast.success(say.recorded);
      else
        toast.error(
          <>
            {say.not("")}
            <ServerWords sentence={reason ?? event.reason} />
          </>,
        );
      await client.invalidateQueries({ queryKey: settingsKeys.webhookEvents });
    },
    onError: (error) => toast.error(<Reason error={error} />),
  });
  const { id, reason, receivedAt, attempts, nextAttemptAt } = event;
  return (
    <li className="flex items-start gap-3 px-4 py-3">
      <div className="min-w-0 flex-1">
        <p className="wrap-anywhere font-medium">
          <ServerWords sentence={reason} />
        </p>
        <p className="mt-0.5 text-muted">
          {accountName && (
            <>
              {say.account("")}
              <bdi>{plainName(accountName)}</bdi>
              {" · "}
            </>
          )}
          {say.received(formatMoment(receivedAt))}
        </p>
        <p className="mt-0.5 text-muted text-xs">
          {`${say.attempts(attempts)} · ${nextAttemptAt === null ? say.noNext : say.next(formatAgo(nextAttemptAt, now))}`}
        </p>
      </div>
      <Button
        variant="soft"
        aria-label={say.label(id)}
        disabled={retry.isPending}
        onClick={() => retry.mutate()}
      >
        {retry.isPending && <Spinner className="size-4" />}
        {say.retry}
      </Button>
    </li>
  );
}
