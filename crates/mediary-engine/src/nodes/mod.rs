//! The other processes on one Postgres database: what is published to them and received from them, and who of them is gone.

pub(crate) mod presence;
pub(crate) mod relay;
