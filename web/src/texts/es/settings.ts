import type { settings as English } from "@/texts/en/settings";
import { settingsAccounts } from "@/texts/es/settings-accounts";
import { settingsCommon } from "@/texts/es/settings-common";
import { settingsMedia } from "@/texts/es/settings-media";

export const settings: typeof English = { ...settingsCommon, ...settingsAccounts, ...settingsMedia };
