import { settingsAccounts } from "@/texts/ar/settings-accounts";
import { settingsCommon } from "@/texts/ar/settings-common";
import { settingsMedia } from "@/texts/ar/settings-media";

import type { SettingsTexts } from "@/texts/settings";

export const settings: SettingsTexts = { ...settingsCommon, ...settingsAccounts, ...settingsMedia };
