/** The pages of the settings: one part of the program, loaded when the first of them is opened. */
export { AccountPage } from "@/features/settings/AccountPage";
export { AccountsPage } from "@/features/settings/AccountsPage";
export { ApiKeysPage } from "@/features/settings/ApiKeysPage";
export { AuditPage } from "@/features/settings/AuditPage";
export { FailuresPage } from "@/features/settings/FailuresPage";
export { IntegrityPage } from "@/features/settings/IntegrityPage";
export { MediaPage } from "@/features/settings/MediaPage";
export { NewAccountPage } from "@/features/settings/NewAccountPage";
export { NowPage } from "@/features/settings/NowPage";
export { SessionPage } from "@/features/settings/SessionPage";
export { SettingsLayout, SettingsStart } from "@/features/settings/SettingsLayout";
export { StoragePage } from "@/features/settings/StoragePage";
export { UsersPage } from "@/features/settings/UsersPage";
export { WebhooksPage } from "@/features/settings/WebhooksPage";
