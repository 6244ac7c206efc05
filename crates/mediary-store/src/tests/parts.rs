//! Messages with several files.

use mediary_core::{DownloadStatus, MessageType, Scope};
use sqlx::{AssertSqlSafe, Executor as _};

use super::edits::revoke;
use super::harness::Test;
use super::on_both;
use super::rows::{Tenant, finished, item, new_media, picture, text};
use crate::value::args;
use crate::*;

/// A filled form with these files.
fn form(tenant: Tenant, id: &str, files: &[&str]) -> IncomingMessage {
    IncomingMessage {
        message_type: MessageType::Interactive,
        attachments: files.iter().map(|file| new_media(file)).collect(),
        ..text(tenant, id)
    }
}

fn parts(message: &MessageWithMedia) -> Vec<(u32, &str)> {
    message.attachments.iter().map(|file| (file.part, file.provider_media_id.as_deref().unwrap())).collect()
}

fn provider_id(name: &str) -> String {
    new_media(name).provider_media_id.unwrap()
}

async fn form_is_one_message_with_all_its_files(test: &Test) {
    let outcome = test
        .ingest(vec![item(form(test.acme, "m1", &["a", "b", "c"])), item(picture(test.acme, "m2"))])
        .await;
    assert!(outcome.downloads_due);
    let message = test.message(test.acme, "m1").await;
    let (a, b, c) = (provider_id("a"), provider_id("b"), provider_id("c"));
    assert!(message.media.is_none());
    assert_eq!(parts(&message), [(1, &*a), (2, &*b), (3, &*c)]);
    let conversation = test.conversation(test.acme).await;
    let page = test
        .store
        .messages(&Scope::system(test.acme.company), conversation.id, &PageRequest::default())
        .await
        .unwrap();
    let counts: Vec<_> = page.items.iter().map(|row| (row.media.is_some(), row.attachments.len())).collect();
    assert_eq!(counts, [(true, 0), (false, 3)], "each message once, with its own files");
    assert_eq!(test.conversations(test.acme).await.len(), 1, "the inbox has it once");
    let gallery =
        test.store.media_list(&Scope::system(test.acme.company), &MediaQuery::default()).await.unwrap();
    assert_eq!(gallery.items.len(), 4);
    for part in 1..=3 {
        let file = test
            .store
            .media_by_part(&Scope::system(test.acme.company), message.message.id, part)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(file.part, part);
        let stranger = test
            .store
            .media_by_part(&Scope::system(test.other.company), message.message.id, part)
            .await
            .unwrap();
        assert!(stranger.is_none());
    }
    assert!(
        test.store
            .media_by_message(&Scope::system(test.acme.company), message.message.id)
            .await
            .unwrap()
            .is_none()
    );
}

async fn attachments_are_downloaded_once_each(test: &Test) {
    test.ingest(vec![item(form(test.acme, "m1", &["a", "b"]))]).await;
    test.ingest(vec![item(form(test.acme, "m1", &["a", "b"]))]).await;
    let claimed = test.claim().await;
    assert_eq!(claimed.len(), 2);
    for claim in &claimed {
        assert!(test.store.finish_download(finished(claim)).await.unwrap());
    }
    let message = test.message(test.acme, "m1").await;
    assert!(message.attachments.iter().all(|file| file.download_status == DownloadStatus::Completed));
}

async fn repeated_message_retries_attachments_that_are_missing_or_failed(test: &Test) {
    test.ingest(vec![item(form(test.acme, "m1", &["a"]))]).await;
    let failed = "UPDATE media_files SET download_status = 'failed', next_attempt_at = NULL, due = FALSE";
    test.sql(failed).await.unwrap();
    let outcome = test.ingest(vec![item(form(test.acme, "m1", &["a", "b"]))]).await;
    assert!(outcome.downloads_due);
    let message = test.message(test.acme, "m1").await;
    let states: Vec<_> = message.attachments.iter().map(|file| file.download_status).collect();
    assert_eq!(states, [DownloadStatus::Pending; 2]);
    let outcome = test.ingest(vec![item(form(test.acme, "m1", &["a", "b"]))]).await;
    assert!(outcome.changes.is_empty(), "{:?}", outcome.changes);
}

