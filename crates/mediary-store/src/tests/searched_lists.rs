//! Lists of media by words, senders and directions, and what of very many files passes a filter.

use std::time::Duration;

use mediary_core::{Direction, DownloadStatus, FileType, Scope, Visibility, WordQuery};
use mediary_testing::START;

use super::harness::{Test, outbound};
use super::on_both;
use super::rows::{Tenant, finished, item, new_media, picture};
use crate::*;

/// More files than a list looks at before it asks an index.
const MANY: usize = 4100;

/// Takes in whatever has changed.
pub(super) async fn index(test: &Test) {
    while test.store.index_changes(500).await.unwrap() > 0 {}
    while test.store.index_backlog(500).await.unwrap() {}
}

fn words(typed: &str) -> MediaQuery {
    MediaQuery { words: Some(WordQuery::new(typed).unwrap()), ..MediaQuery::default() }
}

fn named(tenant: Tenant, id: &str, name: &str, caption: &str) -> IncomingMessage {
    let media = NewMedia { file_name: Some(name.into()), ..new_media(id) };
    IncomingMessage { media: Some(media), caption: Some(caption.into()), ..picture(tenant, id) }
}

/// WhatsApp's ids of all files of a list, read in pages of two.
async fn found_by(test: &Test, scope: &Scope, query: &MediaQuery) -> Vec<String> {
    let mut query = query.clone();
    query.page.limit = 2;
    let mut seen = Vec::new();
    loop {
        let page = test.store.media_list(scope, &query).await.unwrap();
        assert!(page.next.is_none() || page.items.len() == 2, "only the last page is short");
        seen.extend(page.items.into_iter().map(|file| file.provider_media_id.unwrap()));
        query.page.cursor = page.next.map(|cursor| cursor.to_string().parse().unwrap());
        if query.page.cursor.is_none() {
            return seen;
        }
    }
}

async fn found(test: &Test, query: &MediaQuery) -> Vec<String> {
    found_by(test, &Scope::system(test.acme.company), query).await
}

async fn many(test: &Test) {
    for batch in (0..MANY).collect::<Vec<_>>().chunks(1000) {
        let plain = batch.iter().map(|number| {
            let media = NewMedia { file_size: Some(1000 + *number as u64), ..new_media("x") };
            let media = NewMedia { provider_media_id: Some(format!("plain-{number}")), ..media };
            item(IncomingMessage { media: Some(media), ..picture(test.acme, &format!("plain-{number}")) })
        });
        test.ingest(plain.collect()).await;
        test.clock.advance(Duration::from_secs(1));
    }
}

async fn old_files_are_found_behind_very_many_others(test: &Test) {
    let one = named(test.acme, "bill", "Rechnung_Mai-2024.pdf", "für Zoë");
    let other = IncomingMessage {
        contact: ContactKey { user_id: Some("US.77".into()), ..ContactKey::default() },
        sender_phone: None,
        media: Some(NewMedia { file_type: FileType::Video, file_size: Some(5), ..new_media("film") }),
        ..picture(test.acme, "film")
    };
    let ours =
        IncomingMessage { media: Some(new_media("ours")), caption: None, ..outbound(test.acme, "ours") };
    let ours = IncomingMessage { sender_phone: Some("+1 555-0001".into()), ..ours };
    test.ingest(vec![item(one), item(other), item(ours)]).await;
    test.clock.advance(Duration::from_secs(1));
    many(test).await;
    let newest = named(test.acme, "new bill", "rechnung.pdf", "");
    test.ingest(vec![item(newest)]).await;
    let all = ["media-new bill", "media-bill"];
    assert_eq!(found(test, &words("rechnung")).await, &all[..1], "before the index has it");
    index(test).await;
    for (typed, ids) in [
        ("rechnung", &all[..]),
        ("RECHN", &all),
        ("zoe mai rechnung", &all[1..]),
        ("2024 ", &all[1..]),
        ("202 ", &[]),
        ("rechnung juni", &[]),
    ] {
        for (sort, order) in [
            (MediaSort::Date, Order::Descending),
            (MediaSort::Size, Order::Ascending),
            (MediaSort::Name, Order::Ascending),
        ] {
            let mut seen = found(test, &MediaQuery { sort, order, ..words(typed) }).await;
            if sort != MediaSort::Date {
                seen.reverse();
            }
            seen.sort_by_key(|id| id != "media-new bill");
            assert_eq!(seen, ids, "{typed} by {sort:?}");
        }
    }
    let film = ["media-film"];
    for query in [
        MediaQuery { sender: Some("US.77".into()), ..MediaQuery::default() },
        MediaQuery { file_types: vec![FileType::Video], ..MediaQuery::default() },
        MediaQuery { file_types: vec![FileType::Video], sort: MediaSort::Size, ..MediaQuery::default() },
    ] {
        assert_eq!(found(test, &query).await, film, "{query:?}");
    }
    for query in [
        MediaQuery { sender: Some("15550001".into()), ..MediaQuery::default() },
        MediaQuery { direction: Some(Direction::Outbound), ..MediaQuery::default() },
    ] {
        assert_eq!(found(test, &query).await, ["media-ours"], "{query:?}");
    }
    let first = MediaQuery {
        to: Some(START.plus(Duration::from_secs(1))),
        sort: MediaSort::Size,
        ..MediaQuery::default()
    };
    assert_eq!(found(test, &first).await, ["media-film", "media-ours", "media-bill"]);
    let conversation = test.message(test.acme, "bill").await.message.conversation_id;
    let within = MediaQuery { conversation: Some(conversation), ..words("rechnung") };
    assert_eq!(found(test, &within).await, all);
    let stranger = test.message(test.acme, "film").await.message.conversation_id;
    let seeing = |id| Scope::new(test.acme.company, Visibility::Conversations([id].into()));
    assert_eq!(found_by(test, &seeing(conversation), &words("rechnung")).await, all);
    assert!(found_by(test, &seeing(stranger), &words("rechnung")).await.is_empty());
    assert!(found_by(test, &Scope::system(test.other.company), &words("rechnung")).await.is_empty());
}

