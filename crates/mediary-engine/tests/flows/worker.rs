//! The running engine: quick, bounded, fair, and able to go on where another one died.

use std::time::Duration;

use mediary_core::{DownloadStatus, Scope};
use mediary_engine::{AccountDraft, Engine, Shutdown};
use mediary_simulator::{FaultKind, FaultSpec};
use mediary_store::Actor;
use mediary_testing::eventually;
use mediary_testing::rows::new_company;
use mediary_testing::simulator::media_node;
use mediary_testing::whatsapp::{message, signature_of, webhook};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::harness::{World, draft};

fn run(engine: &Engine) -> (JoinHandle<()>, Shutdown) {
    let shutdown = Shutdown::default();
    let (engine, stop) = (engine.clone(), shutdown.clone());
    (tokio::spawn(async move { engine.run(stop).await.unwrap() }), shutdown)
}

async fn completed(world: &World) -> usize {
    let all = world.all_media().await;
    all.iter().filter(|record| record.download_status == DownloadStatus::Completed).count()
}

#[tokio::test]
async fn webhook_becomes_a_stored_file_by_itself_and_at_once() {
    let world = World::new().await;
    let (running, shutdown) = run(&world.engine);
    let media = world.png(1).await;
    let began = Instant::now();
    world.announce("wamid.1", "image", &media).await;
    eventually("the file", async || match completed(&world).await {
        1 => Ok(()),
        other => Err(other),
    })
    .await;
    assert!(began.elapsed() < Duration::from_millis(900), "it was not left to the next look at the queue");
    shutdown.soft.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn flood_does_not_delay_a_single_file_of_another_company() {
    let world = World::with(|config| config.workers = 6).await;
    let other = world.store.add_company(&new_company("b")).await.unwrap().id;
    let theirs = AccountDraft { ..draft("2222") };
    world.engine.accounts().create(other, &theirs, &Actor::command_line()).await.unwrap();
    let mut slow = FaultSpec::new(FaultKind::Slow);
    slow.delay_ms = Some(100);
    world.whatsapp.add_fault(slow).unwrap();
    let (running, shutdown) = run(&world.engine);
    for seed in 0..40 {
        let media = world.png(seed).await;
        world.announce(&format!("wamid.{seed}"), "image", &media).await;
    }
    let single = world.png(200).await;
    let mut body = webhook(message("wamid.single", "image", media_node(&single)));
    body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "2222".into();
    let body = body.to_string();
    let signature = signature_of(&body);
    world.engine.accept(Some(&signature), body.into()).await.unwrap();
    eventually("the single file", async || {
        let found = world.store.media_by_provider_id(&Scope::system(other), &single.id).await.unwrap();
        match found.map(|record| record.download_status) {
            Some(DownloadStatus::Completed) => Ok(()),
            other => Err(other),
        }
    })
    .await;
    assert!(completed(&world).await < 40, "the flood was still on");
    assert!(
        world.whatsapp.stats().downloads_in_flight_max <= 5,
        "four for the flood, one for the single file"
    );
    shutdown.soft.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn soft_stop_finishes_running_downloads_and_hard_stop_leaves_them_to_the_next_process() {
    let world = World::new().await;
    let media = world.png(1).await;
    let mut slow = FaultSpec::new(FaultKind::Slow).of(&media.id);
    slow.delay_ms = Some(300);
    world.whatsapp.add_fault(slow).unwrap();
    let (running, shutdown) = run(&world.engine);
    world.announce("wamid.1", "image", &media).await;
    let in_flight = async || match world.whatsapp.media_stats(&media.id).in_flight {
        0 => Err("nothing in flight"),
        _ => Ok(()),
    };
    eventually("the download to begin", in_flight).await;
    shutdown.soft.cancel();
    shutdown.hard.cancel();
    running.await.unwrap();
    let record = world.media_of(&media.id).await;
    assert_eq!(record.download_status, DownloadStatus::Downloading, "its lease still runs");
    let (running, shutdown) = run(&world.another_engine());
    eventually("the next engine to finish it", async || match completed(&world).await {
        1 => Ok(()),
        other => Err(other),
    })
    .await;
    let record = world.media_of(&media.id).await;
    assert!(record.sha256.is_some());
    assert_eq!(world.stored_files(), 1);

    let second = world.png(2).await;
    let mut slow = FaultSpec::new(FaultKind::Slow).of(&second.id);
    slow.delay_ms = Some(300);
    world.whatsapp.add_fault(slow).unwrap();
    world.announce("wamid.2", "image", &second).await;
    let in_flight = async || match world.whatsapp.media_stats(&second.id).in_flight {
        0 => Err("nothing in flight"),
        _ => Ok(()),
    };
    eventually("the second download to begin", in_flight).await;
    shutdown.soft.cancel();
    running.await.unwrap();
    assert_eq!(completed(&world).await, 2, "a soft stop let it end");
}

#[tokio::test]
async fn expired_lease_is_taken_over() {
    let world = World::new().await;
    world.set_policy(mediary_core::MediaPolicy::OnView).await;
    let media = world.png(1).await;
    let record = world.arrive("wamid.1", "image", &media).await;
    world.store.requeue_download(world.company, record.id, true).await.unwrap();
    let lease = Duration::from_secs(30);
    let one = mediary_store::ClaimLimits { batch: 1, per_company: 1, per_account: None, lease };
    // A worker that dies right after its claim.
    let claimed = world.store.claim_downloads("a dead worker", &one).await.unwrap();
    assert_eq!(claimed.len(), 1);
    world.engine.run_due().await.unwrap();
    assert_eq!(completed(&world).await, 0, "the lease holds");
    world.advance(lease + Duration::from_millis(1));
    assert_eq!(world.engine.sweep().await.unwrap().leases_released, 1);
    world.engine.run_due().await.unwrap();
    assert_eq!(completed(&world).await, 1);
    assert!(!world.store.renew_lease(&claimed[0], world.engine.now().plus(lease), 5, None).await.unwrap());
}

#[tokio::test]
async fn new_policy_applies_from_the_next_message_on() {
    let world = World::new().await;
    let (running, shutdown) = run(&world.engine);
    let before = world.png(1).await;
    world.announce("wamid.1", "image", &before).await;
    eventually("the file", async || match completed(&world).await {
        1 => Ok(()),
        other => Err(other),
    })
    .await;
    world.set_policy(mediary_core::MediaPolicy::Stream).await;
    let after = world.png(2).await;
    world.announce("wamid.2", "image", &after).await;
    let recorded = async || {
        world
            .store
            .media_by_provider_id(&Scope::system(world.company), &after.id)
            .await
            .unwrap()
            .map(|record| record.policy)
            .ok_or("no record")
    };
    let policy = eventually("the second record", recorded).await;
    assert_eq!(policy, mediary_core::MediaPolicy::Stream);
    shutdown.soft.cancel();
    running.await.unwrap();
    assert_eq!(world.whatsapp.media_stats(&after.id).downloads, 0);
}

#[tokio::test]
async fn backlog_of_hours_without_whatsapp_is_worked_off_when_it_returns() {
    let world = World::new().await;
    world.whatsapp.add_fault(FaultSpec::new(FaultKind::ServerError)).unwrap();
    for number in 0..10 {
        let media = world.png(number).await;
        world.announce(&format!("wamid.{number}"), "image", &media).await;
    }
    for _ in 0..36 {
        world.engine.run_due().await.unwrap();
        world.advance(Duration::from_secs(600));
    }
    let backlog = world.all_media().await;
    assert_eq!(backlog.len(), 10);
    assert!(backlog.iter().all(|media| media.last_error_retryable && media.next_attempt_at.is_some()));
    world.whatsapp.clear_faults();
    world.advance(Duration::from_secs(600));
    world.engine.run_due().await.unwrap();
    assert_eq!(completed(&world).await, 10);
}
