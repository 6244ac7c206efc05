//! The caller of a request, and what they may do.

use std::net::IpAddr;

use mediary_core::{
    ApiKeyId, CompanyId, Error, ErrorCode, Permission, Result, Role, Scope, UserId, Visibility,
};

use crate::access::links::{ArchiveLink, Link};
use mediary_store::Actor;

/// An authenticated caller. Everything they do is limited to one company, their role, and the conversations that they see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub company_id: CompanyId,
    pub role: Role,
    pub sees: Visibility,
    pub who: Identity,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    User {
        id: UserId,
        email: String,
        name: String,
    },
    Key {
        id: ApiKeyId,
        name: String,
    },
    /// The bearer of a signed link, who may see what it is for.
    Link,
    /// Somebody who may run commands on this machine.
    CommandLine,
}

impl Caller {
    /// The bearer of a link that we signed.
    pub fn of_link(link: &Link) -> Self {
        Self::of_links(link.company_id)
    }

    /// The bearer of a link to an archive.
    pub fn of_archive_link(link: &ArchiveLink) -> Self {
        Self::of_links(link.company_id)
    }

    fn of_links(company_id: CompanyId) -> Self {
        Self { company_id, role: Role::Viewer, sees: Visibility::Everything, who: Identity::Link }
    }

    /// A command that does what an agent of the company may do.
    pub fn of_command_line(company_id: CompanyId) -> Self {
        Self { company_id, role: Role::Agent, sees: Visibility::Everything, who: Identity::CommandLine }
    }

    /// The scope of reads on their behalf.
    pub fn scope(&self) -> Scope {
        Scope::new(self.company_id, self.sees.clone())
    }

    pub fn may(&self, permission: Permission) -> bool {
        self.role.may(permission) && (self.sees == Visibility::Everything || !permission.is_of_the_company())
    }

    /// `forbidden` unless the role holds `permission`.
    pub(super) fn require(&self, permission: Permission) -> Result<()> {
        if self.may(permission) {
            return Ok(());
        }
        if self.role.may(permission) {
            let detail = "this is about the whole company, of which you see a part";
            return Err(Error::refused(ErrorCode::Forbidden, detail));
        }
        let least = permission.least_role();
        Err(Error::refused(
            ErrorCode::Forbidden,
            format!("this needs the role {least}; yours is {}", self.role),
        ))
    }

    pub fn user_id(&self) -> Option<UserId> {
        match self.who {
            Identity::User { id, .. } => Some(id),
            Identity::Key { .. } | Identity::Link | Identity::CommandLine => None,
        }
    }

    /// The actor of their audit rows, with their address.
    pub fn actor(&self, address: IpAddr) -> Actor {
        Actor { who: self.label(), ip: Some(address.to_string()) }
    }

    /// Their name in the audit log.
    pub fn label(&self) -> String {
        match &self.who {
            Identity::User { id, .. } => format!("user:{id}"),
            Identity::Key { id, .. } => format!("api_key:{id}"),
            Identity::Link => "link".to_owned(),
            Identity::CommandLine => Actor::command_line().who,
        }
    }
}
