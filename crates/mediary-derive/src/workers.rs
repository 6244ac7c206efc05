//! Whatever runs jobs, for those who have some.

use std::fmt;

use async_trait::async_trait;

use crate::pool::{Job, Pool};
use crate::{Derived, Result};

/// Runs jobs: a pool of processes that are locked up, or what stands in for it in a test.
#[async_trait]
pub trait Workers: fmt::Debug + Send + Sync {
    /// Makes what the job says.
    ///
    /// # Errors
    /// What is wrong with the file, or with the worker.
    async fn run(&self, job: Job) -> Result<Derived>;

    /// Jobs that run at once; more of them wait.
    fn at_once(&self) -> usize;

    /// Whether ffmpeg makes what the workers cannot.
    fn has_ffmpeg(&self) -> bool {
        false
    }
}

#[async_trait]
impl Workers for Pool {
    async fn run(&self, job: Job) -> Result<Derived> {
        Self::run(self, job).await
    }

    fn at_once(&self) -> usize {
        self.max_workers()
    }
}
