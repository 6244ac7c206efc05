//! What people do with media files.

use std::time::Duration;

use mediary_core::{DownloadStatus, ErrorCode, MediaPolicy, Provider, Result, Role, Visibility};
use mediary_engine::{Caller, Delivery, EventName, Identity, May, MediaStatus, RetryOutcome, Right, rights};
use mediary_simulator::{FaultKind, FaultSpec};

use crate::harness::{World, on_every_provider};
use mediary_store::Actor;

/// Whether this role may do something, as the engine is asked for it.
fn ask<R: Right>(world: &World, role: Role) -> Result<May<R>> {
    let caller =
        Caller { company_id: world.company, role, sees: Visibility::Everything, who: Identity::Link };
    May::ask(caller.into())
}

async fn download_now_overrules_policy_and_failures(provider: Provider) {
    let world = World::of(provider).await;
    world.set_policy(MediaPolicy::OnView).await;
    let media = world.png(1).await;
    let record = world.arrive("wamid.1", "image", &media).await;
    assert_eq!(record.download_status, DownloadStatus::Pending);
    world.whatsapp.add_fault(FaultSpec::new(FaultKind::Expired).times(1)).unwrap();
    for expected in [DownloadStatus::Failed, DownloadStatus::Completed] {
        world.engine.download_now(&world.may(), record.id, &Actor::command_line()).await.unwrap();
        world.engine.run_due().await.unwrap();
        assert_eq!(world.media_of(&media.id).await.download_status, expected);
    }
    let again = world.engine.download_now(&world.may(), record.id, &Actor::command_line()).await.unwrap_err();
    assert_eq!(again.code(), ErrorCode::Conflict);
}

async fn retry_of_everything_reports_its_outcome(provider: Provider) {
    let world = World::of(provider).await;
    let (good, late) = (world.png(1).await, world.png(2).await);
    for media in [&good, &late] {
        let outage = FaultSpec::new(FaultKind::ServerError).of(&media.id).times(1);
        world.whatsapp.add_fault(outage).unwrap();
        world.announce(&format!("wamid.{}", media.id), "image", media).await;
    }
    world.engine.run_due().await.unwrap();
    world.whatsapp.add_fault(FaultSpec::new(FaultKind::Expired).of(&late.id)).unwrap();
    let shutdown = mediary_engine::Shutdown::default();
    let (engine, stop) = (world.engine.clone(), shutdown.clone());
    let running = tokio::spawn(async move { engine.run(stop).await.unwrap() });
    let outcome = world.engine.retry_failed(&world.may(), None, &Actor::command_line()).await.unwrap();
    assert_eq!(outcome, RetryOutcome { retried: 2, succeeded: 1, failed: 1 });
    let outcome = world.engine.retry_failed(&world.may(), None, &Actor::command_line()).await.unwrap();
    assert_eq!(outcome, RetryOutcome::default(), "what expired cannot be helped");
    shutdown.soft.cancel();
    running.await.unwrap();
}

async fn roles_are_enforced(provider: Provider) {
    let world = World::of(provider).await;
    let media = world.png(1).await;
    let record = world.arrive("wamid.1", "image", &media).await;
    let forbidden = [
        ask::<rights::StartDownload>(&world, Role::Viewer).unwrap_err(),
        ask::<rights::DeleteMedia>(&world, Role::Viewer).unwrap_err(),
        ask::<rights::RetryAll>(&world, Role::Agent).unwrap_err(),
    ];
    for error in forbidden {
        assert_eq!(error.code(), ErrorCode::Forbidden);
    }
    world.engine.media_status(&ask(&world, Role::Viewer).unwrap(), record.id).await.unwrap();
    let agent = ask(&world, Role::Agent).unwrap();
    world.engine.delete_media(&agent, record.id, &Actor::command_line()).await.unwrap();
}

async fn listeners_receive_every_state_of_a_file(provider: Provider) {
    let world = World::of(provider).await;
    let mut events =
        world.engine.events().subscribe(mediary_core::Scope::system(world.company), None).unwrap();
    let media = world.png(1).await;
    world.whatsapp.add_fault(FaultSpec::new(FaultKind::ServerError).times(1)).unwrap();
    let record = world.arrive("wamid.1", "image", &media).await;
    world.advance(Duration::from_secs(2));
    world.engine.run_due().await.unwrap();
    world.engine.delete_media(&world.may(), record.id, &Actor::command_line()).await.unwrap();
    let mut names = Vec::new();
    while names.last() != Some(&EventName::MediaDeleted) {
        match tokio::time::timeout(Duration::from_secs(5), events.next()).await.unwrap() {
            Delivery::Event(event) => names.push(event.name),
            Delivery::Resync { .. } => panic!("events were missed"),
        }
    }
    let media_events: Vec<_> = names.iter().filter(|name| name.as_str().starts_with("media.")).collect();
    assert_eq!(media_events, [&EventName::MediaFailed, &EventName::MediaCompleted, &EventName::MediaDeleted]);
    assert!(names.contains(&EventName::MessageCreated));
}

async fn download_status_has_progress_and_failure(provider: Provider) {
    let world = World::of(provider).await;
    let media = world.png(1).await;
    world.whatsapp.add_fault(FaultSpec::new(FaultKind::ServerError).times(1)).unwrap();
    let record = world.arrive("wamid.1", "image", &media).await;
    let status = MediaStatus::of(&record, world.engine.now());
    let error = status.error.unwrap();
    assert_eq!((error.code, error.retryable), (ErrorCode::ProviderUnavailable, true));
    assert!((1..=2).contains(&error.retry_after.unwrap().as_millis().div_ceil(1000)));
    world.advance(Duration::from_secs(2));
    world.engine.run_due().await.unwrap();
    let status = world.engine.media_status(&world.may(), record.id).await.unwrap();
    assert_eq!((status.status, status.progress), (DownloadStatus::Completed, Some(1.0)));
    assert_eq!((status.error, status.file_size), (None, Some(media.file_size)));
}

async fn retry_of_everything_includes_files_that_were_tried_often(provider: Provider) {
    let world = World::of(provider).await;
    let media = world.png(1).await;
    world.whatsapp.add_fault(FaultSpec::new(FaultKind::ServerError).of(&media.id).times(40)).unwrap();
    world.announce("wamid.1", "image", &media).await;
    world.engine.run_due().await.unwrap();
    for _ in 0..7 {
        let record = world.media_of(&media.id).await;
        world.advance(record.next_attempt_at.unwrap().since(world.engine.now()));
        world.engine.run_due().await.unwrap();
    }
    assert_eq!(world.media_of(&media.id).await.download_attempts, 8);
    world.whatsapp.clear_faults();
    let shutdown = mediary_engine::Shutdown::default();
    let (engine, stop) = (world.engine.clone(), shutdown.clone());
    let running = tokio::spawn(async move { engine.run(stop).await.unwrap() });
    let few = world.engine.retry_failed(&world.may(), Some(7), &Actor::command_line()).await.unwrap();
    assert_eq!(few, RetryOutcome::default(), "at most so often");
    let all = world.engine.retry_failed(&world.may(), None, &Actor::command_line()).await.unwrap();
    assert_eq!(all, RetryOutcome { retried: 1, succeeded: 1, failed: 0 });
    shutdown.soft.cancel();
    running.await.unwrap();
}

on_every_provider! {
    download_now_overrules_policy_and_failures,
    retry_of_everything_reports_its_outcome,
    roles_are_enforced,
    listeners_receive_every_state_of_a_file,
    download_status_has_progress_and_failure,
    retry_of_everything_includes_files_that_were_tried_often,
}
