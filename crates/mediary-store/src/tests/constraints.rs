//! The rules that the schema itself keeps, one by one.

use mediary_core::{
    AccountStatus, DerivationStep, Direction, DownloadStatus, FileType, Integrity, MediaPolicy,
    MessageStatus, MessageType, Role, ScanStatus, Scope, StorageBackend, VariantKind,
};

use super::harness::Test;
use super::on_both;
use super::rows::{item, picture, text};
use crate::*;

/// Runs a statement that the schema has to refuse, naming the constraint.
async fn refused(test: &Test, sql: &str, constraint: &str) {
    let Err(error) = test.sql(sql).await else { panic!("accepted: {sql}") };
    let ErrorKind::Conflict { constraint: named } = error.kind() else { panic!("{error:?}") };
    // SQLite names the columns of a unique key, and nothing at all of a foreign one.
    let known =
        named.contains(constraint) || (test.store.backend() == Backend::Sqlite && !named.contains("check"));
    assert!(known, "{sql}\nrefused by {named}, not {constraint}");
}

async fn enum_columns_take_exactly_the_values_of_the_program(test: &Test) {
    test.picture(test.acme, "m1").await;
    test.ingest(vec![item(text(test.acme, "m2"))]).await;
    let of_text = "provider_message_id = 'm2'";
    let user =
        NewUser { email: "a@b".into(), name: "a".into(), role: Role::Admin, password_hash: "x".into() };
    test.store.add_user(test.acme.company, &user, &Actor::command_line()).await.unwrap();
    test.sql("UPDATE media_files SET storage_key = 'k', storage_backend = 'local', file_size = 1, lease_owner = 'w',
        lease_until = 1, next_attempt_at = NULL, due = FALSE, sha256 = declared_sha256").await.unwrap();
    test.sql("UPDATE messages SET reaction_target = 'x', provider_media_id = 'x'").await.unwrap();
    test.sql(
        "INSERT INTO derivations (company_id, id, version, error, lease_owner, lease_until)
        SELECT company_id, id, 1, 'x', 'w', 1 FROM media_files",
    )
    .await
    .unwrap();
    test.sql(
        "INSERT INTO sends (company_id, id, account_id, conversation_id, asked_at, content, lease_owner, lease_until,
            created_at, updated_at)
        SELECT company_id, id, account_id, conversation_id, 1, '{}', 'w', 1, 1, 1 FROM messages",
    )
    .await
    .unwrap();
    test.sql("INSERT INTO media_variants (version, company_id, media_id, kind, storage_key, storage_backend, mime_type, file_size,
            sha256, created_at, file_type, file_created_at)
        SELECT 1, company_id, id, 'thumb', 'v', 'local', 'image/webp', 1, sha256, 1, file_type, created_at FROM media_files")
        .await.unwrap();
    fn words<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> Vec<&'static str> {
        all.iter().copied().map(word).collect()
    }
    let columns = [
        ("companies", "media_policy", "TRUE", words(MediaPolicy::ALL, MediaPolicy::as_str)),
        ("whatsapp_accounts", "media_policy", "TRUE", words(MediaPolicy::ALL, MediaPolicy::as_str)),
        ("whatsapp_accounts", "status", "TRUE", words(AccountStatus::ALL, AccountStatus::as_str)),
        ("users", "role", "TRUE", words(Role::ALL, Role::as_str)),
        ("messages", "direction", of_text, words(Direction::ALL, Direction::as_str)),
        ("messages", "type", of_text, words(MessageType::ALL, MessageType::as_str)),
        ("messages", "status", of_text, words(MessageStatus::ALL, MessageStatus::as_str)),
        ("derivations", "state", "TRUE", vec!["waiting", "running", "done", "failed"]),
        ("derivations", "step", "TRUE", words(DerivationStep::ALL, DerivationStep::as_str)),
        ("sends", "state", "TRUE", vec!["waiting", "running", "done", "failed", "unknown"]),
        ("media_variants", "kind", "TRUE", words(VariantKind::ALL, VariantKind::as_str)),
        ("media_variants", "storage_backend", "TRUE", words(StorageBackend::ALL, StorageBackend::as_str)),
        ("media_files", "policy", "TRUE", words(MediaPolicy::ALL, MediaPolicy::as_str)),
        ("media_files", "file_type", "TRUE", words(FileType::ALL, FileType::as_str)),
        ("media_files", "download_status", "TRUE", words(DownloadStatus::ALL, DownloadStatus::as_str)),
        ("media_files", "storage_backend", "TRUE", words(StorageBackend::ALL, StorageBackend::as_str)),
        ("media_files", "integrity", "TRUE", words(Integrity::ALL, Integrity::as_str)),
        ("media_files", "scan_status", "TRUE", words(ScanStatus::ALL, ScanStatus::as_str)),
    ];
    for (table, column, rows, words) in columns {
        for word in words {
            let sql = format!("UPDATE {table} SET {column} = '{word}' WHERE {rows}");
            assert!(test.sql(&sql).await.unwrap() > 0, "{sql}");
        }
        let sql = format!("UPDATE {table} SET {column} = 'nonsense' WHERE {rows}");
        refused(test, &sql, &format!("{table}_{column}_check")).await;
    }
}

