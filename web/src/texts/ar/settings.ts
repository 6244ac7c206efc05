import { settingsAccounts } from "@/texts/ar/settings-accounts";
import { settingsCommon } from "@/texts/ar/settings-common";
import { settingsMedia } from "@/texts/ar/settings-media";

import type { settings as English } from "@/texts/en/settings";

export const settings: typeof English = { ...settingsCommon, ...settingsAccounts, ...settingsMedia };