async fn files_of_a_state_are_found_behind_very_many_others(test: &Test) {
    let claimed = test.claimed("first").await;
    assert!(test.store.finish_download(finished(&claimed)).await.unwrap());
    many(test).await;
    for sort in [MediaSort::Date, MediaSort::Size, MediaSort::Name] {
        let query =
            MediaQuery { download_status: Some(DownloadStatus::Completed), sort, ..MediaQuery::default() };
        assert_eq!(found(test, &query).await, ["media-first"], "{sort:?}");
        let images = MediaQuery { file_types: vec![FileType::Image, FileType::Audio], ..query.clone() };
        assert_eq!(found(test, &images).await, ["media-first"], "{sort:?}");
        let videos = MediaQuery { file_types: vec![FileType::Video], ..query };
        assert!(found(test, &videos).await.is_empty());
    }
    let pending = MediaQuery { download_status: Some(DownloadStatus::Pending), ..MediaQuery::default() };
    let mut newest = pending.clone();
    newest.page.limit = 3;
    let page = test.store.media_list(&Scope::system(test.acme.company), &newest).await.unwrap();
    let ids: Vec<_> = page.items.iter().map(|file| file.provider_media_id.clone().unwrap()).collect();
    assert_eq!(ids, ["plain-4099", "plain-4098", "plain-4097"]);
}

async fn words_follow_edits_joins_and_deletions(test: &Test) {
    test.ingest(vec![item(named(test.acme, "a", "offer.pdf", "first draft"))]).await;
    index(test).await;
    let indexed = async |typed: &str| -> Vec<String> {
        let query = words(typed);
        let statement =
            crate::lists::indexed_only(test.store.backend(), &Scope::system(test.acme.company), &query);
        type Indexed = (i64, i64, String, Option<String>, Option<String>);
        let rows: Vec<Indexed> = test.store.search_rows(statement.0, statement.1).await.unwrap();
        rows.into_iter().map(|(.., name, _)| name.unwrap()).collect()
    };
    assert_eq!(indexed("offer draft").await, ["offer.pdf"]);
    test.sql("UPDATE messages SET caption = 'last word' WHERE caption = 'first draft'").await.unwrap();
    index(test).await;
    assert_eq!((indexed("offer draft").await.len(), indexed("offer word").await.len()), (0, 1));
    let file = test.media_of(test.acme, "a").await;
    assert!(test.store.delete_media(test.acme.company, file.id, None, &Actor::command_line()).await.unwrap());
    assert!(indexed("offer word").await.is_empty(), "at once");
    index(test).await;
    let words_left = "SELECT CAST(COUNT(*) AS BIGINT) FROM media_words";
    assert_eq!(test.number(words_left).await, 0);
    test.ingest(vec![item(named(test.acme, "b", "kept.pdf", ""))]).await;
    index(test).await;
    assert_eq!(test.number(words_left).await, 1);
    test.sql(&format!("DELETE FROM companies WHERE id = {}", test.acme.company)).await.unwrap();
    assert_eq!(test.number(words_left).await, 0, "with their company");
}

async fn files_from_before_the_index_are_taken_in(test: &Test) {
    for number in 0..5 {
        test.ingest(vec![item(named(test.acme, &format!("{number}"), "old.pdf", ""))]).await;
    }
    test.sql("DELETE FROM search_changes").await.unwrap();
    test.sql(
        "INSERT INTO search_backlog (company_id, kind, below) SELECT c.id, 'media', 9223372036854775807 FROM companies c",
    )
    .await
    .unwrap();
    let known = "SELECT CAST(COUNT(*) AS BIGINT) FROM media_words";
    assert!(test.store.index_backlog(2).await.unwrap());
    assert_eq!(test.number(known).await, 2);
    while test.store.index_backlog(2).await.unwrap() {}
    assert_eq!(test.number(known).await, 5);
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM search_backlog").await, 0);
}

on_both!(
    old_files_are_found_behind_very_many_others,
    files_of_a_state_are_found_behind_very_many_others,
    words_follow_edits_joins_and_deletions,
    files_from_before_the_index_are_taken_in,
);
