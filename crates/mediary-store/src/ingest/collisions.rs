//! Collisions between transactions of several nodes, which are retried at once.

use std::time::Duration;

use crate::db::Tx;
use crate::tries::TRIES;
use crate::{Error, ErrorKind, Result};

/// Constraints that a transaction can violate only if another one wrote between its read and its write: a contact got the id that it
/// was about to give to another one, or a conversation was joined with another and removed.
const BROKEN_BY_OTHERS: &[&str] = &[
    "contacts_wa_id_key",
    "contacts_user_id_key",
    "conversations_contact_key",
    "conversations_contact_fkey",
    "messages_conversation_fkey",
    "media_files_part_key",
    "media_files_message_fkey",
    "media_files_conversation_fkey",
];

/// The longest pause before the second try; twice as long before each further one.
const PAUSE: Duration = Duration::from_millis(2);

/// The tries of one transaction.
#[derive(Default)]
pub(super) struct Tries(u32);

impl Tries {
    /// Rolls a failed transaction back; the error, unless it is worth another try. Where many collide at once, pauses of
    /// random length keep them from meeting again and again.
    pub(super) async fn after(&mut self, tx: Tx, error: Error) -> Result<()> {
        tx.roll_back().await;
        self.0 += 1;
        if !collided(&error) || self.over() {
            return Err(error);
        }
        let longest = PAUSE.saturating_mul(2_u32.saturating_pow(self.0 - 1));
        tokio::time::sleep(longest.mul_f64(rand::random())).await;
        Ok(())
    }

    /// Whether an error ends the transaction without another try.
    fn over(&self) -> bool {
        self.0 >= TRIES
    }

    /// Whether the transaction collided before.
    pub(super) fn collided_before(&self) -> bool {
        self.0 > 0
    }

    /// Whether this is the last try. A constraint that is still violated then is not due to a collision.
    fn last(&self) -> bool {
        self.0 + 1 >= TRIES
    }

    /// Whether an error tells nothing about what was to be written. In the last try a collision does.
    pub(super) fn may_pass(&self, error: &Error) -> bool {
        error.is_unavailable() || (collided(error) && !self.last())
    }
}

fn collided(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Collision => true,
        ErrorKind::Conflict { constraint } => BROKEN_BY_OTHERS.contains(&constraint.as_str()),
        _ => false,
    }
}
