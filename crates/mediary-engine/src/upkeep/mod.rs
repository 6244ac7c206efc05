//! Periodic work and commands of operators: sweeps, checks, moves, policies, health.

pub(crate) mod backfill;
pub(crate) mod derivations;
pub(crate) mod health;
pub(crate) mod inspect;
pub(crate) mod policies;
pub(crate) mod relocate;
pub(crate) mod sweep;
