//! Live events: delivered at once to all listeners, and kept for a while for listeners that return.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mediary_core::{Clock, CompanyId, Error, ErrorCode, Result, Scope, limits};
use mediary_store::Change;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::broadcast;

use super::event::{EventData, EventName, LiveEvent};
use super::history::Histories;
use super::outbox::Outbox;

/// Events that may wait for one slow listener before it gets a resync.
const LISTENER_BACKLOG: usize = 256;
/// When a listener for whom there is no place may try again.
const NEXT_LISTENER_AFTER: Duration = Duration::from_secs(10);

/// One delivery to a listener.
#[derive(Clone, Debug)]
pub enum Delivery {
    Event(Arc<LiveEvent>),
    /// Events were missed: read everything again, then resume from `seq`.
    Resync {
        seq: u64,
    },
}

/// A number that no other process uses, and no transaction number of Postgres reaches.
pub(crate) fn private_number() -> u64 {
    rand::random::<u64>() | 1 << 63
}

/// A callback for every event of this process and every one received from others; it runs before the listeners get the event.
type Observer = dyn Fn(CompanyId, EventName, &EventData) + Send + Sync;

/// Delivers events to the listeners of their company. Clones share one bus.
#[derive(Clone)]
pub struct EventBus {
    inner: Arc<Mutex<Inner>>,
    /// The outbox to all processes, this one included, if there may be others.
    outbox: Option<Arc<Outbox>>,
    observer: Option<Arc<Observer>>,
}

impl fmt::Debug for EventBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventBus")
    }
}

#[derive(Debug)]
struct Inner {
    histories: Histories,
    companies: HashMap<CompanyId, Listeners>,
}

#[derive(Debug)]
struct Listeners {
    count: usize,
    sender: broadcast::Sender<Delivery>,
}

impl EventBus {
    /// A bus of this process alone. Numbers begin with the time of the start, so that a number of an earlier process is
    /// known to be old.
    pub fn new(clock: &dyn Clock) -> Self {
        let start = u64::try_from(clock.now().millis()).unwrap_or(0).saturating_mul(1000);
        Self { inner: Arc::new(Mutex::new(Inner::new(start))), outbox: None, observer: None }
    }

    /// A bus that publishes through the outbox, and receives by [`EventBus::deliver`].
    pub(crate) fn shared(outbox: Arc<Outbox>) -> Self {
        let inner = Arc::new(Mutex::new(Inner::new(private_number())));
        Self { inner, outbox: Some(outbox), observer: None }
    }

    /// Adds an observer, which gets each event before the listeners do: a cache that drops deleted records.
    #[must_use]
    pub(crate) fn observed_by(
        self,
        observer: impl Fn(CompanyId, EventName, &EventData) + Send + Sync + 'static,
    ) -> Self {
        Self { observer: Some(Arc::new(observer)), ..self }
    }

    /// Publishes what changed.
    pub(crate) fn publish_changes(&self, changes: &[Change]) {
        for change in changes {
            let (name, data) = EventData::of_change(change);
            self.publish(change.company_id, name, data);
        }
    }

    pub fn publish(&self, company_id: CompanyId, name: EventName, data: EventData) {
        self.observe(company_id, name, &data);
        match &self.outbox {
            Some(outbox) => outbox.event(company_id, name, data),
            None => {
                let mut inner = self.lock();
                let seq = inner.histories.last_seq() + 1;
                inner.tell(LiveEvent { seq, company_id, name, data });
            }
        }
    }

    /// Delivers an event to the listeners of this process.
    pub(crate) fn deliver(&self, event: LiveEvent) {
        self.observe(event.company_id, event.name, &event.data);
        self.lock().tell(event);
    }

    fn observe(&self, company_id: CompanyId, name: EventName, data: &EventData) {
        if let Some(observer) = &self.observer {
            observer(company_id, name, data);
        }
    }

    /// Events were missed: all listeners read everything again, and no earlier position is valid any more. No event has `seq`, so a
    /// listener that returns with an older position is known to have missed some.
    pub(crate) fn missed(&self, seq: u64) {
        let mut inner = self.lock();
        inner.histories = Histories::new(seq);
        for listeners in inner.companies.values() {
            let _ = listeners.sender.send(Delivery::Resync { seq });
        }
    }

