//! Lists of media, and media one by one.

use std::time::Duration;

use mediary_core::{DownloadStatus, FileType, Scope, UserId};
use mediary_testing::START;

use super::harness::Test;
use super::on_both;
use super::rows::{finished, item, new_media, picture};
use crate::*;

const HOUR: Duration = Duration::from_secs(3600);

/// Files 0 to 19, one an hour: sizes go down by threes, names mix case, every fourth is a document.
async fn gallery(test: &Test) {
    for number in 0..20_u64 {
        let id = format!("m{number}");
        let case = if number % 2 == 0 { "File" } else { "file" };
        let media = NewMedia {
            file_type: if number % 4 == 0 { FileType::Document } else { FileType::Image },
            file_name: (number % 5 > 0).then(|| format!("{case} {:02} ü.bin", 19 - number)),
            file_size: (number != 3).then_some(1000 - number / 3),
            ..new_media(&id)
        };
        let contact = ContactKey { wa_id: Some(format!("{}", number % 2)), ..ContactKey::default() };
        test.ingest(vec![item(IncomingMessage { media: Some(media), contact, ..picture(test.acme, &id) })])
            .await;
        test.clock.advance(HOUR);
    }
}

fn number(file: &MediaFile) -> u64 {
    file.provider_media_id.as_ref().unwrap().trim_start_matches("media-m").parse().unwrap()
}

/// All pages of a list.
async fn all(test: &Test, query: &MediaQuery) -> Vec<u64> {
    let mut query = query.clone();
    query.page.limit = 3;
    let mut seen = Vec::new();
    loop {
        let page = test.store.media_list(&Scope::system(test.acme.company), &query).await.unwrap();
        seen.extend(page.items.iter().map(number));
        query.page.cursor = page.next.map(|cursor| cursor.to_string().parse().unwrap());
        if query.page.cursor.is_none() {
            return seen;
        }
    }
}

async fn orders_of_the_list_are_complete_and_right(test: &Test) {
    gallery(test).await;
    let query = |sort, order| MediaQuery { sort, order, ..MediaQuery::default() };
    let mut by_date: Vec<u64> = (0..20).collect();
    assert_eq!(all(test, &query(MediaSort::Date, Order::Ascending)).await, by_date);
    by_date.reverse();
    assert_eq!(all(test, &query(MediaSort::Date, Order::Descending)).await, by_date);
    let mut by_size: Vec<u64> = (0..20).collect();
    by_size.sort_by_key(|number| (if *number == 3 { 0 } else { 1000 - number / 3 }, *number));
    assert_eq!(all(test, &query(MediaSort::Size, Order::Ascending)).await, by_size);
    by_size.reverse();
    assert_eq!(all(test, &query(MediaSort::Size, Order::Descending)).await, by_size);
    // Files without a name come before all names.
    let mut by_name: Vec<u64> = (0..20).collect();
    by_name.sort_by_key(|number| if number % 5 == 0 { (0, *number) } else { (1, 19 - number) });
    assert_eq!(all(test, &query(MediaSort::Name, Order::Ascending)).await, by_name);
    by_name.reverse();
    assert_eq!(all(test, &query(MediaSort::Name, Order::Descending)).await, by_name);
}

async fn filters_combine(test: &Test) {
    gallery(test).await;
    let documents = MediaQuery { file_types: vec![FileType::Document], ..MediaQuery::default() };
    assert_eq!(all(test, &documents).await, [16, 12, 8, 4, 0]);
    let both = MediaQuery { file_types: vec![FileType::Document, FileType::Image], ..MediaQuery::default() };
    assert_eq!(all(test, &both).await.len(), 20);
    let spell = MediaQuery {
        from: Some(START.plus(HOUR * 5)),
        to: Some(START.plus(HOUR * 8)),
        sort: MediaSort::Name,
        order: Order::Ascending,
        ..MediaQuery::default()
    };
    assert_eq!(all(test, &spell).await, [5, 7, 6]);
    let conversation = test.message(test.acme, "m1").await.message.conversation_id;
    let of_one = MediaQuery { conversation: Some(conversation), ..spell.clone() };
    assert_eq!(all(test, &of_one).await, [5, 7]);
    let completed = MediaQuery { download_status: Some(DownloadStatus::Completed), ..MediaQuery::default() };
    assert_eq!(all(test, &completed).await, [0; 0]);
    let claimed = test.claim().await.remove(0);
    assert!(test.store.finish_download(finished(&claimed)).await.unwrap());
    assert_eq!(all(test, &completed).await.len(), 1);
}

