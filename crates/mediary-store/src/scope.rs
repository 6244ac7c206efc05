//! The one predicate that decides which rows a caller sees.

use std::borrow::Cow;

use mediary_core::{Scope, Visibility};

/// The condition on a column that holds a row's conversation, to stand right behind the one on the company. Ids are numbers, so
/// they stand in the text itself.
pub(crate) fn and_seen(scope: &Scope, conversation: &str) -> Cow<'static, str> {
    match scope.sees() {
        Visibility::Everything => "".into(),
        Visibility::Conversations(ids) if ids.is_empty() => " AND FALSE".into(),
        Visibility::Conversations(ids) => {
            let ids: Vec<String> = ids.iter().map(|id| id.0.to_string()).collect();
            format!(" AND {conversation} IN ({})", ids.join(", ")).into()
        }
    }
}