    /// Listens to the events of a company that `scope` sees, from `last_event_id` on where the listener names the last one it saw.
    pub fn subscribe(&self, scope: Scope, last_event_id: Option<u64>) -> Result<Subscription> {
        let company_id = scope.company();
        let mut inner = self.lock();
        let listeners = inner
            .companies
            .entry(company_id)
            .or_insert_with(|| Listeners { count: 0, sender: broadcast::channel(LISTENER_BACKLOG).0 });
        if listeners.count >= limits::EVENT_LISTENERS_PER_COMPANY {
            let most = limits::EVENT_LISTENERS_PER_COMPANY;
            let detail =
                format!("your company has {most} streams of live events already; end one of them first");
            return Err(Error::refused(ErrorCode::RateLimited, detail).after(Some(NEXT_LISTENER_AFTER)));
        }
        listeners.count += 1;
        let receiver = listeners.sender.subscribe();
        let mut waiting = VecDeque::new();
        if let Some(last) = last_event_id {
            match inner.histories.after(company_id, last) {
                Ok(missed) => waiting.extend(missed.into_iter().map(Delivery::Event)),
                Err(seq) => waiting.push_back(Delivery::Resync { seq }),
            }
        }
        Ok(Subscription { bus: self.clone(), scope, waiting, receiver })
    }

    /// How many listen now, over all companies.
    pub fn listeners(&self) -> usize {
        self.lock().companies.values().map(|listeners| listeners.count).sum()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock()
    }
}

impl Inner {
    fn new(start: u64) -> Self {
        Self { histories: Histories::new(start), companies: HashMap::new() }
    }

    fn tell(&mut self, event: LiveEvent) {
        let event = Arc::new(event);
        self.histories.push(event.clone());
        if let Some(listeners) = self.companies.get(&event.company_id) {
            // Fails only while the last listener is being dropped.
            let _ = listeners.sender.send(Delivery::Event(event));
        }
    }
}

/// The subscription of one listener. Dropping it frees its slot.
#[derive(Debug)]
pub struct Subscription {
    bus: EventBus,
    scope: Scope,
    waiting: VecDeque<Delivery>,
    receiver: broadcast::Receiver<Delivery>,
}

impl Subscription {
    /// The next event. Never ends by itself; safe to drop while waiting.
    pub async fn next(&mut self) -> Delivery {
        loop {
            let delivery = self.next_of_company().await;
            match &delivery {
                Delivery::Event(event) if !is_seen(&self.scope, &event.data) => {}
                _ => return delivery,
            }
        }
    }

    async fn next_of_company(&mut self) -> Delivery {
        if let Some(delivery) = self.waiting.pop_front() {
            return delivery;
        }
        match self.receiver.recv().await {
            Ok(delivery) => delivery,
            Err(broadcast::error::RecvError::Lagged(_) | broadcast::error::RecvError::Closed) => {
                self.receiver = self.receiver.resubscribe();
                Delivery::Resync { seq: self.bus.lock().histories.newest(self.scope.company()) }
            }
        }
    }
}

