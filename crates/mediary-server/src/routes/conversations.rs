//! Conversations and their threads.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use mediary_core::{ConversationId, MessageId, limits};
use mediary_store::{ConversationQuery, MessageWithMedia};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::json::{Conversation, Message, Page, Shape};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Id, May, Paging, Query, record_id, rights};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_conversations))
        .routes(routes!(get_conversation))
        .routes(routes!(mark_conversation_read))
        .routes(routes!(show_typing))
        .routes(routes!(list_messages))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Search {
    /// Part of a contact's name, number or id.
    search: Option<String>,
}

/// Conversations, newest activity first
#[utoipa::path(get, path = "/api/conversations", tag = "Conversations", params(Paging, Search),
    responses((status = 200, body = Page<Conversation>), (status = 400, body = ProblemBody)))]
async fn list_conversations(
    State(app): State<App>,
    may: May<rights::Read>,
    Query(paging): Query<Paging>,
    Query(Search { search }): Query<Search>,
) -> Result<Json<Page<Conversation>>, Problem> {
    let search = search.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if search.as_ref().is_some_and(|text| text.chars().count() > limits::SHORT_TEXT_CHARS) {
        let max_chars = limits::SHORT_TEXT_CHARS;
        return Err(Problem::field("search", format!("must have at most {max_chars} characters")));
    }
    let query = ConversationQuery { page: paging.into(), search };
    let page = app.store().conversations(&may.caller().scope(), &query).await?;
    let last_messages = page.items.iter().filter_map(|conversation| conversation.last_message.as_ref());
    let reader = app.reader(may.caller(), last_messages.flat_map(MessageWithMedia::files)).await?;
    Ok(Json(Page::of(page, &reader)))
}

/// One conversation
#[utoipa::path(get, path = "/api/conversations/{id}", tag = "Conversations", params(("id" = i64, Path)),
    responses((status = 200, body = Conversation), (status = 404, body = ProblemBody)))]
async fn get_conversation(
    State(app): State<App>,
    may: May<rights::Read>,
    Id(id): Id<ConversationId>,
) -> Result<Json<Conversation>, Problem> {
    let row = app.store().conversation(&may.caller().scope(), id).await?.ok_or_else(Problem::not_found)?;
    let reader = app.reader(may.caller(), row.last_message.iter().flat_map(MessageWithMedia::files)).await?;
    Ok(Json(Conversation::shape(row, &reader)))
}

/// Mark a conversation as read
///
/// WhatsApp is told of it, too, so its person sees that.
#[utoipa::path(post, path = "/api/conversations/{id}/read", tag = "Conversations", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody)))]
async fn mark_conversation_read(
    State(app): State<App>,
    may: May<rights::MarkRead>,
    Id(id): Id<ConversationId>,
) -> Result<StatusCode, Problem> {
    app.engine().mark_read(&may, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Show that somebody writes
///
/// To the person of the conversation, for 25 seconds or until a message is sent. 409 if they have not written within 24 hours. It
/// marks their messages as read at WhatsApp.
#[utoipa::path(post, path = "/api/conversations/{id}/typing", tag = "Conversations", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
    (status = 502, body = ProblemBody)))]
