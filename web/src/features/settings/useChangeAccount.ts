import { useMutation, useQueryClient } from "@tanstack/react-query";
import { changeAccount, settingsKeys } from "@/api/settings";
import type { Account, AccountChange } from "@/api/types";

/** Changes an account, and shows what the server made of it. */
export function useChangeAccount(
  id: number,
  { onSuccess, onError }: { onSuccess?: (account: Account) => void; onError?: (error: Error) => void } = {},
) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: AccountChange) => changeAccount(id, change),
    onSuccess: (account) => {
      client.setQueryData(settingsKeys.account(id), account);
      void client.invalidateQueries({ queryKey: settingsKeys.accounts, exact: true });
      onSuccess?.(account);
    },
    ...(onError ? { onError } : {}),
  });
}
