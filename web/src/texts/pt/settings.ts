import { settingsAccounts } from "@/texts/pt/settings-accounts";
import { settingsCommon } from "@/texts/pt/settings-common";
import { settingsMedia } from "@/texts/pt/settings-media";

import type { SettingsTexts } from "@/texts/settings";

export const settings: SettingsTexts = { ...settingsCommon, ...settingsAccounts, ...settingsMedia };