async fn type_that_is_asked_for_often_is_looked_for_once(test: &Test) {
    gallery(test).await;
    let query = |times| MediaQuery { file_types: vec![FileType::Document; times], ..MediaQuery::default() };
    assert_eq!(all(test, &query(1000)).await, all(test, &query(1)).await);
}

async fn cursor_of_another_order_is_refused(test: &Test) {
    gallery(test).await;
    let page =
        test.store.media_list(&Scope::system(test.acme.company), &MediaQuery::default()).await.unwrap();
    assert_eq!(page.items.len(), 20);
    let by_name = MediaQuery {
        sort: MediaSort::Name,
        page: PageRequest { limit: 1, cursor: Some(Cursor::number(1, 1)) },
        ..MediaQuery::default()
    };
    let refused = test.store.media_list(&Scope::system(test.acme.company), &by_name).await.unwrap_err();
    assert_eq!(refused.kind(), &ErrorKind::InvalidCursor);
}

async fn deleted_files_leave_the_lists_but_not_their_message(test: &Test) {
    let media = test.stored("m1").await;
    let company = test.acme.company;
    let by = Some(UserId(5));
    assert!(test.store.delete_media(company, media.id, by, &Actor::command_line()).await.unwrap());
    assert!(!test.store.delete_media(company, media.id, by, &Actor::command_line()).await.unwrap());
    assert!(all(test, &MediaQuery::default()).await.is_empty());
    let record = test.store.media(&Scope::system(company), media.id).await.unwrap().unwrap();
    assert!(!record.is_active && record.next_attempt_at.is_none());
    assert!(!test.message(test.acme, "m1").await.media.unwrap().is_active);
    assert_eq!(test.number("SELECT CAST(COUNT(*) AS BIGINT) FROM media_files WHERE deleted_by = 5").await, 1);
    let trash = test.trash().await;
    assert_eq!(trash.len(), 1);
    assert_eq!(test.store.trash_done(&[trash[0].id, 999]).await.unwrap(), 1);
    assert_eq!(test.store.trash_done(&[]).await.unwrap(), 0);
}

async fn files_are_found_by_each_of_their_ids(test: &Test) {
    let media = test.picture(test.acme, "m1").await;
    let company = test.acme.company;
    let found = [
        test.store.media(&Scope::system(company), media.id).await.unwrap(),
        test.store.media_by_message(&Scope::system(company), media.message_id.unwrap()).await.unwrap(),
        test.store.media_by_provider_id(&Scope::system(company), "media-m1").await.unwrap(),
    ];
    assert!(found.into_iter().all(|one| one.unwrap().id == media.id));
    assert!(test.store.media_by_provider_id(&Scope::system(company), "media-m2").await.unwrap().is_none());
}

async fn views_are_recorded_once_an_hour(test: &Test) {
    let media = test.picture(test.acme, "m1").await;
    let company = test.acme.company;
    let seen = async |at| {
        test.store.touch_media(company, media.id, at).await.unwrap();
        test.store.media(&Scope::system(company), media.id).await.unwrap().unwrap().last_accessed_at
    };
    assert_eq!(seen(START).await, Some(START));
    assert_eq!(seen(START.plus(HOUR / 2)).await, Some(START));
    let later = START.plus(HOUR * 2);
    assert_eq!(seen(later).await, Some(later));
}

on_both!(
    orders_of_the_list_are_complete_and_right,
    filters_combine,
    type_that_is_asked_for_often_is_looked_for_once,
    cursor_of_another_order_is_refused,
    deleted_files_leave_the_lists_but_not_their_message,
    files_are_found_by_each_of_their_ids,
    views_are_recorded_once_an_hour,
);
