//! The built-in samples and the day that is played with them.

use std::collections::HashSet;

use mediary_graph::{Content, UpdateKind};
use mediary_simulator::{FaultKind, PlayOptions, samples};

use crate::harness::{DEADLINE, NOW, ReceivedPost, call, start, start_with_receiver};

#[tokio::test]
async fn every_sample_is_what_its_index_says() {
    let simulator = start().await;
    let samples = samples().unwrap();
    let kinds: HashSet<_> = samples.iter().map(|sample| sample.kind.as_str()).collect();
    assert!(
        kinds.is_superset(&HashSet::from(["image", "video", "audio", "document", "sticker"])),
        "{kinds:?}"
    );
    for sample in samples {
        let media = simulator.add_media(&mediary_simulator::MediaSpec::sample(&sample.name)).await.unwrap();
        assert_eq!((media.file_size, &media.mime_type), (sample.bytes, &sample.mime_type), "{}", sample.name);
        assert_eq!(media.sha256, sample.sha256, "{}", sample.name);
    }
}

#[tokio::test]
async fn whole_day_can_be_over_at_once() {
    let play = PlayOptions { minutes_so_far: 24.0 * 60.0, again: false, ..PlayOptions::default() };
    let (simulator, receiver) = start_with_receiver(|config| config.play = Some(play)).await;
    let done = async {
        let mut posts = 1;
        loop {
            let received = receiver.wait_for(posts).await;
            posts = received.len() + 1;
            let messages =
                received.iter().flat_map(ReceivedPost::updates).filter_map(|update| match update.kind {
                    UpdateKind::Message { message, .. } => Some(message),
                    _ => None,
                });
            let messages: Vec<_> = messages.collect();
            if messages.len() >= 138 {
                return messages;
            }
        }
    };
    let messages = tokio::time::timeout(DEADLINE, done).await.expect("the day has 138 events");
    let ids: HashSet<_> = messages.iter().map(|message| message.id.clone()).collect();
    assert_eq!(ids.len(), messages.len(), "every event has its own id");
    let media = messages.iter().filter(|message| matches!(message.content, Content::Media(_))).count();
    assert!(media >= 25, "{media}");
    let times = messages.iter().map(|message| message.timestamp.unwrap().millis() / 1000);
    assert!(
        times.into_iter().all(|time| (NOW - 24 * 3600..=NOW).contains(&time)),
        "all of it lies behind us"
    );
    assert!(messages.iter().any(|message| matches!(message.content, Content::Edit { .. })));
    assert!(messages.iter().any(|message| matches!(message.content, Content::Unsupported { .. })));
    simulator.flush(DEADLINE).await.unwrap();

    let expired =
        simulator.faults().into_iter().find(|armed| armed.fault.kind == FaultKind::Expired).unwrap();
    let (status, _) = call(&simulator, &format!("/{}", expired.fault.media_id.unwrap())).await;
    assert_eq!(status, 400, "one of the day's media is gone at WhatsApp");
}

#[tokio::test]
async fn nothing_happens_after_the_day_so_far_at_speed_0() {
    /// Of the first quarter of an hour.
    const EVENTS: usize = 11;
    let play = PlayOptions { speed: 0.0, minutes_so_far: 15.0, again: true };
    let (simulator, receiver) = start_with_receiver(|config| config.play = Some(play)).await;
    let messages = |received: &[ReceivedPost]| {
        let updates = received.iter().flat_map(ReceivedPost::updates);
        updates.filter(|update| matches!(update.kind, UpdateKind::Message { .. })).count()
    };
    let so_far = async {
        let mut posts = 1;
        while messages(&receiver.wait_for(posts).await) < EVENTS {
            posts = receiver.wait_for(posts).await.len() + 1;
        }
    };
    tokio::time::timeout(DEADLINE, so_far).await.expect("what happened so far comes");
    simulator.flush(DEADLINE).await.unwrap();
    assert_eq!(messages(&receiver.wait_for(1).await), EVENTS);
}

#[tokio::test]
async fn rest_of_the_day_is_played_live() {
    // A minute of the day in under a millisecond: the first quarter of an hour comes at once, the rest follows.
    let play = PlayOptions { speed: 100_000.0, minutes_so_far: 15.0, again: false };
    let (_simulator, receiver) = start_with_receiver(|config| config.play = Some(play)).await;
    let mut posts = 1;
    let live = async {
        loop {
            let received = receiver.wait_for(posts).await;
            posts = received.len() + 1;
            let now = received.iter().flat_map(ReceivedPost::updates).filter(|update| {
                matches!(&update.kind, UpdateKind::Message { message, .. }
                    if message.timestamp.is_some_and(|time| time.millis() == NOW * 1000))
            });
            if now.count() >= 50 {
                return;
            }
        }
    };
    tokio::time::timeout(DEADLINE, live).await.expect("the live part comes");
}
