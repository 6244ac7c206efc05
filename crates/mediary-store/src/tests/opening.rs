//! Databases that cannot be opened, and what is said of each.

use std::path::PathBuf;
use std::sync::Arc;

use mediary_testing::database::postgres_server;
use mediary_testing::wire::free_port;
use mediary_testing::{ManualClock, START};

use super::harness::{Test, open};
use super::on_both;
use super::rows::new_company;
use crate::*;

/// What is said, from the first error to the last cause.
async fn said(url: &str) -> String {
    let options = StoreOptions { url: url.to_owned(), max_connections: 2 };
    let error = Store::open(&options, Arc::new(ManualClock::default())).await.unwrap_err();
    let mut said = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        said = format!("{said}: {error}");
        cause = error.source();
    }
    for inner in ["at line", "returned from database", "communicating", "sqlx", "os error", "hunter2"] {
        assert!(!said.contains(inner), "{said:?} is the driver's");
    }
    said
}

#[tokio::test]
async fn sqlite_file_that_cannot_be_opened_says_what_is_wrong_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("letter"), "Dear Sir or Madam, this is no database at all.".repeat(100)).unwrap();
    let letter = said(&format!("sqlite://{}", path("letter"))).await;
    assert!(letter.contains("letter is not an SQLite database; name another file"), "{letter}");
    let a_folder = said(&format!("sqlite://{}", folder.path().display())).await;
    assert!(
        a_folder.contains(" cannot be opened; check that it is a file, that its folder is there"),
        "{a_folder}"
    );
    let nowhere = said(&format!("sqlite://{}", path("no/such/folder/m.db"))).await;
    assert!(
        nowhere.contains("m.db cannot be opened; check that it is a file, that its folder is there"),
        "{nowhere}"
    );
    let mode = said(&format!("sqlite://{}?mode=quick", path("m.db"))).await;
    assert!(mode.contains("the address is wrong") && mode.contains("sqlite:///folder/mediary.db"), "{mode}");

    let url = format!("sqlite://{}", path("whole.db"));
    let store = open(&url, &ManualClock::default()).await;
    store.migrate().await.unwrap();
    store.close().await;
    let linked = path("linked.db");
    std::fs::hard_link(path("whole.db"), &linked).unwrap();
    for name in [url.clone(), format!("sqlite://{linked}")] {
        let said = said(&name).await;
        assert!(said.contains(".db has a second name (a hard link)"), "{said}");
    }
    std::fs::remove_file(&linked).unwrap();
    let read_only = said(&format!("{url}?mode=ro")).await;
    assert!(read_only.contains("whole.db cannot be written; check who owns the file"), "{read_only}");
}

#[tokio::test]
async fn postgres_that_cannot_be_reached_says_where_it_was_looked_for() {
    let port = free_port();
    let refused = said(&format!("postgres://me:hunter2@127.0.0.1:{port}/x")).await;
    assert!(
        refused.contains(&format!("nothing listens at 127.0.0.1:{port}; start Postgres there")),
        "{refused}"
    );
    let unknown = said("postgres://me:hunter2@postgres.invalid/x").await;
    assert!(unknown.contains("no machine is known by the name of postgres.invalid:5432"), "{unknown}");
    let port = said("postgres://me:hunter2@127.0.0.1:99999/x").await;
    assert!(port.contains("the address is wrong (invalid port number)"), "{port}");
    let mode = said("postgres://me:hunter2@127.0.0.1/x?sslmode=quick").await;
    assert!(mode.contains("the address is wrong") && mode.contains("ssl_mode"), "{mode}");
}

#[tokio::test]
async fn postgres_that_is_another_server_is_named_as_such() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    let web = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.read(&mut [0; 8]).await;
            let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let other = said(&format!("postgres://me:hunter2@{place}/x")).await;
    assert!(other.contains(&format!("what listens at {place} is not Postgres")), "{other}");
    web.abort();
}

#[tokio::test]
async fn postgres_that_refuses_says_what_to_correct() {
    let mut url = postgres_server();
    url.set_path("no_such_database");
    let database = said(url.as_str()).await;
    assert!(database.contains("there is no database \"no_such_database\" at "), "{database}");
    let mut url = postgres_server();
    url.set_username("no_such_role").unwrap();
    let role = said(url.as_str()).await;
    assert!(role.contains("\"no_such_role\"") && role.contains("correct the"), "{role}");
    let mut url = postgres_server();
    url.set_query(Some("sslmode=require"));
    let tls = said(url.as_str()).await;
    assert!(tls.contains("takes no encrypted connections, as sslmode asks"), "{tls}");
    let mut url = postgres_server();
    url.set_query(Some("options=-c%20default_transaction_read_only=on"));
    let read_only = said(url.as_str()).await;
    assert!(
        read_only.contains("takes no changes from \"postgres\"") && read_only.contains("standby"),
        "{read_only}"
    );
}

