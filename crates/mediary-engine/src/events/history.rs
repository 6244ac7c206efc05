//! The newest events of each company, for listeners that return. Each company has its own history, so that one with very many events
//! drops only its own. The histories are bounded together: the more companies, the shorter each history, and if there are too many
//! companies, the history whose last event is oldest is dropped as a whole.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use mediary_core::{CompanyId, limits};

use super::event::LiveEvent;

#[derive(Debug)]
pub(super) struct Histories {
    /// The position of companies without a history. `None` once a history was dropped, for it may have been theirs.
    start: Option<u64>,
    /// The number of the newest event of all, or of a later resync.
    last_seq: u64,
    /// Grows with each event: numbers of events have no order.
    told: u64,
    companies: HashMap<CompanyId, History>,
}

/// The events of one company, in the order in which they were published, which is the same in all processes.
#[derive(Debug)]
struct History {
    /// The position before the first event that is kept.
    before: u64,
    events: VecDeque<Arc<LiveEvent>>,
    /// When the newest was published.
    told: u64,
}

impl History {
    fn newest(&self) -> u64 {
        self.events.back().map_or(self.before, |event| event.seq)
    }

    fn shorten(&mut self, max_events: usize) {
        while self.events.len() > max_events
            && let Some(oldest) = self.events.pop_front()
        {
            self.before = oldest.seq;
        }
    }
}

impl Histories {
    pub(super) fn new(start: u64) -> Self {
        Self { start: Some(start), last_seq: start, told: 0, companies: HashMap::new() }
    }

    pub(super) fn last_seq(&self) -> u64 {
        self.last_seq
    }

    pub(super) fn push(&mut self, event: Arc<LiveEvent>) {
        let company = event.company_id;
        self.told += 1;
        let told = self.told;
        let seq = event.seq;
        let history = self.of(company);
        history.told = told;
        history.events.push_back(event);
        let max_events = self.share();
        self.of(company).shorten(max_events);
        self.last_seq = seq;
    }

    /// A company's events after the position `seq`; if that is unknown, the position to resume from after reading everything.
    pub(super) fn after(&mut self, company: CompanyId, seq: u64) -> Result<Vec<Arc<LiveEvent>>, u64> {
        let history = self.of(company);
        let known = match history.before == seq {
            true => Some(0),
            false => history.events.iter().rposition(|event| event.seq == seq).map(|place| place + 1),
        };
        let place = known.ok_or_else(|| history.newest())?;
        Ok(history.events.range(place..).cloned().collect())
    }

    /// The position of a company's newest event.
    pub(super) fn newest(&mut self, company: CompanyId) -> u64 {
        self.of(company).newest()
    }

    fn of(&mut self, company: CompanyId) -> &mut History {
        if !self.companies.contains_key(&company) {
            self.make_room();
            let before = self.start.unwrap_or(self.last_seq);
            let new = History { before, events: VecDeque::new(), told: self.told };
            self.companies.insert(company, new);
            let max_events = self.share();
            self.companies.values_mut().for_each(|history| history.shorten(max_events));
        }
        self.companies.get_mut(&company).expect("it was there, or has just been put there")
    }

    fn make_room(&mut self) {
        if self.companies.len() < limits::EVENT_HISTORY_COMPANIES {
            return;
        }
        let quietest = self.companies.iter().min_by_key(|(_, history)| history.told);
        if let Some(quietest) = quietest.map(|(company, _)| *company) {
            self.companies.remove(&quietest);
            self.start = None;
        }
    }

    fn share(&self) -> usize {
        (limits::EVENT_HISTORY_IN_ALL / self.companies.len().max(1)).min(limits::EVENT_HISTORY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::event::{EventData, EventName};

    fn event(seq: u64, company: CompanyId) -> Arc<LiveEvent> {
        Arc::new(LiveEvent {
            seq,
            company_id: company,
            name: EventName::MessageCreated,
            data: EventData::default(),
        })
    }

    fn seqs(found: Result<Vec<Arc<LiveEvent>>, u64>) -> Option<Vec<u64>> {
        found.ok().map(|events| events.iter().map(|event| event.seq).collect())
    }

    #[test]
    fn histories_of_many_companies_are_bounded_and_the_quietest_company_is_forgotten_first() {
        let mut histories = Histories::new(100);
        let companies = i64::try_from(limits::EVENT_HISTORY_COMPANIES).unwrap();
        let mut seq = 100;
        let mut tell = |histories: &mut Histories, company: i64, count: usize| {
            for _ in 0..count {
                seq += 1;
                histories.push(event(seq, CompanyId(company)));
            }
            seq
        };
        for company in 1..=companies {
            tell(&mut histories, company, limits::EVENT_HISTORY / 16);
        }
        let all = |histories: &Histories| -> usize {
            histories.companies.values().map(|history| history.events.len()).sum()
        };
        assert!(all(&histories) <= limits::EVENT_HISTORY_IN_ALL, "{}", all(&histories));
        let of_first = histories.newest(CompanyId(1));
        assert_eq!(seqs(histories.after(CompanyId(1), of_first)), Some(vec![]));
        let newest = tell(&mut histories, companies + 1, 1);
        assert_eq!(histories.companies.len(), limits::EVENT_HISTORY_COMPANIES);
        assert!(all(&histories) <= limits::EVENT_HISTORY_IN_ALL);
        assert_eq!(seqs(histories.after(CompanyId(companies), newest - 2)), Some(vec![newest - 1]));
        // What was forgotten is not taken for a place where nothing was missed, and the place that is told then holds.
        for seq in [of_first, 100] {
            assert_eq!(seqs(histories.after(CompanyId(1), seq)), None);
        }
        let place = histories.after(CompanyId(1), 100).unwrap_err();
        assert_eq!(seqs(histories.after(CompanyId(1), place)), Some(vec![]));
        let newest = tell(&mut histories, 1, 1);
        assert_eq!(seqs(histories.after(CompanyId(1), place)), Some(vec![newest]));
    }
}