async fn inbound_media_has_its_provider_media_id(test: &Test) {
    test.picture(test.acme, "m1").await;
    for kind in FileType::ALL {
        let sql = format!("UPDATE messages SET type = '{kind}', provider_media_id = NULL");
        refused(test, &sql, "messages_media_id_check").await;
    }
    test.sql("UPDATE messages SET provider_media_id = NULL, imported = TRUE").await.unwrap();
    test.sql("UPDATE messages SET imported = FALSE, direction = 'outbound'").await.unwrap();
}

async fn completed_file_has_key_size_and_hash(test: &Test) {
    test.stored("m1").await;
    for column in ["storage_key", "storage_backend", "file_size", "sha256"] {
        let sql = format!("UPDATE media_files SET {column} = NULL");
        refused(test, &sql, "media_files_completed_check").await;
    }
    refused(test, "UPDATE media_files SET file_size = -1", "media_files_file_size_check").await;
    refused(test, "UPDATE media_files SET download_status = 'downloading'", "media_files_lease_check").await;
    refused(test, "UPDATE media_files SET due = TRUE", "media_files_due_check").await;
    refused(test, "UPDATE media_files SET next_attempt_at = 1", "media_files_queued_check").await;
    refused(test, "UPDATE companies SET retention_days = 0", "companies_retention_days_check").await;
    refused(test, "UPDATE conversations SET unread_count = -1", "conversations_unread_count_check").await;
    refused(test, "UPDATE contacts SET wa_id = NULL", "contacts_identity_check").await;
    refused(test, "UPDATE messages SET type = 'reaction'", "messages_reaction_check").await;
}

async fn derivation_has_what_its_state_needs(test: &Test) {
    test.stored("m1").await;
    refused(test, "UPDATE derivations SET state = 'done', due_at = NULL", "derivations_version_check").await;
    let failed = "UPDATE derivations SET state = 'failed', version = 1, due_at = NULL";
    refused(test, failed, "derivations_error_check").await;
    refused(test, "UPDATE derivations SET state = 'running', due_at = NULL", "derivations_lease_check").await;
    let running = "UPDATE derivations SET state = 'running', lease_owner = 'w', lease_until = 1";
    refused(test, running, "derivations_due_check").await;
    let stray = "INSERT INTO derivations (company_id, id) SELECT company_id, id + 1 FROM media_files";
    refused(test, stray, "derivations_media_fkey").await;
}

