//! What is done to the nodes and their database while a history comes in.

use std::time::Duration;

use super::run::Nodes;
use crate::cluster::Dice;

/// How often something happens, and how long a node hangs.
const PAUSE: Duration = Duration::from_millis(900);
const HANGS_FOR_MS: (u64, u64) = (100, 1500);
/// A statement in so many is slow.
const SLOW_ONE_IN: u64 = 4;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct InjectedFaults {
    pub(super) kills: usize,
    pub(super) hangs: usize,
    pub(super) cuts: usize,
}

/// On Postgres every table that the ingest writes gets a trigger that sleeps now and then, up to so long, as on a busy disk.
pub(super) fn slow_statements(most_ms: u64) -> String {
    let sleep = format!(
        "CREATE FUNCTION campaign_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF random() * {SLOW_ONE_IN} < 1 THEN PERFORM pg_sleep(random() * {most_ms} / 1000.0); END IF;
            RETURN NULL; END $$;"
    );
    let trigger = |table: &str| {
        format!(
            "CREATE TRIGGER campaign_slow AFTER INSERT OR UPDATE OR DELETE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION campaign_slow();"
        )
    };
    let tables = ["contacts", "conversations", "messages", "media_files", "message_updates"];
    sleep + &tables.map(trigger).concat()
}

/// Hurts one node after the other, so many times.
pub(super) async fn hurt(
    nodes: &Nodes,
    mut dice: Dice,
    times: usize,
    injected: &std::sync::Mutex<InjectedFaults>,
) {
    for _ in 0..times {
        tokio::time::sleep(PAUSE.mul_f64(0.3 + dice.below(100) as f64 / 100.0)).await;
        let node = dice.below(nodes.len());
        let count = |add: fn(&mut InjectedFaults)| add(&mut injected.lock().unwrap());
        match dice.next(5) {
            0 | 1 => {
                count(|injected| injected.kills += 1);
                nodes.kill_and_restart(node).await;
            }
            2 if nodes.on_postgres() => {
                count(|injected| injected.cuts += 1);
                nodes.cut_off_from_database();
            }
            _ => {
                count(|injected| injected.hangs += 1);
                let (least, more) = HANGS_FOR_MS;
                nodes.hang(node, Duration::from_millis(least + dice.next(more))).await;
            }
        }
    }
}
