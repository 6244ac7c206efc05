//! Saving what can still be saved.

use mediary_core::{ErrorCode, MediaPolicy};
use mediary_engine::{BackfillOptions, BackfillOutcome, BackfillReport};
use mediary_simulator::{FaultKind, FaultSpec};

use crate::harness::World;

#[tokio::test]
async fn backfill_fetches_files_without_bytes_and_reports_lost_ones() {
    let world = World::new().await;
    let outage = FaultSpec::new(FaultKind::ServerError);
    world.whatsapp.add_fault(outage).unwrap();
    let mut media = Vec::new();
    for seed in 0..7 {
        media.push(world.png(seed).await);
        world.announce(&format!("wamid.{seed}"), "image", &media[usize::from(seed)]).await;
    }
    world.engine.run_due().await.unwrap();
    world.whatsapp.clear_faults();
    world.whatsapp.remove_media(&media[0].id);
    let waiting = FaultSpec::new(FaultKind::ServerError).of(&media[1].id);
    world.whatsapp.add_fault(waiting).unwrap();

    let mut outcomes = Vec::new();
    let options = BackfillOptions { company: Some(world.company), files_per_second: None };
    let report = world.engine.backfill(options, |id, outcome| outcomes.push((id, outcome))).await.unwrap();
    let expected = BackfillReport { saved: 5, lost: 1, waiting: 1, ..BackfillReport::default() };
    assert_eq!(report, expected);
    let lost = world.media_of(&media[0].id).await.id;
    assert!(outcomes.contains(&(lost, BackfillOutcome::Lost(ErrorCode::MediaExpired))));

    world.whatsapp.clear_faults();
    let everything = BackfillOptions::default;
    let report = world.engine.backfill(everything(), |_, _| {}).await.unwrap();
    assert_eq!(report, BackfillReport { saved: 1, ..BackfillReport::default() });

    world.set_policy(MediaPolicy::OnView).await;
    let on_view = world.png(100).await;
    world.arrive("wamid.on_view", "image", &on_view).await;
    assert_eq!(world.engine.backfill(everything(), |_, _| {}).await.unwrap(), BackfillReport::default());
    assert_eq!(world.whatsapp.media_stats(&on_view.id).resolves, 0, "nobody looked at it yet");
}
