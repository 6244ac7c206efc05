import { settingsAccounts } from "@/texts/en/settings-accounts";
import { settingsCommon } from "@/texts/en/settings-common";
import { settingsMedia } from "@/texts/en/settings-media";

export const settings = { ...settingsCommon, ...settingsAccounts, ...settingsMedia };
