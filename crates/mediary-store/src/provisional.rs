//! Ids of messages that are not WhatsApp's own, as AWS answers them: they stand in for WhatsApp's until a status brings that.

/// What such an id begins with; none of WhatsApp's does.
const PREFIX: &str = "aws:";

/// The id to keep of a message that AWS calls by this one.
pub fn provisional_id(of_aws: &str) -> String {
    format!("{PREFIX}{of_aws}")
}

pub(crate) fn is_provisional(id: &str) -> bool {
    id.starts_with(PREFIX)
}
