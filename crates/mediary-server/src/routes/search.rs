//! The search over contacts, messages and files.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use mediary_core::{MessageId, Scope, WordQuery};
use mediary_store::{MediaFile, MediaQuery, MessageWithMedia, PageRequest};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::media::{short, words_of};
use crate::App;
use crate::json::{Page, SearchHit};
use crate::problem::{Problem, ProblemBody};
use crate::request::{May, Paging, Query, rights};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(search))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Search {
    /// Words that all have to be there, in any order; the last one may be the beginning of one. Case and accents do not matter.
    q: String,
    /// Where to search: names and numbers of contacts, texts and captions, or file names and captions.
    #[serde(default, rename = "in")]
    #[param(inline)]
    place: Place,
}

#[derive(Debug, Default, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Place {
    Conversations,
    #[default]
    Messages,
    Media,
}

/// Search, newest first
///
/// Each hit says where in it the words stand. Messages that were taken back and files that were deleted are not found. A page may have
/// fewer items than `limit`, even none, while `hasMore` is true: then `nextCursor` goes on.
#[utoipa::path(get, path = "/api/search", tag = "Conversations", params(Paging, Search),
    responses((status = 200, body = Page<SearchHit>), (status = 400, body = ProblemBody)))]
async fn search(
    State(app): State<App>,
    may: May<rights::Read>,
    Query(paging): Query<Paging>,
    Query(Search { q, place }): Query<Search>,
) -> Result<Json<Page<SearchHit>>, Problem> {
    let typed = short("q", Some(q))?.ok_or_else(|| Problem::field("q", "must not be empty"))?;
    let words = words_of("q", Some(typed.clone()))?.ok_or_else(Problem::not_found)?;
    let (scope, page) = (may.caller().scope(), PageRequest::from(paging));
    match place {
        Place::Messages => {
            let found = app.store().search_messages(&scope, &words, &page).await?;
            let reader =
                app.reader(may.caller(), found.items.iter().flat_map(MessageWithMedia::files)).await?;
            let shape = |row| SearchHit::of_message(row, &words, &reader);
            Ok(Json(Page::mapped(found, shape)))
        }
        Place::Conversations => {
            let words = number(&typed).unwrap_or(words);
            let found = app.store().search_conversations(&scope, &words, &page).await?;
            let last = found.items.iter().filter_map(|one| one.last_message.as_ref());
            let reader = app.reader(may.caller(), last.flat_map(MessageWithMedia::files)).await?;
            let shape = |row| SearchHit::of_conversation(row, &words, &reader);
            Ok(Json(Page::mapped(found, shape)))
        }
        Place::Media => {
            let query = MediaQuery { words: Some(words.clone()), page, ..MediaQuery::default() };
            let found = app.store().media_list(&scope, &query).await?;
            let messages = messages_of(&app, &scope, &found.items).await?;
            let others = messages.values().flat_map(MessageWithMedia::files);
            let reader = app.reader(may.caller(), found.items.iter().chain(others)).await?;
            let shape = |row: MediaFile| {
                let message = row.message_id.and_then(|id| messages.get(&id).cloned());
                SearchHit::of_media(row, message, &words, &reader)
            };
            Ok(Json(Page::mapped(found, shape)))
        }
    }
}

/// A number as contacts have it, however it was written; `None` if it is none.
fn number(typed: &str) -> Option<WordQuery> {
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    let is_number = typed.chars().all(|c| c.is_ascii_digit() || "+-() .".contains(c));
    WordQuery::new(&digits).filter(|_| is_number)
}