async fn revocation_deletes_every_file(test: &Test) {
    test.ingest(vec![item(form(test.acme, "m1", &["a", "b"]))]).await;
    let outcome = test.ingest(vec![revoke(test.acme, "m1")]).await;
    let deleted = outcome.changes.iter().filter(|change| change.kind == ChangeKind::MediaDeleted).count();
    assert_eq!(deleted, 2);
    assert!(test.message(test.acme, "m1").await.attachments.iter().all(|file| !file.is_active));
    assert!(test.claim().await.is_empty());
}

async fn files_of_a_message_cannot_share_a_part(test: &Test) {
    test.ingest(vec![item(form(test.acme, "m1", &["a", "b"]))]).await;
    let moved = test.sql("UPDATE media_files SET part = 1").await;
    assert!(matches!(moved.unwrap_err().kind(), ErrorKind::Conflict { .. }));
}

on_both!(
    form_is_one_message_with_all_its_files,
    attachments_are_downloaded_once_each,
    repeated_message_retries_attachments_that_are_missing_or_failed,
    revocation_deletes_every_file,
    files_of_a_message_cannot_share_a_part
);

/// The step that gives files a part writes both tables again on SQLite, with foreign keys on.
#[tokio::test]
async fn migration_to_parts_keeps_every_file_and_variant() {
    let test = Test::on(Backend::Sqlite).await;
    let media = test.picture(test.acme, "m1").await;
    test.picture(test.acme, "m2").await;
    let variant = format!(
        "INSERT INTO media_variants (version, company_id, media_id, kind, storage_key, storage_backend, mime_type, file_size, created_at,
                sha256, file_type, file_created_at)
            VALUES (1, {}, {}, 'thumb', 'k', 'local', 'image/webp', 1, 1, zeroblob(32), 'image', 1)",
        test.acme.company, media.id
    );
    test.sql(&variant).await.unwrap();
    test.sql("DELETE FROM media_files WHERE id = (SELECT MAX(id) FROM media_files)").await.unwrap();
    // Of later steps: they name columns that the step before them does not know.
    let later = "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name <> 'media_files' AND sql LIKE '%media_files%'";
    for (name,) in test.store.db().all::<(String,)>(later, args![]).await.unwrap() {
        test.sql(&format!("DROP TRIGGER {name}")).await.unwrap();
    }
    let (_, step) = crate::migrations::STEPS.iter().find(|(name, _)| *name == "media_parts").unwrap();
    let crate::db::Db::Sqlite { writer, .. } = test.store.db() else { panic!("not SQLite") };
    let mut tx = writer.pool().begin().await.unwrap();
    tx.execute(sqlx::raw_sql(AssertSqlSafe(crate::dialect::schema(Backend::Sqlite, step)))).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(test.number("SELECT COUNT(*) FROM media_variants").await, 1);
    assert_eq!(test.number("SELECT COUNT(*) FROM pragma_foreign_key_check").await, 0);
    // By their columns alone: what later steps added is gone from this table.
    let kept = format!(
        "SELECT COUNT(*) FROM media_files WHERE id = {} AND part = 0 AND provider_media_id = 'media-m1'
            AND message_id = {}",
        media.id,
        media.message_id.unwrap()
    );
    assert_eq!(test.number(&kept).await, 1);
    let second = "INSERT INTO media_files (company_id, account_id, conversation_id, message_id, part, policy, file_type,
            expires_at, created_at, updated_at)
        SELECT company_id, account_id, conversation_id, message_id, 1, policy, file_type, 1, 1, 1 FROM media_files";
    test.sql(second).await.unwrap();
    assert!(test.number("SELECT MAX(id) FROM media_files").await > media.id.0 + 1, "no id is given twice");
    // And it still goes with its file.
    test.sql(&format!("DELETE FROM media_files WHERE id = {}", media.id)).await.unwrap();
    assert_eq!(test.number("SELECT COUNT(*) FROM media_variants").await, 0);
    test.end().await;
}
