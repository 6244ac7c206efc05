//! Who is found gone, and what is taken over from it.

use std::time::Duration;

use super::harness::{CLAIM, Test};
use super::plans::plan;
use super::rows::finished;
use crate::*;

const SIGNAL: &str = r#"{"gap":true}"#;
const LIMIT: u32 = 100;

async fn postgres() -> Test {
    Test::on(Backend::Postgres).await
}

async fn enter(store: &Store, name: &str, number: i64) -> Presence {
    store.enter(name, number).await.unwrap().unwrap()
}

/// Postgres notices the end of a connection a moment later.
async fn gone(presence: &mut Presence) -> Vec<GoneNode> {
    for _ in 0..500 {
        let gone = presence.look().await.unwrap().unwrap();
        if !gone.is_empty() {
            return gone;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody was found gone");
}

#[tokio::test]
async fn leases_of_a_node_that_is_gone_are_released_at_once_and_fenced() {
    let test = postgres().await;
    let peer = test.another_node().await;
    let mut alive = enter(&peer, "peer", 1).await;
    let dying = enter(&test.store, "worker", 2).await;
    let lost = test.claimed("m1").await;
    let kept = {
        test.picture(test.other, "m2").await;
        test.store.claim_downloads("peer", &CLAIM).await.unwrap().remove(0)
    };
    assert_eq!(alive.look().await.unwrap(), Some(vec![]), "both live");
    let mut signals = peer.signals().await.unwrap().unwrap();
    drop(dying);
    let found = gone(&mut alive).await;
    assert_eq!(found.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(), ["worker"]);
    assert_eq!(peer.take_over_from(&found[0], SIGNAL, LIMIT).await.unwrap(), 1);
    assert!(matches!(signals.next().await.unwrap(), ReceivedSignal::Signal { text, .. } if text == SIGNAL));
    assert!(!test.store.finish_download(finished(&lost)).await.unwrap(), "released, and nobody's yet");
    let next = peer.claim_downloads("peer", &CLAIM).await.unwrap().remove(0);
    assert_eq!((next.media_id, next.lease.number), (lost.media_id, lost.lease.number + 1));
    assert!(!test.store.renew_lease(&lost, test.now(), 1, None).await.unwrap());
    assert!(peer.finish_download(finished(&next)).await.unwrap());
    assert!(peer.finish_download(finished(&kept)).await.unwrap(), "the living one kept its own");
    peer.close().await;
    test.end().await;
}

#[tokio::test]
async fn last_lease_written_by_a_gone_node_is_released_before_the_node_is_forgotten() {
    let test = postgres().await;
    let mut alive = enter(&test.store, "peer", 1).await;
    drop(enter(&test.store, "worker", 2).await);
    let found = gone(&mut alive).await;
    assert_eq!(test.store.take_over_from(&found[0], SIGNAL, LIMIT).await.unwrap(), 0);
    // Its last statement commits now.
    test.claimed("m1").await;
    assert_eq!(gone(&mut alive).await, found, "it is still looked at");
    test.clock.advance(Duration::from_secs(61));
    assert_eq!(test.store.take_over_from(&found[0], SIGNAL, LIMIT).await.unwrap(), 1);
    assert_eq!(test.store.take_over_from(&found[0], SIGNAL, LIMIT).await.unwrap(), 0);
    assert_eq!(alive.look().await.unwrap(), Some(vec![]), "forgotten");
    test.end().await;
}

#[tokio::test]
async fn node_that_returned_keeps_its_leases_and_one_mistaken_for_gone_learns_of_it() {
    let test = postgres().await;
    let mut alive = enter(&test.store, "peer", 1).await;
    drop(enter(&test.store, "worker", 2).await);
    let found = gone(&mut alive).await;
    let mut again = enter(&test.store, "worker", 3).await;
    let claimed = test.claimed("m1").await;
    assert_eq!(test.store.take_over_from(&found[0], SIGNAL, LIMIT).await.unwrap(), 0);
    assert!(test.store.finish_download(finished(&claimed)).await.unwrap());
    assert_eq!(again.look().await.unwrap(), Some(vec![]));
    let mistaken = GoneNode { name: "worker".into(), presence: 3 };
    test.store.take_over_from(&mistaken, SIGNAL, LIMIT).await.unwrap();
    assert_eq!(again.look().await.unwrap(), None, "it has to enter again");
    let last = enter(&test.store, "worker", 4).await;
    test.claimed("m2").await;
    test.store.leave(last, SIGNAL, LIMIT).await.unwrap();
    assert_eq!(test.claim().await.len(), 1, "who leaves keeps no lease");
    assert_eq!(alive.look().await.unwrap(), Some(vec![]), "who left is nobody's to take over from");
    test.end().await;
}

#[tokio::test]
async fn postgres_notices_a_machine_that_is_gone_within_seconds() {
    let test = postgres().await;
    let sql = "SELECT CAST(s.setting AS BIGINT) FROM pg_settings s WHERE s.name LIKE 'tcp_%' ORDER BY s.name";
    let settings: Vec<(i64,)> = test.store.db().all(sql, vec![]).await.unwrap();
    let settings: Vec<i64> = settings.into_iter().map(|(setting,)| setting).collect();
    assert_eq!(settings, [3, 2, 1, 5000], "keepalive count, idle, interval; time for an answer");
    test.end().await;
}

#[tokio::test]
async fn postgres_compiles_no_plan_although_some_cannot_use_an_index() {
    let test = postgres().await;
    let lines = plan(&test, "SELECT n.presence FROM nodes n", vec![].into()).await;
    assert!(lines[0].contains("Seq Scan") && !lines.iter().any(|line| line.contains("JIT")), "{lines:#?}");
    test.end().await;
}

#[tokio::test]
async fn embedded_database_has_one_process() {
    let test = Test::on(Backend::Sqlite).await;
    assert!(test.store.enter("worker", 1).await.unwrap().is_none());
    test.end().await;
}