async fn messages_of(
    app: &App,
    scope: &Scope,
    files: &[MediaFile],
) -> Result<HashMap<MessageId, MessageWithMedia>, Problem> {
    let ids: Vec<MessageId> = files.iter().filter_map(|file| file.message_id).collect();
    let messages = app.store().messages_of_ids(scope, &ids).await?;
    Ok(messages.into_iter().map(|message| (message.message.id, message)).collect())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::StatusCode;
    use mediary_core::Role;
    use mediary_core::limits::{PAGE_BYTES, SEARCH_MARKS};
    use mediary_testing::files::PNG;
    use serde_json::json;

    use crate::routes::crossing::{scene, seeing};
    use crate::testing::{House, post, request};

    #[tokio::test]
    async fn hits_say_where_their_words_stand() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let made = house.stored_named(&company, "wamid.1", "Año_Straße.png", PNG).await;
        let key = company.key(Role::Viewer);
        let search =
            async |query: &str| house.get(&format!("/api/search?{query}"), key).await.json()["items"].clone();
        let files = search("in=media&q=strasse").await;
        assert_eq!(files[0]["media"]["id"], made.media.0);
        assert_eq!(files[0]["message"]["id"], made.message.0);
        assert_eq!(files[0]["marks"], json!([{"field": "fileName", "start": 4, "end": 10}]));
        let people = search("in=conversations&q=be").await;
        assert_eq!(people[0]["conversation"]["id"], made.conversation.0);
        assert_eq!(people[0]["marks"], json!([{"field": "name", "start": 0, "end": 3}]));
        let people = search("in=conversations&q=%2B1%20555-12").await;
        assert_eq!(people[0]["marks"][0]["field"], "phone");
        for nothing in ["q=strasse", "in=conversations&q=strasse", "in=media&q=be"] {
            assert_eq!(search(nothing).await, json!([]), "{nothing}");
        }
    }

    #[tokio::test]
    async fn page_of_the_largest_hits_is_bounded_and_the_pages_lead_to_the_end() {
        let house = House::open().await;
        let company = house.company("acme").await;
        // As many words and marks as can be, and letters that JSON writes as six; one text is longer than any of WhatsApp's.
        let words = "x ".repeat(2048);
        let wide = format!("x {}", "\u{1}".repeat(4094));
        let beyond = format!("x {}", "\u{1F600}".repeat(200_000));
        for number in 0..100 {
            let text = [&words, &wide, if number == 50 { &beyond } else { &words }][number % 3];
            house.said(&company, &format!("wamid.{number}"), text).await;
        }
        for place in ["messages", "media", "conversations"] {
            let mut path = format!("/api/search?q=x&limit=100&in={place}");
            if place == "conversations" {
                path = path.replace("q=x", "q=be");
            }
            let (mut found, mut pages, mut cursor) = (Vec::new(), 0, String::new());
            loop {
                let answer = house.get(&format!("{path}{cursor}"), company.key(Role::Viewer)).await;
                assert!(answer.body.len() <= PAGE_BYTES + 1024, "{place}: {} bytes", answer.body.len());
                let page = answer.json();
                for hit in page["items"].as_array().unwrap() {
                    let marks = hit["marks"].as_array().unwrap();
                    assert!((1..=2 * SEARCH_MARKS).contains(&marks.len()), "{place}: {} marks", marks.len());
                    let id = |kind: &str| hit[kind]["id"].as_i64();
                    found.push(id("media").or(id("message")).or(id("conversation")).unwrap());
                }
                pages += 1;
                assert_eq!(page["hasMore"], page["nextCursor"].is_string());
                match page["nextCursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            let count = found.len();
            found.sort_unstable();
            found.dedup();
            let all = if place == "conversations" { 1 } else { 100 };
            assert_eq!((found.len(), count), (all, all), "{place}: each once");
            assert!(all == 1 || pages > 1, "{place}: {pages} pages");
        }
    }

    #[tokio::test]
    async fn invalid_searches_are_named() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let long = format!("q={}", "x".repeat(201));
        for (query, field) in [
            ("", "q"),
            ("q=", "q"),
            ("q=%E2%80%A6", "q"),
            (&long, "q"),
            ("q=a&in=everything", "in"),
            ("q=a&limit=0", "limit"),
        ] {
            let answer = house.get(&format!("/api/search?{query}"), company.key(Role::Viewer)).await;
            assert_eq!(answer.field(), field, "{query}");
        }
    }

    /// A company tries another one's, and somebody who sees one conversation tries the other, with the index and without.
    #[tokio::test]
    async fn searches_find_nothing_of_others() {
        let scene = scene().await;
        let own = scene.house.stored_from(&scene.theirs, "15550100777", "wamid.own", PNG).await;
        for is_indexed in [false, true] {
            for query in ["q=look", "in=media&q=look", "in=conversations&q=1555"] {
                let path = format!("/api/search?{query}");
                let count = async |answer: crate::testing::Answer| {
                    assert_eq!(answer.status, StatusCode::OK);
                    answer.json()["items"].as_array().unwrap().len()
                };
                let all = scene.house.get(&path, scene.theirs.key(Role::Viewer)).await;
                assert_eq!(count(all).await, 2, "{query}");
                let ours = scene.house.get(&path, scene.ours.key(Role::Admin)).await;
                assert_eq!(count(ours).await, 0, "{query}");
                let ask = request("GET", &path, None).body(Body::empty()).unwrap();
                let seen = scene.house.send(seeing(&scene, own.conversation, ask)).await;
                let hit = seen.json()["items"][0].clone();
                let found = [&hit["message"]["id"], &hit["media"]["id"], &hit["conversation"]["id"]];
                let theirs = [json!(own.message), json!(own.media), json!(own.conversation)];
                assert!(found.iter().zip(&theirs).any(|(one, other)| *one == other), "{query}: {hit}");
                assert_eq!(count(seen).await, 1, "{query}");
            }
            if !is_indexed {
                scene.house.engine.sweep().await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn archives_hold_nothing_of_a_conversation_that_is_not_seen() {
        let scene = scene().await;
        let own = scene.house.stored_from(&scene.theirs, "15550100777", "wamid.own", PNG).await;
        let choose = async |ids: &[i64]| {
            let ask = post("/api/media/archive", None, &json!({"ids": ids}));
            scene.house.send(seeing(&scene, own.conversation, ask)).await
        };
        let refused = choose(&[own.media.0, scene.made.media.0]).await;
        let unknown = choose(&[own.media.0, 999]).await;
        assert_eq!((refused.status, unknown.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
        assert_eq!(choose(&[own.media.0]).await.status, StatusCode::CREATED);
        let foreign = json!({"ids": [scene.made.media.0]});
        let ours = scene.house.post("/api/media/archive", scene.ours.key(Role::Admin), &foreign).await;
        assert_eq!(ours.status, StatusCode::NOT_FOUND);
        for conversation in [scene.made.conversation, own.conversation] {
            let path = format!("/api/conversations/{conversation}/media/archive");
            let ask = request("GET", &path, None).body(Body::empty()).unwrap();
            let answer = scene.house.send(seeing(&scene, own.conversation, ask)).await;
            assert_eq!(answer.status == StatusCode::OK, conversation == own.conversation, "{path}");
            assert_eq!(scene.house.get(&path, scene.ours.key(Role::Admin)).await.code(), "not_found");
        }
    }
}
