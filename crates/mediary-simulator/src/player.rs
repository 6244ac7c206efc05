//! Plays a day of conversations: what happened until now at once, the rest as time passes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use crate::config::{AccountSpec, PlayOptions};
use crate::error::Error;
use crate::faults::{FaultKind, FaultSpec};
use crate::media::MediaSpec;
use crate::messages::{Channel, Customer, MessageSpec, StatusSpec};
use crate::world::World;

const DAY: &str = include_str!("playbook/day.json");
/// What an event refers to should be there before it; after this long it goes out all the same.
const REFERENCE_WAIT: Duration = Duration::from_secs(5);
/// The pause between one day and the next.
const NIGHT: Duration = Duration::from_secs(10);

#[derive(Debug, Deserialize)]
struct Day {
    account: AccountSpec,
    contacts: Vec<Contact>,
    events: Vec<Event>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Contact {
    wa_id: String,
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Event {
    at_minute: f64,
    contact: String,
    direction: Direction,
    key: String,
    kind: String,
    text: Option<String>,
    caption: Option<String>,
    sample: Option<String>,
    file_name: Option<String>,
    #[serde(default)]
    voice: bool,
    #[serde(default)]
    animated: bool,
    reply_to: Option<String>,
    target: Option<String>,
    emoji: Option<String>,
    #[serde(default)]
    forwarded: bool,
    latitude: Option<f64>,
    longitude: Option<f64>,
    name: Option<String>,
    address: Option<String>,
    contact_card: Option<ContactCard>,
    fault: Option<EventFault>,
    #[serde(default)]
    statuses: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Direction {
    Inbound,
    Outbound,
}

#[derive(Debug, Deserialize)]
struct ContactCard {
    name: String,
    phone: String,
}

#[derive(Debug, Deserialize)]
struct EventFault {
    kind: FaultKind,
    times: Option<u32>,
}

/// The account that the built-in day is about.
pub fn played_account() -> Result<AccountSpec, Error> {
    Ok(day()?.account)
}

fn day() -> Result<Day, Error> {
    serde_json::from_str(DAY).map_err(|error| Error::io("cannot read the built-in day", error))
}

/// The task that plays. Adds the day's account where there is none with its number.
pub(crate) fn play(
    world: Arc<World>,
    options: PlayOptions,
) -> Result<impl Future<Output = ()> + Send + 'static, Error> {
    let so_far = options.minutes_so_far;
    if !(options.speed.is_finite() && options.speed >= 0.0 && so_far.is_finite() && so_far >= 0.0) {
        return Err(Error::invalid("play: speed and the minutes so far must be at least 0"));
    }
    let day = day()?;
    if world.accounts.find(&day.account.phone_number_id).is_none() {
        world.accounts.put(day.account.clone())?;
    }
    Ok(async move {
        play_once(&world, &day, options).await;
        if !options.again || options.speed == 0.0 {
            return;
        }
        loop {
            tokio::time::sleep(NIGHT).await;
            play_once(&world, &day, PlayOptions { minutes_so_far: 0.0, ..options }).await;
        }
    })
}

async fn play_once(world: &World, day: &Day, options: PlayOptions) {
    let started = Instant::now();
    let dawn = world.now_seconds() - seconds(options.minutes_so_far);
    let mut ids = HashMap::new();
    for event in &day.events {
        let live = event.at_minute > options.minutes_so_far;
        if live && options.speed == 0.0 {
            return;
        }
        let timestamp = if live {
            let ahead = (event.at_minute - options.minutes_so_far) * 60.0 / options.speed;
            sleep_until(started + Duration::from_secs_f64(ahead)).await;
            world.now_seconds()
        } else {
            dawn + seconds(event.at_minute)
        };
        if let Err(error) = perform(world, day, event, timestamp, &mut ids).await {
            tracing::warn!(event = event.key, %error, "cannot play an event");
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "minutes of a day are far from the bounds")]
fn seconds(minutes: f64) -> i64 {
    (minutes * 60.0) as i64
}

async fn perform<'a>(
    world: &World,
    day: &'a Day,
    event: &'a Event,
    timestamp: i64,
    ids: &mut HashMap<&'a str, String>,
) -> Result<(), Error> {
    if event.target.is_some() || event.reply_to.is_some() {
        settle(world).await;
    }
    let mut message = message(day, event, timestamp, ids)?;
    if let Some(sample) = &event.sample {
        let spec =
            MediaSpec { phone_number_id: message.phone_number_id.clone(), ..MediaSpec::sample(sample) };
        let media = world.add_media(&spec).await?;
        if let Some(EventFault { kind, times }) = &event.fault {
            world.faults.add(FaultSpec { times: *times, ..FaultSpec::new(*kind).of(&media.id) })?;
        }
        message.media_id = Some(media.id.clone());
    }
    let sent = world.send_message(&message).await?;
    for (second, status) in (1..).zip(&event.statuses) {
        settle(world).await;
        world.send_status(&StatusSpec {
            phone_number_id: message.phone_number_id.clone(),
            customer: message.customer.clone(),
            timestamp: Some(timestamp + second),
            ..StatusSpec::new(&sent.id, status)
        })?;
    }
    ids.insert(&event.key, sent.id);
    Ok(())
}

/// Gives what was sent before the time to arrive: a receiver copes with another order, but a demonstration should
/// look like an ordinary day.
async fn settle(world: &World) {
    if let Err(error) = world.outbox.flush(REFERENCE_WAIT).await {
        tracing::debug!(%error, "the player does not wait any longer");
    }
}

fn message(
    day: &Day,
    event: &Event,
    timestamp: i64,
    ids: &HashMap<&str, String>,
) -> Result<MessageSpec, Error> {
    let known = |key: &Option<String>| match key {
        Some(key) => {
            let id = ids.get(key.as_str()).cloned();
            id.map(Some).ok_or_else(|| Error::not_found(format!("{:?} refers to {key:?}", event.key)))
        }
        None => Ok(None),
    };
    let target = known(&event.target)?;
    let is_edit = event.kind == "edit";
    let name = day.contacts.iter().find(|contact| contact.wa_id == event.contact);
    let cards = event.contact_card.as_ref().map(|card| {
        let first_name = card.name.split(' ').next();
        json!([{
            "name": {"formatted_name": card.name, "first_name": first_name},
            "phones": [{"phone": card.phone, "type": "CELL"}],
        }])
    });
    Ok(MessageSpec {
        // An edit brings new content of the kind that it edits; the day edits texts.
        kind: if is_edit { "text".to_owned() } else { event.kind.clone() },
        channel: if event.direction == Direction::Outbound { Channel::Echo } else { Channel::Inbound },
        phone_number_id: Some(day.account.phone_number_id.clone()),
        customer: Customer {
            wa_id: Some(event.contact.clone()),
            name: name.map(|contact| contact.name.clone()),
            ..Customer::default()
        },
        timestamp: Some(timestamp),
        text: event.text.clone(),
        caption: event.caption.clone(),
        file_name: event.file_name.clone(),
        voice: event.voice,
        animated: event.animated,
        reply_to: known(&event.reply_to)?,
        forwarded: event.forwarded,
        edit_of: target.clone().filter(|_| is_edit),
        target: target.filter(|_| !is_edit),
        emoji: event.emoji.clone(),
        latitude: event.latitude,
        longitude: event.longitude,
        place_name: event.name.clone(),
        address: event.address.clone(),
        node: cards,
        ..MessageSpec::default()
    })
}
