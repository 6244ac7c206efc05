import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { meQuery } from "@/api/queries";
import type { Role } from "@/api/types";

/** From the one who may the least: each may what those before it may. */
export const ROLES: readonly Role[] = ["viewer", "agent", "manager", "admin"];

/** Whether the person may change things here: everybody but viewers. What they may not do is not offered. */
export function useMayAct(): boolean {
  return mayAct(useQueryClient());
}

export function mayAct(client: QueryClient): boolean {
  return client.getQueryData(meQuery.queryKey)?.role !== "viewer";
}

/** Whether somebody of a role may do what another role may. */
export function reaches(own: Role, needed: Role): boolean {
  return ROLES.indexOf(own) >= ROLES.indexOf(needed);
}

/** The role of the person; of one who is about to be asked to log in, the least. */
export function useRole(): Role {
  return useQueryClient().getQueryData(meQuery.queryKey)?.role ?? "viewer";
}

/** Whether the person has this role, or one that may more. */
export function useHasRole(role: Role): boolean {
  return reaches(useRole(), role);
}
