//! Named places at which a test can make the process die, as a power cut would. Without the cargo feature `faults`
//! a place is nothing at all.

/// The places, in the order a file passes them.
pub const PLACES: &[&str] = &[
    "webhook.committed",
    "ingest.before_commit",
    "ingest.after_commit",
    "fetch.claimed",
    "fetch.resolved",
    "fetch.half",
    "fetch.staged",
    "fetch.published",
    "fetch.finished",
    "derive.claimed",
    "derive.stored",
    "derive.finished",
    "send.stored",
    "send.queued",
    "send.claimed",
    "send.uploaded",
    "send.asked",
    "send.answered",
    "send.finished",
    "trash.deleted",
];

#[cfg(not(feature = "faults"))]
#[inline]
pub(crate) fn point(_place: &'static str) {}

#[cfg(feature = "faults")]
pub use armed::arm;
#[cfg(feature = "faults")]
pub(crate) use armed::point;

#[cfg(feature = "faults")]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::PLACES;

    struct ArmedFault {
        place: &'static str,
        passes_left: AtomicU64,
    }

    static ARMED: OnceLock<ArmedFault> = OnceLock::new();

    /// Arms one place, as `name:n`: the process dies at the n-th pass. Once per process.
    pub fn arm(text: &str) -> Result<(), String> {
        let (name, passes) = text.split_once(':').unwrap_or((text, "1"));
        let place = PLACES
            .iter()
            .find(|place| **place == name)
            .ok_or_else(|| format!("{name:?} is not a fault place; there are: {}", PLACES.join(", ")))?;
        let passes = passes.parse().ok().filter(|passes| *passes > 0);
        let passes = passes.ok_or_else(|| format!("{text:?} is not name:n with n of 1 or more"))?;
        ARMED
            .set(ArmedFault { place, passes_left: AtomicU64::new(passes) })
            .map_err(|_| "a fault place is armed already".to_owned())
    }

    pub(crate) fn point(place: &'static str) {
        let Some(armed) = ARMED.get().filter(|armed| armed.place == place) else { return };
        if armed.passes_left.fetch_sub(1, Ordering::SeqCst) == 1 {
            std::process::abort();
        }
    }
}