async fn show_typing(
    State(app): State<App>,
    may: May<rights::Send>,
    Id(id): Id<ConversationId>,
) -> Result<StatusCode, Problem> {
    app.engine().show_typing(&may, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Around {
    /// The id of a message to have in the middle of the page, instead of `cursor`.
    #[serde(default, deserialize_with = "record_id")]
    #[param(value_type = Option<i64>, minimum = 1)]
    around: Option<MessageId>,
}

/// Messages of a conversation, newest first
///
/// Around a message a page has that one and the next newer one in any case.
#[utoipa::path(get, path = "/api/conversations/{id}/messages", tag = "Conversations",
    params(("id" = i64, Path), Paging, Around),
    responses((status = 200, body = Page<Message>), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn list_messages(
    State(app): State<App>,
    may: May<rights::Read>,
    Id(id): Id<ConversationId>,
    Query(paging): Query<Paging>,
    Query(Around { around }): Query<Around>,
) -> Result<Json<Page<Message>>, Problem> {
    let scope = may.caller().scope();
    let page = match around {
        None => app.store().messages(&scope, id, &paging.into()).await?,
        Some(_) if paging.cursor.is_some() => {
            return Err(Problem::field("around", "cannot be combined with cursor"));
        }
        Some(message) => {
            let page = app.store().messages_around(&scope, id, message, paging.limit.0).await?;
            page.ok_or_else(Problem::not_found)?
        }
    };
    // An empty page may also be that of a conversation that is not there.
    if page.items.is_empty() && app.store().conversation(&scope, id).await?.is_none() {
        return Err(Problem::not_found());
    }
    let reader = app.reader(may.caller(), page.items.iter().flat_map(MessageWithMedia::files)).await?;
    // Around a message the next newer one is there, too: without it, a reader would believe that there is none.
    let needed = match page.items.iter().position(|row| Some(row.message.id) == around) {
        Some(middle) => middle.saturating_sub(1)..middle + 1,
        None => 0..1,
    };
    Ok(Json(Page::around(page, needed, |row| Message::shape(row, &reader))))
}

#[cfg(test)]
mod tests {
    use mediary_core::Role;
    use mediary_core::limits::PAGE_BYTES;
    use serde_json::Value;

    use super::*;
    use crate::testing::{Company, House};

    /// As much as the frame of a page takes.
    const FRAME_BYTES: usize = 256;

    fn ids(page: &Value) -> Vec<i64> {
        page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect()
    }

    /// The ids on all pages of a list; how many each page has.
    async fn pages(house: &House, company: &Company, path: &str) -> (Vec<i64>, Vec<usize>) {
        let (mut found, mut counts, mut cursor) = (Vec::new(), Vec::new(), String::new());
        loop {
            let answer = house.get(&format!("{path}{cursor}"), company.key(Role::Admin)).await;
            let page = answer.json();
            let on_page = ids(&page);
            let is_bounded = answer.body.len() <= PAGE_BYTES + FRAME_BYTES;
            assert!(is_bounded || on_page.len() == 1, "{path}: {} bytes", answer.body.len());
            counts.push(on_page.len());
            found.extend(on_page);
            assert_eq!(page["hasMore"], page["nextCursor"].is_string());
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return (found, counts),
            }
        }
    }

    #[tokio::test]
    async fn page_of_large_messages_is_bounded_and_the_pages_lead_to_the_end() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let mut made = Vec::new();
        // Text and caption: 20 KB each, and of one message more than a page has.
        for number in 0..40 {
            let text = "x".repeat(if number == 20 { PAGE_BYTES } else { 10_000 });
            made.push(house.said(&company, &format!("wamid.{number}"), &text).await);
        }
        let path = format!("/api/conversations/{}/messages?limit=100", made[0].conversation);
        let (found, counts) = pages(&house, &company, &path).await;
        let all: Vec<i64> = made.iter().rev().map(|made| made.message.0).collect();
        assert_eq!(found, all, "each once, from new to old");
        assert!(counts.contains(&1), "the largest is alone: {counts:?}");
        assert_eq!(counts.len(), 3, "{counts:?}");
    }

    #[tokio::test]
    async fn page_around_a_message_has_it_and_the_next_newer_one_however_large_they_are() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let mut made = Vec::new();
        for number in 0..60 {
            let text = "x".repeat(if number == 50 { PAGE_BYTES } else { 10_000 });
            made.push(house.said(&company, &format!("wamid.{number}"), &text).await.message.0);
        }
        let conversation = house.get("/api/conversations", company.key(Role::Viewer)).await.json();
        let path = format!("/api/conversations/{}/messages?limit=100", ids(&conversation)[0]);
        let around = async |id: i64| {
            let answer = house.get(&format!("{path}&around={id}"), company.key(Role::Viewer)).await;
            (ids(&answer.json()), answer)
        };
        let (found, answer) = around(made[25]).await;
        let at = found.iter().position(|id| *id == made[25]).unwrap();
        assert!(answer.body.len() <= PAGE_BYTES + FRAME_BYTES, "{} bytes", answer.body.len());
        assert!((5..20).contains(&at) && found.len() > at + 5, "{at} of {found:?}");
        let next = answer.json()["nextCursor"].as_str().unwrap().to_owned();
        let older = house.get(&format!("{path}&cursor={next}"), company.key(Role::Viewer)).await.json();
        let oldest = made.iter().position(|id| id == found.last().unwrap()).unwrap();
        assert_eq!(ids(&older)[0], made[oldest - 1], "the list goes on right behind it");
        // The next newer one is too large for the page, and there all the same; so is the one that is asked for.
        assert_eq!(around(made[49]).await.0, [made[50], made[49]]);
        assert_eq!(around(made[50]).await.0, [made[51], made[50]]);
    }

    #[tokio::test]
    async fn pages_of_conversations_and_of_files_are_bounded_too() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let text = "x".repeat(PAGE_BYTES / 3);
        for number in 0..5 {
            let phone = format!("1555010010{number}");
            house.wordy_from(&company, &phone, &format!("wamid.{number}"), &text).await;
        }
        // A conversation has the text twice: as the caption of its last message and as the name of that one's file.
        for (path, expected) in [
            ("/api/conversations?limit=100", vec![1; 5]),
            ("/api/media?limit=100", vec![2, 2, 1]),
            ("/api/media?limit=100&sort=name", vec![2, 2, 1]),
        ] {
            let (mut found, counts) = pages(&house, &company, path).await;
            assert_eq!(counts, expected, "{path}");
            found.sort_unstable();
            found.dedup();
            assert_eq!(found.len(), 5, "{path}: each once");
        }
    }

    #[tokio::test]
    async fn conversation_shows_contact_last_message_and_what_is_unread() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let made = house.message(&company, "wamid.1").await;
        let key = company.key(Role::Agent);
        let list = house.get("/api/conversations", key).await.json();
        let item = &list["items"][0];
        assert_eq!(item["contact"]["name"], "Ben");
        assert_eq!(item["lastMessage"]["media"]["fileType"], "image");
        assert_eq!((&item["unreadCount"], &list["hasMore"]), (&1.into(), &false.into()));
        let path = format!("/api/conversations/{}", made.conversation);
        assert_eq!(house.get(&path, key).await.json(), *item);
        let read = house.post(&format!("{path}/read"), key, &serde_json::json!({})).await;
        assert_eq!(read.status, StatusCode::NO_CONTENT);
        assert_eq!(house.get(&path, key).await.json()["unreadCount"], 0);
    }

    #[tokio::test]
    async fn search_looks_at_the_contact() {
        let house = House::open().await;
        let company = house.company("acme").await;
        house.message(&company, "wamid.1").await;
        let key = company.key(Role::Viewer);
        for (search, found) in [("ben", 1), ("1234", 1), ("", 1), ("nobody", 0), ("%25", 0)] {
            let answer = house.get(&format!("/api/conversations?search={search}"), key).await;
            assert_eq!(answer.json()["items"].as_array().unwrap().len(), found, "{search}");
        }
        let long = "x".repeat(limits::SHORT_TEXT_CHARS + 1);
        assert_eq!(house.get(&format!("/api/conversations?search={long}"), key).await.field(), "search");
    }

    #[tokio::test]
    async fn thread_pages_from_new_to_old_and_around_a_message() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let mut made = Vec::new();
        for number in 0..7 {
            made.push(house.message(&company, &format!("wamid.{number}")).await);
        }
        let key = company.key(Role::Viewer);
        let path = format!("/api/conversations/{}/messages", made[0].conversation);
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = house.get(&format!("{path}?limit=3&cursor={cursor}"), key).await.json();
            seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()));
            assert_eq!(page["hasMore"], !page["nextCursor"].is_null());
            match page["nextCursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        let all: Vec<i64> = made.iter().rev().map(|made| made.message.0).collect();
        assert_eq!(seen, all);
        let middle = made[3].message;
        let around = house.get(&format!("{path}?around={middle}&limit=3"), key).await.json();
        let ids: Vec<_> =
            around["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect();
        assert!(ids.contains(&middle.0) && ids.len() <= 3, "{ids:?}");
        assert_eq!(house.get(&format!("{path}?around=999999"), key).await.code(), "not_found");
    }

    #[tokio::test]
    async fn invalid_query_parameters_are_400() {
        let house = House::open().await;
        let company = house.company("acme").await;
        let made = house.message(&company, "wamid.1").await;
        let key = company.key(Role::Viewer);
        let thread = format!("/api/conversations/{}/messages", made.conversation);
        for (path, field) in [
            ("/api/conversations?limit=0", "limit"),
            ("/api/conversations?limit=101", "limit"),
            ("/api/conversations?limit=ten", "limit"),
            ("/api/conversations?cursor=nonsense", "cursor"),
            (&format!("{thread}?around=x"), "around"),
        ] {
            assert_eq!(house.get(path, key).await.field(), field, "{path}");
        }
        assert_eq!(house.get("/api/conversations?limit=100", key).await.status, StatusCode::OK);
        assert_eq!(house.get("/api/conversations/abc", key).await.code(), "not_found");
    }
}
