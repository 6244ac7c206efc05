//! Who is asking, and what they may do.

use std::net::IpAddr;

use mediary_core::{ApiKeyId, CompanyId, Error, ErrorCode, Permission, Result, Role, Scope, Sees, UserId};

use crate::access::links::Link;
use mediary_store::Actor;

/// Somebody who was let in: everything they do stays within one company, their role, and what they see of the company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub company_id: CompanyId,
    pub role: Role,
    pub sees: Sees,
    pub who: Who,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    User {
        id: UserId,
        email: String,
        name: String,
    },
    Key {
        id: ApiKeyId,
        name: String,
    },
    /// The bearer of a signed link, who may see that one file.
    Link,
}

impl Caller {
    /// The bearer of a link that we signed.
    pub fn of_link(link: &Link) -> Self {
        Self { company_id: link.company_id, role: Role::Viewer, sees: Sees::Everything, who: Who::Link }
    }

    /// For whom data of the company is read on their behalf.
    pub fn scope(&self) -> Scope {
        Scope::new(self.company_id, self.sees.clone())
    }

    pub fn may(&self, permission: Permission) -> bool {
        self.role.may(permission) && (self.sees == Sees::Everything || !permission.is_of_the_company())
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
            Who::User { id, .. } => Some(id),
            Who::Key { .. } | Who::Link => None,
        }
    }

    /// How the audit log tells what they do, and from where.
    pub fn actor(&self, address: IpAddr) -> Actor {
        Actor { who: self.label(), ip: Some(address.to_string()) }
    }

    /// How the audit log names them.
    pub fn label(&self) -> String {
        match &self.who {
            Who::User { id, .. } => format!("user:{id}"),
            Who::Key { id, .. } => format!("api_key:{id}"),
            Who::Link => "link".to_owned(),
        }
    }
}