/// An event without a conversation is about the company as a whole.
fn is_seen(scope: &Scope, data: &EventData) -> bool {
    scope.sees_everything() || data.conversation_id.is_some_and(|id| scope.sees_conversation(id))
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut inner = self.bus.lock();
        if let Some(listeners) = inner.companies.get_mut(&self.scope.company()) {
            listeners.count -= 1;
            if listeners.count == 0 {
                inner.companies.remove(&self.scope.company());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use mediary_core::{ConversationId, DownloadStatus, MediaId, Visibility};
    use mediary_testing::ManualClock;

    use super::*;

    const OURS: CompanyId = CompanyId(1);
    const THEIRS: CompanyId = CompanyId(2);

    fn bus() -> EventBus {
        EventBus::new(&ManualClock::default())
    }

    fn publish(bus: &EventBus, company: CompanyId, id: i64) {
        bus.publish(company, EventName::MessageCreated, EventData { id, ..EventData::default() });
    }

    async fn next_id(subscription: &mut Subscription) -> (u64, i64) {
        match subscription.next().await {
            Delivery::Event(event) => (event.seq, event.data.id),
            Delivery::Resync { .. } => panic!("events were missed"),
        }
    }

    #[tokio::test]
    async fn listener_receives_events_of_its_own_company_alone() {
        let bus = bus();
        let mut ours = bus.subscribe(Scope::system(OURS), None).unwrap();
        publish(&bus, THEIRS, 1);
        publish(&bus, OURS, 2);
        assert_eq!(next_id(&mut ours).await.1, 2);
    }

    #[tokio::test]
    async fn listener_that_returns_gets_missed_events() {
        let bus = bus();
        let mut first = bus.subscribe(Scope::system(OURS), None).unwrap();
        publish(&bus, OURS, 1);
        let (seen, _) = next_id(&mut first).await;
        drop(first);
        publish(&bus, THEIRS, 2);
        publish(&bus, OURS, 3);
        let mut again = bus.subscribe(Scope::system(OURS), Some(seen)).unwrap();
        publish(&bus, OURS, 4);
        assert_eq!(next_id(&mut again).await.1, 3);
        assert_eq!(next_id(&mut again).await.1, 4);
    }

    #[tokio::test]
    async fn position_that_is_no_longer_known_means_resync() {
        let bus = bus();
        for last in [0, 5, u64::MAX] {
            let mut listener = bus.subscribe(Scope::system(OURS), Some(last)).unwrap();
            assert!(matches!(listener.next().await, Delivery::Resync { .. }), "last event {last}");
        }
        publish(&bus, OURS, 0);
        let first_seq = bus.lock().histories.last_seq();
        for id in 0..i64::try_from(limits::EVENT_HISTORY).unwrap() {
            publish(&bus, OURS, id);
        }
        let mut listener = bus.subscribe(Scope::system(OURS), Some(first_seq)).unwrap();
        assert_eq!(
            next_id(&mut listener).await.0,
            first_seq + 1,
            "the oldest one remembered is still enough"
        );
        let mut listener = bus.subscribe(Scope::system(OURS), Some(first_seq - 1)).unwrap();
        assert!(matches!(listener.next().await, Delivery::Resync { .. }));
    }

    #[tokio::test]
    async fn flood_of_one_company_causes_no_resync_in_another() {
        let bus = bus();
        let mut ours = bus.subscribe(Scope::system(OURS), None).unwrap();
        publish(&bus, OURS, 1);
        let (seen, _) = next_id(&mut ours).await;
        drop(ours);
        publish(&bus, OURS, 2);
        for id in 0..10 * i64::try_from(limits::EVENT_HISTORY).unwrap() {
            publish(&bus, THEIRS, id);
        }
        let mut again = bus.subscribe(Scope::system(OURS), Some(seen)).unwrap();
        assert_eq!(next_id(&mut again).await.1, 2);
        // A place that is told with a resync holds while only others have events.
        let mut stranger = bus.subscribe(Scope::system(OURS), Some(7)).unwrap();
        let Delivery::Resync { seq } = stranger.next().await else { panic!("7 is no place") };
        publish(&bus, THEIRS, 0);
        publish(&bus, OURS, 3);
        let mut back = bus.subscribe(Scope::system(OURS), Some(seq)).unwrap();
        assert_eq!(next_id(&mut back).await.1, 3);
    }

    #[tokio::test]
    async fn position_of_one_process_is_not_taken_for_one_of_another() {
        let [ours, theirs] = [(); 2].map(|()| EventBus::shared(Arc::new(Outbox::default())));
        let starts = theirs.lock().histories.last_seq();
        let mut unknown = ours.subscribe(Scope::system(OURS), Some(starts)).unwrap();
        assert!(matches!(unknown.next().await, Delivery::Resync { .. }), "neither has received anything");
        ours.missed(private_number());
        theirs.missed(private_number());
        let missed_by_theirs = theirs.lock().histories.last_seq();
        for unknown in [0, 1, missed_by_theirs] {
            let mut listener = ours.subscribe(Scope::system(OURS), Some(unknown)).unwrap();
            assert!(matches!(listener.next().await, Delivery::Resync { .. }), "last event {unknown}");
        }
        // What all have missed is one place for all.
        let [mut first, mut second] = [&ours, &theirs].map(|bus| {
            bus.missed(5 * 1024 + 1023);
            bus.subscribe(Scope::system(OURS), Some(5 * 1024 + 1023)).unwrap()
        });
        for (bus, listener) in [(&ours, &mut first), (&theirs, &mut second)] {
            let data = EventData { id: 7, ..EventData::default() };
            bus.deliver(LiveEvent { seq: 6 * 1024, company_id: OURS, name: EventName::MessageCreated, data });
            assert_eq!(next_id(listener).await, (6 * 1024, 7));
        }
    }

    #[tokio::test]
    async fn slow_listener_is_told_what_it_missed_and_continues() {
        let bus = bus();
        let mut slow = bus.subscribe(Scope::system(OURS), None).unwrap();
        for id in 0..=i64::try_from(LISTENER_BACKLOG).unwrap() {
            publish(&bus, OURS, id);
        }
        assert!(matches!(slow.next().await, Delivery::Resync { .. }));
        publish(&bus, OURS, -1);
        assert_eq!(next_id(&mut slow).await.1, -1);
    }

    #[test]
    fn listener_slots_are_bounded_per_company_and_returned() {
        let bus = bus();
        let places: Vec<_> = (0..limits::EVENT_LISTENERS_PER_COMPANY)
            .map(|_| bus.subscribe(Scope::system(OURS), None).unwrap())
            .collect();
        assert_eq!(bus.subscribe(Scope::system(OURS), None).unwrap_err().code(), ErrorCode::RateLimited);
        bus.subscribe(Scope::system(THEIRS), None).unwrap();
        drop(places);
        assert_eq!(bus.listeners(), 0);
        bus.subscribe(Scope::system(OURS), None).unwrap();
    }

    #[tokio::test]
    async fn listener_who_sees_one_conversation_gets_its_events_alone() {
        let bus = bus();
        let seen = Visibility::Conversations([ConversationId(3)].into());
        let mut listener = bus.subscribe(Scope::new(OURS, seen.clone()), None).unwrap();
        publish(&bus, OURS, 1);
        let first = bus.lock().histories.last_seq();
        for (id, conversation) in [(2, 4), (3, 3), (4, 4), (5, 3)] {
            let conversation_id = Some(ConversationId(conversation));
            let data = EventData { id, conversation_id, ..EventData::default() };
            bus.publish(OURS, EventName::MessageCreated, data);
        }
        assert_eq!([next_id(&mut listener).await.1, next_id(&mut listener).await.1], [3, 5]);
        let mut back = bus.subscribe(Scope::new(OURS, seen), Some(first)).unwrap();
        assert_eq!(
            [next_id(&mut back).await.1, next_id(&mut back).await.1],
            [3, 5],
            "nor out of the history"
        );
    }

    #[test]
    fn observer_sees_what_is_published_here_and_what_is_received_from_others() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let record = seen.clone();
        let bus = EventBus::shared(Arc::new(Outbox::default()));
        let bus = bus.observed_by(move |company, _, data| record.lock().push((company, data.id)));
        publish(&bus, OURS, 1);
        let data = EventData { id: 2, ..EventData::default() };
        bus.deliver(LiveEvent { seq: 9, company_id: THEIRS, name: EventName::MediaDeleted, data });
        assert_eq!(*seen.lock(), [(OURS, 1), (THEIRS, 2)]);
    }

    #[test]
    fn event_data_is_camel_case_and_has_only_fields_that_apply() {
        let data = EventData {
            id: 4,
            media_id: Some(MediaId(4)),
            status: Some(DownloadStatus::Downloading),
            bytes_downloaded: Some(10),
            ..EventData::default()
        };
        assert_eq!(
            serde_json::to_string(&data).unwrap(),
            r#"{"id":4,"mediaId":4,"status":"downloading","bytesDownloaded":10}"#
        );
    }
}
