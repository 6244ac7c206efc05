import type { settings as English } from "@/texts/en/settings";
import { settingsAccounts } from "@/texts/pt/settings-accounts";
import { settingsCommon } from "@/texts/pt/settings-common";
import { settingsMedia } from "@/texts/pt/settings-media";

export const settings: typeof English = { ...settingsCommon, ...settingsAccounts, ...settingsMedia };
