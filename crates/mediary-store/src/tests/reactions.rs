//! Many reactions to one message: only the newest count, and one more costs the same however many there are.

use std::time::Duration;

use mediary_core::MessageType;
use mediary_testing::START;

use super::harness::Test;
use super::on_both;
use super::plans::{plan, statements};
use super::rows::{item, text};
use crate::ingest::reactions::REACTIONS_MAX;
use crate::*;

fn reaction(test: &Test, number: usize, emoji: Option<&str>) -> IngestItem {
    item(IncomingMessage {
        message_type: MessageType::Reaction,
        sender_phone: Some(format!("+49{number:06}")),
        timestamp: START.plus(Duration::from_secs(number as u64)),
        reaction: Some(Reaction { target: "m1".into(), emoji: emoji.map(str::to_owned) }),
        ..text(test.acme, &format!("r{number}-{}", emoji.unwrap_or("back")))
    })
}

async fn shown(test: &Test) -> Vec<String> {
    test.message(test.acme, "m1").await.message.reactions.into_iter().map(|one| one.from).collect()
}

async fn newest_reactions_to_a_message_count_up_to_a_limit(test: &Test) {
    const OLDER: usize = 5;
    let limit = REACTIONS_MAX as usize;
    let mut items = vec![item(text(test.acme, "m1"))];
    items.extend((0..limit + OLDER).map(|number| reaction(test, number, Some("👍"))));
    test.ingest(items).await;
    let from: Vec<String> = (OLDER..limit + OLDER).map(|number| format!("+49{number:06}")).collect();
    assert_eq!(shown(test).await, from, "those of the oldest are left out, the others stand in order");
    // What is older than all of them changes nothing, and what is newer takes the place of the oldest.
    test.ingest(vec![reaction(test, 0, Some("x"))]).await;
    assert_eq!(shown(test).await, from);
    test.ingest(vec![reaction(test, limit + OLDER, None)]).await;
    assert_eq!(shown(test).await, from[1..]);
}

/// The most rows that a step of a plan gave on Postgres.
fn most_rows(lines: &[String]) -> u32 {
    let rows = |line: &String| {
        let actual = line.split("(actual ").nth(1)?;
        let rows = actual.split("rows=").nth(1)?.split([' ', ')']).next()?;
        rows.split('.').next()?.parse().ok()
    };
    lines.iter().filter_map(rows).max().unwrap_or(0)
}

async fn another_reaction_reads_the_newest_only(test: &Test) {
    const MANY: u32 = 5 * REACTIONS_MAX;
    test.ingest(vec![item(text(test.acme, "m1"))]).await;
    let many = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY})
        INSERT INTO messages (company_id, account_id, conversation_id, direction, type, status, sent_at,
                provider_message_id, sender_phone, reaction_target, reaction_emoji, created_at, updated_at)
            SELECT m.company_id, m.account_id, m.conversation_id, 'inbound', 'reaction', 'received', m.sent_at + i,
                'old-' || i, 'phone-' || i, 'm1', 'x', m.created_at, m.created_at
            FROM n CROSS JOIN messages m WHERE m.provider_message_id = 'm1'"
    );
    test.sql(&many).await.unwrap();
    if let Some(sql) = crate::dialect::analyze(test.store.backend()) {
        test.sql(sql).await.unwrap();
    }
    let one_more = vec![reaction(test, MANY as usize, Some("👍"))];
    let seen = statements(async { Ok(test.ingest(one_more).await) }).await;
    assert_eq!(shown(test).await.len(), REACTIONS_MAX as usize);
    let reading: Vec<_> = seen.into_iter().filter(|(sql, _)| sql.contains("messages r")).collect();
    assert!(!reading.is_empty());
    for (sql, args) in reading {
        let lines = plan(test, &sql, args).await;
        let by_index = lines.iter().any(|line| line.contains("messages_reactions_newest"));
        let sorted = lines.iter().filter(|line| line.contains("TEMP B-TREE")).count();
        // At most those that were read are sorted.
        let good = by_index && sorted <= 1 && most_rows(&lines) <= REACTIONS_MAX;
        assert!(good, "{sql}\n{}", lines.join("\n"));
    }
}

on_both!(newest_reactions_to_a_message_count_up_to_a_limit, another_reaction_reads_the_newest_only,);