async fn send_has_what_its_state_needs(test: &Test) {
    let with = super::sends::conversation(test, test.acme, "491").await;
    for client_id in ["a", "b"] {
        let new = NewSend { client_id: Some(client_id.into()), ..super::sends::new_text(with) };
        test.store.queue_send(&Scope::system(test.acme.company), &new).await.unwrap();
    }
    refused(test, "UPDATE messages SET client_id = 'same'", "messages_client_id_key").await;
    refused(test, "UPDATE sends SET due_at = 1, state = 'done'", "sends_due_check").await;
    refused(test, "UPDATE sends SET due_at = NULL, state = 'running'", "sends_lease_check").await;
    refused(test, "UPDATE sends SET due_at = NULL, state = 'unknown'", "sends_asked_check").await;
    refused(test, "UPDATE sends SET id = id + 100", "sends_message_fkey").await;
    test.sql("DELETE FROM messages").await.unwrap();
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM sends").await, 0);
}

async fn rows_are_unique_by_their_keys(test: &Test) {
    test.ingest(vec![item(picture(test.acme, "m1")), item(text(test.acme, "m2"))]).await;
    let twice = "UPDATE messages SET provider_message_id = 'same'";
    refused(test, twice, "messages_provider_message_id_key").await;
    let second = "INSERT INTO media_files (company_id, account_id, conversation_id, message_id, policy, file_type,
            expires_at, created_at, updated_at)
        SELECT company_id, account_id, conversation_id, message_id, policy, file_type, 1, 1, 1 FROM media_files";
    refused(test, second, "media_files_part_key").await;
    let second = "INSERT INTO contacts (company_id, wa_id, created_at, updated_at)
        SELECT company_id, wa_id, 1, 1 FROM contacts";
    refused(test, second, "contacts_wa_id_key").await;
    let second = "INSERT INTO conversations (company_id, account_id, contact_id, last_message_at, created_at, updated_at)
        SELECT company_id, account_id, contact_id, 1, 1, 1 FROM conversations";
    refused(test, second, "conversations_contact_key").await;
}

async fn records_point_only_within_their_company(test: &Test) {
    test.picture(test.acme, "m1").await;
    let (other, account) = (test.other.company, test.other.account);
    for table in ["messages", "media_files", "conversations"] {
        let sql = format!("UPDATE {table} SET company_id = {other}, account_id = {account}");
        refused(test, &sql, "_fkey").await;
    }
    let sql = format!("UPDATE messages SET account_id = {account}");
    refused(test, &sql, "_fkey").await;
}

async fn rows_of_a_company_or_conversation_are_deleted_with_it(test: &Test) {
    test.stored("m1").await;
    test.ingest(vec![item(picture(test.other, "m1"))]).await;
    let rows = async |table: &str| {
        let sql = format!("SELECT CAST(COUNT(*) AS BIGINT) FROM {table}");
        test.number(&sql).await
    };
    let acme = test.acme.company;
    test.sql(&format!("DELETE FROM conversations WHERE company_id = {acme}")).await.unwrap();
    assert_eq!((rows("messages").await, rows("media_files").await), (1, 1));
    test.sql("DELETE FROM companies").await.unwrap();
    for table in
        ["whatsapp_accounts", "contacts", "conversations", "messages", "media_files", "download_turns"]
    {
        assert_eq!(rows(table).await, 0, "{table}");
    }
}

async fn value_that_cannot_be_read_names_its_table_column_and_row(test: &Test) {
    let media = test.picture(test.acme, "m1").await;
    test.sql("UPDATE media_files SET last_error_code = 'gone_wrong'").await.unwrap();
    let error = test.store.media(&Scope::system(test.acme.company), media.id).await.unwrap_err();
    let place = ErrorKind::Corrupt { table: "media_files", column: "last_error_code", id: media.id.0 };
    assert_eq!(error.kind(), &place);
    assert!(!error.retryable());
}

on_both!(
    enum_columns_take_exactly_the_values_of_the_program,
    inbound_media_has_its_provider_media_id,
    completed_file_has_key_size_and_hash,
    derivation_has_what_its_state_needs,
    send_has_what_its_state_needs,
    rows_are_unique_by_their_keys,
    records_point_only_within_their_company,
    rows_of_a_company_or_conversation_are_deleted_with_it,
    value_that_cannot_be_read_names_its_table_column_and_row,
);
