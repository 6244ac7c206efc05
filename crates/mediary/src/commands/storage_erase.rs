//! `mediary storage erase`: what was kept before the media policy said to keep nothing.

use mediary_store::{Actor, StoredTally};
use serde_json::json;

use super::account;
use crate::cli::StorageEraseArgs;
use crate::output::{Outcome, WrongUsage, counted, print, were};
use crate::progress;
use crate::wiring::{self, Parts};

pub(super) async fn run(parts: &Parts, args: &StorageEraseArgs) -> anyhow::Result<Outcome> {
    let company = wiring::company(&parts.store, &args.of.company).await?;
    let account = match &args.phone_number_id {
        Some(number) => Some(account::find(&parts.store, &company, number).await?.id),
        None => None,
    };
    let kept = parts.engine.kept_against_policy(company.id, account).await?;
    if !args.yes && !args.dry_run {
        let message =
            format!("{} Add --yes to erase, or --dry-run to only count.", sentence(kept, "would be"));
        return Err(WrongUsage(message).into());
    }
    if args.yes {
        let bar = progress::files(kept.stored.files, args.output.json);
        parts
            .engine
            .erase_kept_now(company.id, account, &Actor::command_line(), |files| bar.inc(files as u64))
            .await?;
        bar.finish_and_clear();
    }
    let StoredTally { stored, only_here } = kept;
    let counts = json!({ "files": stored.files, "bytes": stored.bytes,
        "onlyHere": { "files": only_here.files, "bytes": only_here.bytes } });
    print(args.output, &counts, || {
        sentence(kept, if args.yes { were(kept.stored.files) } else { "would be" })
    })?;
    Ok(Outcome::Done)
}

fn sentence(kept: StoredTally, verb: &str) -> String {
    let StoredTally { stored, only_here } = kept;
    format!(
        "{} of {} {verb} erased; no longer at WhatsApp either: {}.",
        counted(stored.files, "file"),
        counted(stored.bytes, "byte"),
        only_here.files
    )
}
