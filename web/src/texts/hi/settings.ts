import { settingsAccounts } from "@/texts/hi/settings-accounts";
import { settingsCommon } from "@/texts/hi/settings-common";
import { settingsMedia } from "@/texts/hi/settings-media";

import type { SettingsTexts } from "@/texts/settings";

export const settings: SettingsTexts = { ...settingsCommon, ...settingsAccounts, ...settingsMedia };
