//! Who may do what within a company.

use crate::text::string_enum;

string_enum! {
    /// A role holds everything that the ones before it hold.
    "role" Role {
        Viewer = "viewer",
        Agent = "agent",
        Manager = "manager",
        Admin = "admin",
    }
}

/// Something a caller may or may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    Read,
    Send,
    MarkRead,
    StartDownload,
    ShareLink,
    DeleteMedia,
    RetryAll,
    ChangeMediaSettings,
    EraseMedia,
    SeeUsage,
    ManageAccounts,
    ManageUsers,
    ManageApiKeys,
    SeeAudit,
    SeeStorageLocation,
    ReleaseQuarantine,
}

impl Permission {
    /// The least role that holds it.
    pub const fn least_role(self) -> Role {
        match self {
            Self::Read => Role::Viewer,
            Self::Send | Self::MarkRead | Self::StartDownload | Self::ShareLink | Self::DeleteMedia => {
                Role::Agent
            }
            Self::RetryAll | Self::ChangeMediaSettings | Self::EraseMedia | Self::SeeUsage => Role::Manager,
            Self::ManageAccounts
            | Self::ManageUsers
            | Self::ManageApiKeys
            | Self::SeeAudit
            | Self::SeeStorageLocation
            | Self::ReleaseQuarantine => Role::Admin,
        }
    }

    /// Whether it is about the company as a whole, so that only somebody who sees all of it can hold it.
    pub const fn is_of_the_company(self) -> bool {
        match self {
            Self::Read
            | Self::Send
            | Self::MarkRead
            | Self::StartDownload
            | Self::ShareLink
            | Self::DeleteMedia
            | Self::SeeStorageLocation
            | Self::ReleaseQuarantine => false,
            Self::RetryAll
            | Self::ChangeMediaSettings
            | Self::EraseMedia
            | Self::SeeUsage
            | Self::ManageAccounts
            | Self::ManageUsers
            | Self::ManageApiKeys
            | Self::SeeAudit => true,
        }
    }
}

impl Role {
    pub fn may(self, permission: Permission) -> bool {
        self >= permission.least_role()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_ends_where_the_next_begins() {
        assert!(Role::Viewer.may(Permission::Read) && !Role::Viewer.may(Permission::StartDownload));
        assert!(Role::Agent.may(Permission::DeleteMedia) && !Role::Agent.may(Permission::RetryAll));
        assert!(Role::Manager.may(Permission::SeeUsage) && !Role::Manager.may(Permission::ManageUsers));
        assert!(Role::Admin.may(Permission::SeeStorageLocation));
    }
}