#[tokio::test]
async fn role_that_may_do_too_little_is_named_with_what_to_grant() {
    let test = Test::on(Backend::Postgres).await;
    let role = format!("role_of_{}", test.database.name());
    test.sql(&format!("CREATE ROLE {role} LOGIN")).await.unwrap();
    test.sql(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")).await.unwrap();
    let mut url = url::Url::parse(test.database.url()).unwrap();
    url.set_username(&role).unwrap();
    let store = open(url.as_str(), &test.clock).await;
    let company = new_company("a");
    let errors = [
        store.check().await.unwrap_err(),
        store.migrate().await.unwrap_err(),
        store.add_company(&company).await.unwrap_err(),
    ];
    for error in errors {
        let said = format!("{error}");
        assert!(said.contains("MEDIARY_DATABASE_URL may do too little") && said.contains("owner"), "{said}");
        assert!(!said.contains("42501") && std::error::Error::source(&error).is_none(), "{said}");
        assert!(*error.kind() == ErrorKind::Refused && error.is_unavailable());
    }
    store.close().await;
    test.sql(&format!("DROP OWNED BY {role}")).await.unwrap();
    test.sql(&format!("DROP ROLE {role}")).await.unwrap();
    test.end().await;
}

/// A database that takes no more, as on a full disk, and how it has room again.
async fn fill(test: &Test) -> &'static str {
    let refuse = "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$";
    if test.store.backend() == Backend::Postgres {
        test.sql(refuse).await.unwrap();
        for table in ["write_probe", "webhook_events"] {
            let sql = format!(
                "CREATE TRIGGER no_room BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION no_room()"
            );
            test.sql(&sql).await.unwrap();
        }
        return "DROP FUNCTION no_room CASCADE";
    }
    test.sql("PRAGMA max_page_count = 1").await.unwrap();
    // What earlier steps left free is used up first.
    for bytes in [1 << 20, 1 << 12, 1] {
        while test.store.inbox_append(body(bytes)).await.is_ok() {}
    }
    "PRAGMA max_page_count = 1000000"
}

fn body(bytes: usize) -> NewWebhookEvent {
    NewWebhookEvent {
        body: vec![b'x'; bytes].into(),
        received_at: START,
        scope: EventScope::default(),
        company: None,
    }
}

async fn full_disk_is_named_and_fails_the_check(test: &Test) {
    let empty = fill(test).await;
    let errors =
        [test.store.inbox_append(body(100_000)).await.unwrap_err(), test.store.check().await.unwrap_err()];
    for error in errors {
        assert_eq!(*error.kind(), ErrorKind::Full, "{error}");
        assert!(error.is_unavailable() && error.retryable(), "no webhook is to blame");
        assert!(
            error.to_string().contains("the disk of the database") && error.sentence().contains("is full")
        );
    }
    test.sql(empty).await.unwrap();
    test.store.check().await.unwrap();
    test.store.inbox_append(body(100_000)).await.unwrap();
}

on_both!(full_disk_is_named_and_fails_the_check);

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_file_that_is_moved_or_replaced_takes_no_write_until_it_is_back() {
    let test = Test::on(Backend::Sqlite).await;
    let path = PathBuf::from(test.database.url().strip_prefix("sqlite://").unwrap());
    let aside = path.with_extension("aside");
    test.store.inbox_append(body(10)).await.unwrap();
    let started = test.store.db().begin().await.unwrap();
    std::fs::rename(&path, &aside).unwrap();
    let error = started.commit().await.unwrap_err();
    assert!(error.is_unavailable(), "what was under way is not acknowledged: {error}");
    refuses_writes(&test).await;
    std::fs::copy(&aside, &path).unwrap();
    refuses_writes(&test).await;
    let mut readers = Vec::new();
    // More at once than there are connections, so that one would be opened.
    for _ in 0..16 {
        let store = test.store.clone();
        readers.push(tokio::spawn(async move { store.inbox_depth().await }));
    }
    for reader in readers {
        match reader.await.unwrap() {
            Ok(depth) => assert_eq!(depth.waiting, 1, "of the file that was opened"),
            Err(error) => assert!(error.is_unavailable(), "{error}"),
        }
    }

    std::fs::rename(&aside, &path).unwrap();
    test.store.check().await.unwrap();
    test.store.inbox_append(body(10)).await.unwrap();
    assert_eq!(test.number("SELECT COUNT(*) FROM webhook_events").await, 2, "nothing was written meanwhile");
    test.end().await;
}

#[tokio::test]
async fn sqlite_file_that_is_overwritten_counts_as_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.db");
    let store = open(&format!("sqlite://{}", path.display()), &ManualClock::default()).await;
    store.migrate().await.unwrap();
    for number in 0..200 {
        store.add_company(&new_company(&format!("acme-{number}"))).await.unwrap();
    }
    std::fs::write(&path, "This is no database.".repeat(50_000)).unwrap();
    let _ = std::fs::write(folder.path().join("m.db-wal"), "");
    for _ in 0..3 {
        let read = store.company(mediary_core::CompanyId(1)).await;
        assert!(read.as_ref().is_err_and(Error::is_unavailable), "{read:?}");
        let written = store.add_company(&new_company("late")).await;
        assert!(written.as_ref().is_err_and(Error::is_unavailable), "{written:?}");
    }
}

async fn refuses_writes(test: &Test) {
    let company = new_company("a");
    let errors = [
        test.store.inbox_append(body(10)).await.unwrap_err(),
        test.store.add_company(&company).await.unwrap_err(),
        test.sql("DELETE FROM webhook_events").await.unwrap_err(),
        test.store.check().await.unwrap_err(),
    ];
    for error in errors {
        let said = error.to_string();
        assert!(error.is_unavailable(), "{said}");
        assert!(said.contains("was moved or replaced while Mediary runs") && said.contains("stop"), "{said}");
    }
}

#[tokio::test]
async fn sqlite_in_memory_has_no_file_to_lose() {
    let store = open("sqlite::memory:", &ManualClock::default()).await;
    store.migrate().await.unwrap();
    store.inbox_append(body(10)).await.unwrap();
    store.close().await;
}
