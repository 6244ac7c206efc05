use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use mediary_derive::served::MAX_MAP_BYTES;
use mediary_derive::virtual_file::VirtualFileBuilder;

use super::*;

fn key(company: i64, file: u8) -> Key {
    (CompanyId(company), Sha256([file; 32]), Family::Mp4)
}

fn map(bytes: usize) -> Made {
    let mut builder = VirtualFileBuilder::default();
    builder.own(&vec![7; bytes]).unwrap();
    Playable::Mapped(Arc::new(builder.build()))
}

/// A map that was lent.
async fn lent(maps: &Arc<Maps>, key: Key, bytes: usize) -> Result<Arc<LentMap>> {
    match maps.get(key, move || Ok(map(bytes))).await? {
        Playable::Mapped(map) => Ok(map),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn map_is_made_once_for_all_who_want_it_even_if_the_first_leaves() {
    let maps = Arc::new(Maps::default());
    let made = Arc::new(AtomicUsize::new(0));
    let (go, gate) = mpsc::channel::<()>();
    let gate = Arc::new(Mutex::new(gate));
    let ask = || {
        let (made, gate) = (made.clone(), gate.clone());
        let maps = maps.clone();
        tokio::spawn(async move {
            let make = move || {
                made.fetch_add(1, Ordering::SeqCst);
                gate.lock().recv().unwrap();
                Ok(map(10))
            };
            maps.get(key(1, 1), make).await
        })
    };
    let first = ask();
    while made.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.is_err());
    let others: Vec<_> = (0..20).map(|_| ask()).collect();
    tokio::task::yield_now().await;
    go.send(()).unwrap();
    let mut found = Vec::new();
    for other in others {
        let Playable::Mapped(map) = other.await.unwrap().unwrap() else { panic!("no map") };
        found.push(map);
    }
    assert!(found.iter().all(|map| Arc::ptr_eq(map, &found[0])), "one copy for all");
    assert_eq!(made.load(Ordering::SeqCst), 1);
    assert!(maps.table.lock().making.is_empty());
}

#[tokio::test]
async fn map_that_is_still_read_is_found_again_though_it_is_not_cached_any_more() {
    let maps = Arc::new(Maps::default());
    let reader = lent(&maps, key(1, 1), 10).await.unwrap();
    maps.cached.invalidate_all();
    let again = maps.get(key(1, 1), || panic!("made again")).await.unwrap();
    assert!(matches!(again, Playable::Mapped(again) if Arc::ptr_eq(&again, &reader)));
    drop(reader);
    let table = maps.table.lock();
    assert!(table.lent.is_empty() && table.lent_bytes.is_empty(), "{table:?}");
}

#[tokio::test]
async fn company_whose_viewers_read_too_much_at_once_is_the_only_one_to_wait() {
    let maps = Arc::new(Maps::default());
    let bytes = MAX_MAP_BYTES - 2 * MAP_BYTES;
    let mut held = Vec::new();
    for file in 1..=4 {
        held.push(lent(&maps, key(1, file), bytes).await.unwrap());
    }
    let refused = lent(&maps, key(1, 5), bytes).await.unwrap_err();
    assert_eq!((refused.code(), refused.retry_after()), (ErrorCode::StorageError, Some(COME_BACK_AFTER)));
    assert!(refused.detail().unwrap().contains("too many large files of this company"), "{refused:?}");
    assert!(lent(&maps, key(1, 1), bytes).await.is_ok(), "it is there already");
    assert!(lent(&maps, key(2, 5), bytes).await.is_ok(), "another company");
    held.pop();
    assert!(lent(&maps, key(1, 5), bytes).await.is_ok());
}

#[tokio::test]
async fn error_of_storage_is_told_to_all_who_wait_and_forgotten() {
    let maps = Arc::new(Maps::default());
    let failing = || Err(Error::refused(ErrorCode::StorageError, "it does not answer"));
    let refused = maps.get(key(1, 1), failing).await.unwrap_err();
    assert_eq!(refused.detail(), Some("it does not answer"));
    assert!(lent(&maps, key(1, 1), 10).await.is_ok());
}

#[tokio::test]
async fn company_with_too_many_maps_to_be_made_is_told_to_come_back_and_another_is_served() {
    let maps = Arc::new(Maps::default());
    let (go, gate) = mpsc::channel::<()>();
    let gate = Arc::new(Mutex::new(gate));
    let mut asked = Vec::new();
    let mut refused = None;
    for file in 0..u8::MAX {
        let gate = gate.clone();
        let make = move || {
            let _ = gate.lock().recv();
            Ok(map(10))
        };
        let mut answer = Box::pin({
            let maps = maps.clone();
            async move { maps.get(key(1, file), make).await }
        });
        let answered = tokio::time::timeout(Duration::from_millis(1), &mut answer).await;
        if let Ok(answer) = answered {
            refused = Some(answer.unwrap_err());
            break;
        }
        asked.push(answer);
    }
    let refused = refused.unwrap();
    assert!(refused.detail().unwrap().contains("too many files of this company wait"), "{refused:?}");
    assert!(lent(&maps, key(2, 1), 10).await.is_ok());
    drop(go);
    for answer in asked {
        assert!(answer.await.is_ok());
    }
}
