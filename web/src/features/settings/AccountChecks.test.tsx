import { expect, it } from "vitest";
import type { Account, AccountCheck } from "@/api/types";
import { asked, known } from "@/features/settings/AccountChecks";
import { T0 } from "@/test/fixtures";

const works = { outcome: "works", detail: null } as const;
const unknown = { outcome: "unknown", detail: "it was not asked about" } as const;

const at = new Date(T0).toISOString();
const account: Account = {
  id: 1,
  companyId: 1,
  provider: "meta",
  phoneNumberId: "777",
  wabaId: "102",
  awsPhoneNumberId: null,
  awsRegion: null,
  awsBucket: null,
  awsTopicArn: null,
  displayPhoneNumber: null,
  name: "Support",
  hasAccessToken: true,
  hasAppSecret: true,
  hasVerifyToken: true,
  mediaPolicy: null,
  retention: null,
  effectiveMediaPolicy: "store",
  status: "active",
  pausedUntil: null,
  lastError: null,
  createdAt: at,
  updatedAt: at,
};

function shown(found: Partial<AccountCheck>) {
  const check = { token: works, businessAccount: works, subscription: works, lastReceivedAt: null, ...found };
  const rows = asked(check, account, new Date(T0));
  return rows.map(({ title, state, way }) => [title, state, way?.to]);
}

it("a number that is not of the business account is named, with the way to its id", () => {
  const businessAccount = { outcome: "fails", detail: "the number is not one of it" } as const;
  expect(shown({ businessAccount, subscription: unknown }).slice(0, 3)).toEqual([
    ["Access token", "works", undefined],
    ["Business account", "fails", "details"],
    ["Subscription", "unknown", undefined],
  ]);
});

it("the business account has a row only where WhatsApp said something of it", () => {
  expect(shown({}).map(([title]) => title)).toContain("Business account");
  expect(shown({ businessAccount: unknown }).map(([title]) => title)).not.toContain("Business account");
});

it("WhatsApp's wish to wait is told as long as it lasts", () => {
  const lastError = { code: "provider_rate_limited", message: "WhatsApp asks us to slow down" } as const;
  const titles = (pausedUntil: string) =>
    known({ ...account, lastError, pausedUntil }, new Date(T0)).map(({ title }) => title);
  expect(titles(new Date(T0 + 1000).toISOString())).toContain("Last problem");
  expect(titles(new Date(T0 - 1000).toISOString())).not.toContain("Last problem");
});
