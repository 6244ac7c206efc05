//! Whether the engine can do its work right now.

use std::time::Duration;

use crate::engine::Engine;

/// A check that takes longer counts as failed.
const CHECK_WITHIN: Duration = Duration::from_secs(5);

/// Storage that failed is tried again right after its pause. If that was long ago, nothing wants to be stored.
const WELL_AFTER: Duration = Duration::from_secs(60);

/// One thing that has to work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub name: &'static str,
    pub ok: bool,
    /// What is wrong, in words for an operator.
    pub detail: Option<String>,
}

impl Engine {
    /// Checks the database and storage, and says whether storage holds downloads back.
    pub async fn health(&self) -> Vec<Check> {
        let database = check("database", async { self.store().check().await.map_err(chain) });
        let storage =
            check("storage", async { self.parts().storages.primary().check().await.map_err(chain) });
        let (database, mut storage) = tokio::join!(database, storage);
        let pause = self.gates().storage_pause();
        if let Some(pause) = pause.filter(|pause| self.now() < pause.until.plus(WELL_AFTER)) {
            storage.ok = false;
            storage.detail.get_or_insert_with(|| pause.code.sentence().to_owned());
        }
        vec![database, storage]
    }
}

async fn check(name: &'static str, work: impl Future<Output = Result<(), String>>) -> Check {
    let result = tokio::time::timeout(CHECK_WITHIN, work).await;
    let detail = match result {
        Ok(Ok(())) => None,
        Ok(Err(detail)) => Some(detail),
        Err(_) => Some(format!("no answer within {CHECK_WITHIN:?}")),
    };
    Check { name, ok: detail.is_none(), detail }
}

/// An error with all that lies beneath it, in one line.
pub(crate) fn chain(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}
