//! One of a company's people or keys, as what they may have at once is counted.

use mediary_core::CompanyId;
use mediary_engine::Caller;

use crate::slots::Slot;

/// The company, and the name in its audit log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Member(pub(crate) CompanyId, pub(crate) String);

impl Member {
    pub(crate) fn of(caller: &Caller) -> Self {
        Self(caller.company_id, caller.label())
    }
}

/// A slot of a member, and of their company.
#[derive(Debug)]
pub(crate) struct MemberSlot {
    pub(crate) _of_member: Slot<Member>,
    pub(crate) _of_company: Slot<CompanyId>,
}
