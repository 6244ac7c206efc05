//! Slots for archives that are sent. One may take hours, so a reader has few of them, links have a part of what their company has, and
//! a company a part of all: who reads slowly holds up their own archives alone.

use std::sync::Arc;
use std::time::Duration;

use mediary_core::{CompanyId, ErrorCode, limits};
use mediary_engine::{ArchiveLink, Caller};

use crate::member::Member;
use crate::problem::Problem;
use crate::slots::{NoSlot, Slot, Slots};

/// When to come back if too many are being sent.
const NEXT_ARCHIVE_AFTER: Duration = Duration::from_secs(30);

/// The slots of a node.
#[derive(Debug)]
pub(crate) struct ArchiveSlots {
    of_readers: Arc<Slots<ArchiveReader>>,
    of_links: Arc<Slots<CompanyId>>,
    of_companies: Arc<Slots<CompanyId>>,
}

/// The recipient of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum ArchiveReader {
    Caller(CompanyId, Member),
    /// Anybody who has this link.
    Link(CompanyId, i64),
}

impl ArchiveReader {
    pub(crate) fn of_caller(caller: &Caller) -> Self {
        Self::Caller(caller.company_id, Member::of(caller))
    }

    pub(crate) fn of_link(link: &ArchiveLink) -> Self {
        Self::Link(link.company_id, link.archive_id)
    }
}

/// A slot, until the archive is sent.
#[derive(Debug)]
pub(crate) struct ArchiveSlot {
    _of_reader: Slot<ArchiveReader>,
    _of_links: Option<Slot<CompanyId>>,
    _of_company: Slot<CompanyId>,
}

impl Default for ArchiveSlots {
    fn default() -> Self {
        Self {
            of_readers: Slots::new(limits::ARCHIVES_AT_ONCE_PER_READER, usize::MAX),
            of_links: Slots::new(limits::ARCHIVES_AT_ONCE_BY_LINKS, usize::MAX),
            of_companies: Slots::new(limits::ARCHIVES_AT_ONCE_PER_COMPANY, limits::ARCHIVES_AT_ONCE),
        }
    }
}

impl ArchiveSlots {
    /// A slot that is free now. Whatever is missing, nothing is taken.
    pub(crate) fn take(&self, reader: ArchiveReader) -> Result<ArchiveSlot, Problem> {
        let (company, is_link) = match reader {
            ArchiveReader::Caller(company, _) => (company, false),
            ArchiveReader::Link(company, _) => (company, true),
        };
        let of_reader = self.of_readers.take(reader).map_err(|_| {
            let to = if is_link { "by this link" } else { "to you" };
            too_many(limits::ARCHIVES_AT_ONCE_PER_READER, to)
        })?;
        let of_links = is_link.then(|| self.of_links.take(company)).transpose();
        let of_links =
            of_links.map_err(|_| too_many(limits::ARCHIVES_AT_ONCE_BY_LINKS, "by links of this company"))?;
        let of_company = self.of_companies.take(company).map_err(|none| match none {
            NoSlot::OfTheirs => too_many(limits::ARCHIVES_AT_ONCE_PER_COMPANY, "of this company"),
            NoSlot::AtAll => Problem::busy(),
        })?;
        Ok(ArchiveSlot { _of_reader: of_reader, _of_links: of_links, _of_company: of_company })
    }
}

fn too_many(max: usize, whose: &str) -> Problem {
    let detail =
        format!("{max} archives are being sent {whose} already; take the next one once one of them is there");
    Problem::new(ErrorCode::RateLimited).detail(detail).retry_after(Some(NEXT_ARCHIVE_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACME: CompanyId = CompanyId(1);
    const OTHER: CompanyId = CompanyId(2);

    fn user(company: CompanyId, id: usize) -> ArchiveReader {
        ArchiveReader::Caller(company, Member(company, format!("user:{id}")))
    }

    fn all_of(slots: &ArchiveSlots, reader: &ArchiveReader) -> Vec<ArchiveSlot> {
        std::iter::from_fn(|| slots.take(reader.clone()).ok()).collect()
    }

    #[test]
    fn reader_leaves_slots_to_the_others_of_their_company() {
        let slots = ArchiveSlots::default();
        let link = ArchiveReader::Link(ACME, 1);
        let by_link = all_of(&slots, &link);
        assert_eq!(by_link.len(), limits::ARCHIVES_AT_ONCE_PER_READER);
        assert_eq!(slots.take(link.clone()).unwrap_err().code(), ErrorCode::RateLimited);
        let by_others: Vec<_> =
            (2..9).flat_map(|id| all_of(&slots, &ArchiveReader::Link(ACME, id))).collect();
        assert_eq!(by_link.len() + by_others.len(), limits::ARCHIVES_AT_ONCE_BY_LINKS);
        let of_people: Vec<_> = (1..9).flat_map(|id| all_of(&slots, &user(ACME, id))).collect();
        let left = limits::ARCHIVES_AT_ONCE_PER_COMPANY - limits::ARCHIVES_AT_ONCE_BY_LINKS;
        assert_eq!(of_people.len(), left, "links leave them these");
        assert_eq!(all_of(&slots, &user(OTHER, 1)).len(), limits::ARCHIVES_AT_ONCE_PER_READER);
        drop(of_people);
        drop((by_link, by_others));
        assert_eq!(all_of(&slots, &link).len(), limits::ARCHIVES_AT_ONCE_PER_READER, "nothing stays taken");
    }

    #[test]
    fn all_companies_together_have_a_bound() {
        let slots = ArchiveSlots::default();
        let companies = || (1..100).map(CompanyId);
        let taken: Vec<_> = companies().flat_map(|company| all_of(&slots, &user(company, 1))).collect();
        assert_eq!(taken.len(), limits::ARCHIVES_AT_ONCE);
        assert!(slots.take(user(CompanyId(100), 1)).unwrap_err().is_busy());
    }
}
