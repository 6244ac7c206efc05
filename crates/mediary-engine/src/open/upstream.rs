//! Bytes that come straight from WhatsApp to a viewer.

use std::sync::Arc;

use mediary_core::{AccountStatus, ErrorCode};
use mediary_graph::ErrorKind;
use mediary_store::MediaFile;

use super::{FileInfo, OpenedMedia, Source, describe};
use crate::accounts::KnownAccount;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::provider::{self, Arrival, Range, Wish};

impl Engine {
    /// Streams a file from WhatsApp, nothing of it kept here.
    pub(super) async fn stream_from_whatsapp(
        &self,
        record: &MediaFile,
        range: Option<Range>,
    ) -> Result<OpenedMedia> {
        let account = self.usable_account(record).await?;
        let media_id = provider_id(record)?;
        let known_at = [record.provider_url_at, Some(record.created_at)];
        let url = self.urls().get(&(account.row.id, media_id.to_owned()));
        let url = url.or_else(|| provider::young_url(record.provider_url.as_ref(), known_at, self.now()));
        let wish = Wish { token: account.token()?, media_id, url, range };
        let Arrival { stream, info } = match provider::open(&self.parts().graph, wish, |_| Ok(())).await {
            Ok(arrival) => arrival,
            Err(error) => return Err(self.refused(&account, error).await),
        };
        let mut described = describe(record, false);
        if let Some(info) = info {
            described.size = info.file_size.or(described.size);
            self.urls().insert((account.row.id, media_id.to_owned()), info.url);
        }
        Ok(OpenedMedia { info: Arc::new(described), source: Source::Provider(Box::new(stream)) })
    }

    /// What Graph says of a file, without its bytes.
    pub(super) async fn describe_from_whatsapp(&self, record: &MediaFile) -> Result<OpenedMedia> {
        let account = self.usable_account(record).await?;
        let answer = provider::ask(&self.parts().graph, account.token()?, provider_id(record)?).await;
        let info = match answer {
            Ok(info) => info,
            Err(error) => return Err(self.refused(&account, error).await),
        };
        let known = describe(record, false);
        let described = FileInfo {
            size: info.file_size.or(known.size),
            mime_type: info.mime_type.unwrap_or_else(|| known.mime_type.clone()),
            ..known
        };
        Ok(OpenedMedia { info: Arc::new(described), source: Source::Described })
    }

    /// The file's account, if WhatsApp may be asked with it now.
    pub(super) async fn usable_account(&self, record: &MediaFile) -> Result<Arc<KnownAccount>> {
        let account = self.account_of(record.company_id, record.account_id).await?;
        account.token()?;
        let paused = account.row.paused_until.filter(|until| *until > self.now());
        if let (Some(until), AccountStatus::Active) = (paused, account.row.status) {
            let wait = until.since(self.now());
            return Err(Error::new(ErrorCode::ProviderRateLimited, "WhatsApp asks to wait").after(Some(wait)));
        }
        Ok(account)
    }

    /// What WhatsApp says to a viewer holds for the account's downloads too.
    async fn refused(&self, account: &KnownAccount, error: mediary_graph::Error) -> Error {
        let noted = match error.kind() {
            ErrorKind::Unauthorized => self.token_refused(account).await,
            ErrorKind::Throttled => self.throttled(account, error.retry_after()).await,
            _ => Ok(()),
        };
        if let Err(failed) = noted {
            tracing::error!(
                error = &failed as &dyn std::error::Error,
                "an account's trouble could not be noted"
            );
        }
        error.into()
    }
}

fn provider_id(record: &MediaFile) -> Result<&str> {
    let id = record.provider_media_id.as_deref();
    id.ok_or_else(|| Error::new(ErrorCode::MediaExpired, "nothing is known by which WhatsApp could be asked"))
}
