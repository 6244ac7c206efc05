//! Faults on request: what goes wrong, for which media, where, and how often.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};

/// Faults armed at once, at most.
const FAULTS: usize = 10_000;
/// How late a slow answer starts unless it is told.
const SLOW_START: Duration = Duration::from_millis(500);

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The media id is gone: code 100, subcode 33, and its URLs are stale.
    Expired,
    /// The byte URL answers 401 (`status` for another), though the token is good.
    StaleUrl,
    /// The token is refused: HTTP 401, code 190 (`code` for another, 0 say).
    TokenExpired,
    /// The token may not do this: HTTP 403, code 10.
    Permission,
    /// Too many calls, as Meta documents it: HTTP 400 with code 4, 80007, 130429 or 131056.
    Throttled,
    /// Too many calls, as the usual HTTP way says it: 429 with `Retry-After`.
    TooManyRequests,
    /// HTTP 500 (`status` for another).
    ServerError,
    /// HTTP 200 with a web page instead of what was asked for.
    Html,
    /// Starts late and trickles.
    Slow,
    /// Sends a half, then nothing more, and keeps the connection.
    Stalled,
    /// Sends a half, then breaks the connection.
    Cut,
    /// A whole answer, but fewer bytes than declared.
    Short,
    /// Other bytes than declared, always the same ones.
    WrongHash,
    /// Compressed, though nobody asked for it.
    Gzip,
    /// A redirect, to `location` if given, else to the same host.
    Redirect,
    /// A redirect to itself.
    RedirectLoop,
    /// A whole answer of no bytes.
    ZeroBytes,
    /// Bytes without end.
    Endless,
    /// What was asked for is done, and the answer to it never comes: after `delayMs` the connection breaks, or with `status` a web
    /// page of that status comes instead, as of a gateway.
    LostAnswer,
}

impl FaultKind {
    /// Where this kind of fault strikes unless it is told.
    fn strikes_at(self, place: Place) -> bool {
        use FaultKind as K;
        match self {
            K::Expired => matches!(place, Place::Resolve | Place::Download),
            K::ServerError => true,
            K::LostAnswer => place == Place::Send,
            K::TokenExpired | K::Permission | K::Throttled | K::TooManyRequests => place != Place::Download,
            _ => place == Place::Download,
        }
    }
}

/// The calls that a fault can strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// `GET /{media-id}`
    Resolve,
    /// The bytes.
    Download,
    /// `POST /{phone-number-id}/media`
    Upload,
    /// `POST /{phone-number-id}/messages`
    Send,
    /// `DELETE /{media-id}`
    Delete,
}

/// A fault that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultSpec {
    pub kind: FaultKind,
    /// Only this media; any if not given.
    #[serde(default)]
    pub media_id: Option<String>,
    /// Only calls at this phone number: uploads and messages.
    #[serde(default)]
    pub phone_number_id: Option<String>,
    /// Only messages to this phone number, group or business-scoped id.
    #[serde(default)]
    pub to: Option<String>,
    /// Only this call; where the kind belongs if not given.
    #[serde(default)]
    pub at: Option<Place>,
    /// How often, then all is well; always if not given.
    #[serde(default)]
    pub times: Option<u32>,
    /// Another HTTP status than the kind's own.
    #[serde(default)]
    pub status: Option<u16>,
    /// Another error code than the kind's own.
    #[serde(default)]
    pub code: Option<i64>,
    /// Other words of the error than the kind's own.
    #[serde(default)]
    pub message: Option<String>,
    /// What a throttled call says about when to come back.
    #[serde(default)]
    pub retry_after_seconds: Option<u64>,
    /// How late a slow answer starts.
    #[serde(default)]
    pub delay_ms: Option<u64>,
    /// How fast a slow answer is.
    #[serde(default)]
    pub bytes_per_second: Option<u64>,
    /// After how many bytes `stalled`, `cut` and `short` strike; half of them if not given.
    #[serde(default)]
    pub after_bytes: Option<u64>,
    /// Where a redirect leads.
    #[serde(default)]
    pub location: Option<String>,
}

impl FaultSpec {
    pub fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            media_id: None,
            phone_number_id: None,
            to: None,
            at: None,
            times: None,
            status: None,
            code: None,
            message: None,
            retry_after_seconds: None,
            delay_ms: None,
            bytes_per_second: None,
            after_bytes: None,
            location: None,
        }
    }

    /// Only for this media.
    #[must_use]
    pub fn of(mut self, media_id: impl Into<String>) -> Self {
        self.media_id = Some(media_id.into());
        self
    }

    /// Only for messages to this recipient.
    #[must_use]
    pub fn to(mut self, recipient: impl Into<String>) -> Self {
        self.to = Some(recipient.into());
        self
    }

    /// Only for calls at this phone number.
    #[must_use]
    pub fn by(mut self, phone_number_id: impl Into<String>) -> Self {
        self.phone_number_id = Some(phone_number_id.into());
        self
    }

    /// Only for this call.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.at = Some(place);
        self
    }

    /// Only so often.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    #[must_use]
    pub fn code(mut self, code: i64) -> Self {
        self.code = Some(code);
        self
    }

    pub(crate) fn delay(&self) -> Duration {
        self.delay_ms.map_or(SLOW_START, Duration::from_millis)
    }

    fn check(&self) -> Result<(), Error> {
        match self.status {
            Some(status) if !(200..=599).contains(&status) => {
                Err(Error::invalid("status must be from 200 to 599"))
            }
            _ if self.times == Some(0) => {
                Err(Error::invalid("times must be at least 1, or absent for always"))
            }
            _ if self.bytes_per_second == Some(0) => Err(Error::invalid("bytesPerSecond must be at least 1")),
            _ => Ok(()),
        }
    }

    fn strikes(&self, place: Place, subject: Subject<'_>) -> bool {
        let fits = |wanted: &Option<String>, given: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| Some(wanted) == given)
        };
        // A phone number may have its plus or not.
        let plain = |to: &str| to.trim_start_matches('+').to_owned();
        let recipient = self.to.as_deref().is_none_or(|to| subject.to.map(plain) == Some(plain(to)));
        recipient
            && fits(&self.media_id, subject.media_id)
            && fits(&self.phone_number_id, subject.phone_number_id)
            && self.at.map_or_else(|| self.kind.strikes_at(place), |at| at == place)
    }
}

