import type { settings as English } from "@/texts/en/settings";
import { settingsAccounts } from "@/texts/hi/settings-accounts";
import { settingsCommon } from "@/texts/hi/settings-common";
import { settingsMedia } from "@/texts/hi/settings-media";

export const settings: typeof English = { ...settingsCommon, ...settingsAccounts, ...settingsMedia };
