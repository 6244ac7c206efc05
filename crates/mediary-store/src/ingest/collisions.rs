//! Transactions of several nodes that stand in each other's way, and are done again at once.

use std::time::Duration;

use crate::db::Tx;
use crate::tries::TRIES;
use crate::{Error, ErrorKind, Result};

/// Constraints that a transaction which looked before it wrote breaks only if somebody else wrote in between: a contact
/// got the id that it was about to give to another, or a conversation was joined to another and is gone.
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

    /// Whether nothing is tried again after this.
    fn over(&self) -> bool {
        self.0 >= TRIES
    }

    /// Whether this is the last try: what collides now collides with no one.
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
