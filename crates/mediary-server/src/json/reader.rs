use std::collections::HashMap;

use mediary_core::{MediaId, Permission, Role};
use mediary_store::DerivationResult;

/// Who reads a record, and what is known of the files in it besides their own rows.
#[derive(Debug)]
pub(crate) struct Reader {
    role: Role,
    derived: HashMap<MediaId, DerivationResult>,
}

/// Of records without files.
impl From<Role> for Reader {
    fn from(role: Role) -> Self {
        Self { role, derived: HashMap::new() }
    }
}

impl Reader {
    pub(crate) fn of_files(role: Role, derived: HashMap<MediaId, DerivationResult>) -> Self {
        Self { role, derived }
    }

    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.role.may(permission)
    }

    pub(crate) fn derived(&self, media: MediaId) -> Option<&DerivationResult> {
        self.derived.get(&media)
    }
}