/// What a call is about, as far as a fault can be about it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Subject<'a> {
    pub(crate) media_id: Option<&'a str>,
    pub(crate) phone_number_id: Option<&'a str>,
    pub(crate) to: Option<&'a str>,
}

impl<'a> Subject<'a> {
    pub(crate) fn media(id: &'a str) -> Self {
        Self { media_id: Some(id), ..Self::default() }
    }
}

/// Faults by chance. Whether the n-th call for a media fails depends on the seed, the media and n alone, so that
/// a run repeats itself however its calls interleave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RandomFaults {
    /// The share of calls that fail, from 0 to 1.
    pub rate: f64,
    #[serde(default)]
    pub seed: u64,
    pub kinds: Vec<FaultKind>,
}

/// A fault with its number, as the control API lists it.
#[derive(Clone, Debug, Serialize)]
pub struct ArmedFault {
    pub id: u64,
    #[serde(flatten)]
    pub fault: FaultSpec,
}

#[derive(Debug, Default)]
struct Plan {
    next_id: u64,
    armed: Vec<ArmedFault>,
    random: Option<RandomFaults>,
    /// Calls seen under random faults, per place and media.
    calls: HashMap<(Place, String), u64>,
}

/// All faults of a simulator.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Whether there is anything to look for, so that healthy calls take no lock.
    any: AtomicBool,
    plan: Mutex<Plan>,
}

impl Faults {
    pub(crate) fn add(&self, fault: FaultSpec) -> Result<u64, Error> {
        fault.check()?;
        self.change(|plan| {
            if plan.armed.len() >= FAULTS {
                return Err(Error::new(ErrorKind::Full, format!("there are {FAULTS} faults already")));
            }
            plan.next_id += 1;
            plan.armed.push(ArmedFault { id: plan.next_id, fault });
            Ok(plan.next_id)
        })
    }

    pub(crate) fn remove(&self, id: u64) -> bool {
        self.change(|plan| {
            let before = plan.armed.len();
            plan.armed.retain(|armed| armed.id != id);
            plan.armed.len() < before
        })
    }

    pub(crate) fn set_random(&self, random: Option<RandomFaults>) -> Result<(), Error> {
        if let Some(random) = &random
            && (!(0.0..=1.0).contains(&random.rate) || random.kinds.is_empty())
        {
            return Err(Error::invalid("random faults need a rate from 0 to 1 and at least one kind"));
        }
        self.change(|plan| {
            plan.calls.clear();
            plan.random = random;
        });
        Ok(())
    }

    pub(crate) fn clear(&self) {
        self.change(|plan| *plan = Plan { next_id: plan.next_id, ..Plan::default() });
    }

    pub(crate) fn list(&self) -> (Vec<ArmedFault>, Option<RandomFaults>) {
        self.change(|plan| (plan.armed.clone(), plan.random.clone()))
    }

    /// What goes wrong with this call, if anything: the first armed fault that fits, else chance.
    pub(crate) fn strike(&self, place: Place, subject: Subject<'_>) -> Option<FaultSpec> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        self.change(|plan| {
            let at = plan.armed.iter().position(|armed| armed.fault.strikes(place, subject));
            let Some(at) = at else { return plan.chance(place, subject.media_id) };
            let fault = plan.armed[at].fault.clone();
            if let Some(times) = &mut plan.armed[at].fault.times {
                *times -= 1;
                if *times == 0 {
                    plan.armed.remove(at);
                }
            }
            Some(fault)
        })
    }

    fn change<T>(&self, change: impl FnOnce(&mut Plan) -> T) -> T {
        let mut plan = self.plan.lock();
        let result = change(&mut plan);
        self.any.store(!plan.armed.is_empty() || plan.random.is_some(), Ordering::Release);
        result
    }
}

impl Plan {
    fn chance(&mut self, place: Place, media_id: Option<&str>) -> Option<FaultSpec> {
        let random = self.random.as_ref()?;
        let media_id = media_id.unwrap_or_default().to_owned();
        let calls = self.calls.entry((place, media_id.clone())).or_default();
        *calls += 1;
        let draw = |what: &str| {
            let mut hasher = DefaultHasher::new();
            (random.seed, what, place, &media_id, *calls).hash(&mut hasher);
            hasher.finish()
        };
        #[expect(clippy::cast_precision_loss, reason = "a share needs no more precision")]
        let share = draw("whether") as f64 / u64::MAX as f64;
        if share >= random.rate {
            return None;
        }
        let kinds: Vec<_> = random.kinds.iter().filter(|kind| kind.strikes_at(place)).collect();
        let chosen = usize::try_from(draw("which") % u64::try_from(kinds.len().max(1)).ok()?).ok()?;
        kinds.get(chosen).map(|kind| FaultSpec::new(**kind))
    }
}
