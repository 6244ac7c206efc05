//! For how long files are kept, as JSON.

use mediary_core::{Retention, RetentionMode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::words;
use crate::problem::Problem;

/// For how long stored files are kept.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Retention)]
pub(crate) struct RetentionBody {
    #[schema(value_type = words::RetentionMode)]
    mode: RetentionMode,
    /// None for `forever`.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 36500)]
    days: Option<i64>,
}

impl RetentionBody {
    pub(crate) fn checked(&self) -> Result<Retention, Problem> {
        Retention::new(self.mode, self.days).map_err(|wrong| Problem::field(wrong.field, wrong.rule))
    }
}

impl From<Retention> for RetentionBody {
    fn from(retention: Retention) -> Self {
        Self { mode: retention.mode(), days: retention.days() }
    }
}
