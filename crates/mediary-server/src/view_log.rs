//! Views of files in the audit log, of companies that want them there.
//!
//! Every answer with bytes of a file is a view of it, whichever part was asked for first. A player asks for hundreds of parts: one entry
//! stands for all that the same viewer reads of a file from the same address within a period of the clock. What is in the log already
//! is remembered here, and otherwise found in the log, so that it does not matter which node answers.

use std::net::IpAddr;
use std::ops::Range;
use std::time::Duration;

use mediary_core::limits::AUDITED_VIEW_PERIOD;
use mediary_core::{CompanyId, MediaId, Timestamp, error_chain};
use mediary_engine::Caller;
use moka::sync::Cache;

use crate::App;

/// For how long a company's setting may be out of date.
const SETTING_TTL: Duration = Duration::from_millis(500);
const SETTINGS_CACHED: u64 = 10_000;
/// Of those that are evicted the log is asked.
const VIEWS_CACHED: u64 = 50_000;

/// What is known of the views in the log.
#[derive(Debug)]
pub(crate) struct ViewLog {
    wanted: Cache<CompanyId, bool>,
    noted: Cache<NotedView, ()>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct NotedView {
    company: CompanyId,
    media: MediaId,
    who: String,
    address: IpAddr,
    period: Timestamp,
}

impl Default for ViewLog {
    fn default() -> Self {
        Self {
            wanted: Cache::builder().max_capacity(SETTINGS_CACHED).time_to_live(SETTING_TTL).build(),
            noted: Cache::builder().max_capacity(VIEWS_CACHED).time_to_live(AUDITED_VIEW_PERIOD).build(),
        }
    }
}

impl App {
    /// Writes down that somebody gets bytes of a file, before they leave.
    pub(crate) async fn note_view(
        &self,
        viewer: &Caller,
        address: IpAddr,
        media: MediaId,
    ) -> Result<(), mediary_store::Error> {
        let company = viewer.company_id;
        if !self.audits_views(company).await? {
            return Ok(());
        }
        let period = period_of(self.engine().now());
        let view = NotedView { company, media, who: viewer.label(), address, period: period.start };
        if self.view_log().noted.contains_key(&view) {
            return Ok(());
        }
        match self.store().audit_view(company, &viewer.actor(address), media, period).await {
            Ok(()) => self.view_log().noted.insert(view, ()),
            // A full disk must not keep people from reading.
            Err(error) => {
                let error = error_chain(&error);
                tracing::error!(error, media.id = media.0, "a view is missing in the audit log");
            }
        }
        Ok(())
    }

    /// Whether a company has views of its files in its audit log.
    async fn audits_views(&self, company: CompanyId) -> Result<bool, mediary_store::Error> {
        let known = &self.view_log().wanted;
        if let Some(wanted) = known.get(&company) {
            return Ok(wanted);
        }
        let wanted = self.store().company(company).await?.is_some_and(|company| company.audit_views);
        known.insert(company, wanted);
        Ok(wanted)
    }
}

/// The period that a moment is in.
fn period_of(now: Timestamp) -> Range<Timestamp> {
    let length = i64::try_from(AUDITED_VIEW_PERIOD.as_millis()).unwrap_or(i64::MAX);
    let start = Timestamp(now.millis() - now.millis().rem_euclid(length));
    start..start.plus(AUDITED_VIEW_PERIOD)
}

#[cfg(test)]
mod tests;
