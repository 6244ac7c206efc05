import { settingsAccounts } from "@/texts/es/settings-accounts";
import { settingsCommon } from "@/texts/es/settings-common";
import { settingsMedia } from "@/texts/es/settings-media";

import type { SettingsTexts } from "@/texts/settings";

export const settings: SettingsTexts = { ...settingsCommon, ...settingsAccounts, ...settingsMedia };
