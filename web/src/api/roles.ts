import { useQueryClient } from "@tanstack/react-query";
import { meQuery } from "@/api/queries";

/** Whether the person may change things here: everybody but viewers. What they may not do is not offered. */
export function useMayAct(): boolean {
  return useQueryClient().getQueryData(meQuery.queryKey)?.role !== "viewer";
}
