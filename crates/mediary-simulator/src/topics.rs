//! The SNS topics to which somebody was subscribed.

use parking_lot::Mutex;

/// A topic to which an address was subscribed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnsSubscription {
    pub topic_arn: String,
    pub confirmed: bool,
    token: String,
}

/// The subscriptions of a simulator.
#[derive(Debug, Default)]
pub(crate) struct Topics(Mutex<Vec<SnsSubscription>>);

impl Topics {
    pub(crate) fn all(&self) -> Vec<SnsSubscription> {
        self.0.lock().clone()
    }

    pub(crate) fn ask(&self, topic_arn: &str, token: String) {
        self.0.lock().push(SnsSubscription { topic_arn: topic_arn.to_owned(), confirmed: false, token });
    }

    /// Whether there is one with this token.
    pub(crate) fn confirm(&self, token: &str) -> bool {
        let mut all = self.0.lock();
        let asked = all.iter_mut().find(|subscription| subscription.token == token);
        asked.map(|subscription| subscription.confirmed = true).is_some()
    }
}
