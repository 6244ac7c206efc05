//! How a file becomes an HTTP answer: ranges, conditions, headers, and bodies that hold one chunk at a time.

pub(crate) mod answer;
pub(crate) mod chunks;
pub(crate) mod conditions;
pub(crate) mod headers;
pub(crate) mod range;
