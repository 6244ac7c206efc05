//! How a file becomes an HTTP answer: ranges, conditions, headers, and bodies that hold little in memory.

pub(crate) mod answer;
pub(crate) mod archive;
mod body;
pub(crate) mod conditions;
pub(crate) mod headers;
mod mapped;
pub(crate) mod range;
mod redirect;
#[cfg(test)]
mod variants;
pub(crate) mod watch;
