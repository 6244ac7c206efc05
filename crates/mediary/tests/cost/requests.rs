//! Requests: their path, query, headers and JSON. A head has at most 16 KiB.

use serde_json::{Value, json};

use crate::entrances::{Enter, Entrance, anybody, known};
use crate::house::House;

pub(crate) fn anonymous() -> Vec<Entrance> {
    vec![
        anybody("link: letters of the token", 1500, |house, n| get(house, &format!("/m/{}", "A".repeat(n)))),
        anybody("path: letters", 1500, |house, n| get(house, &format!("/api/{}", "a".repeat(n)))),
        anybody("path: parts", 700, |house, n| get(house, &format!("/api{}", "/a".repeat(n)))),
        anybody("headers: many", 20, |house, n| {
            let headers: Vec<(String, String)> = (0..n).map(|i| (format!("x-{i}"), "1".to_owned())).collect();
            get_with(house, "/api/auth/me", &headers)
        }),
        anybody("header: long", 1500, |house, n| header(house, "/api/auth/me", "x-long", "a".repeat(n))),
        anybody("x-forwarded-for: hops", 130, |house, n| {
            header(house, "/m/x", "x-forwarded-for", ["127.0.0.1"].repeat(n + 1).join(", "))
        }),
        anybody("x-forwarded-for: lines", 20, |house, n| {
            let line = ("x-forwarded-for".to_owned(), "127.0.0.1".to_owned());
            get_with(house, "/m/x", &vec![line; n])
        }),
        anybody("x-forwarded-for: commas", 1500, |house, n| {
            header(house, "/m/x", "x-forwarded-for", ",".repeat(n + 1))
        }),
        anybody("x-forwarded-for: a long hop", 1500, |house, n| {
            header(house, "/m/x", "x-forwarded-for", "1".repeat(n + 1))
        }),
        anybody("cookie: pairs", 300, |house, n| header(house, "/api/auth/me", "cookie", "a=1; ".repeat(n))),
        anybody("cookie: letters of the session", 1500, |house, n| {
            header(house, "/api/auth/me", "cookie", format!("mediary_session={}", "a".repeat(n)))
        }),
        anybody("authorization: letters of the key", 1500, |house, n| {
            header(house, "/api/auth/me", "authorization", format!("Bearer mdy_{}", "a".repeat(n)))
        }),
        anybody("accept-encoding: choices", 200, |house, n| {
            header(house, "/api/auth/me", "accept-encoding", "br;q=0,".repeat(n) + "x")
        }),
        anybody("if-none-match: tags", 300, |house, n| {
            header(house, "/api/openapi.json", "if-none-match", "\"a\", ".repeat(n) + "\"b\"")
        }),
        anybody("log-in: letters of the e-mail", 8000, |house, n| {
            log_in(house, &json!({ "email": "a".repeat(n + 201), "password": "p" }).to_string())
        }),
        anybody("log-in: unknown fields", 1000, |house, n| {
            log_in(house, &format!("{{{}\"email\":1}}", "\"email\":\"a\",".repeat(n)))
        }),
        anybody("log-in: depth", 5000, |house, n| {
            log_in(house, &format!("{{\"email\":{}{}}}", "[".repeat(n), "]".repeat(n)))
        }),
        anybody("verification: letters of the token", 1500, |house, n| {
            house.accounts(20);
            verify(house, &"a".repeat(n))
        }),
        anybody("verification: parameters", 350, |house, n| verify(house, &"a&x=".repeat(n))),
        anybody("verification: percent signs", 450, |house, n| verify(house, &"%20".repeat(n))),
    ]
}

pub(crate) fn with_a_key() -> Vec<Entrance> {
    let mut all = of_heads();
    all.extend(of_bodies());
    all
}

fn of_heads() -> Vec<Entrance> {
    vec![
        known("verification: accounts, and letters of the token", 8, |house, n| {
            house.accounts(n);
            verify(house, &"a".repeat(250 * n))
        }),
        known("range: ranges", 300, |house, n| {
            header(house, "/api/media/messages/1", "range", format!("bytes={}", "0-1, ".repeat(n)))
        }),
        known("range: digits", 1500, |house, n| {
            header(house, "/api/media/messages/1", "range", format!("bytes=0-{}", "9".repeat(n)))
        }),
        known("if-range: letters", 1500, |house, n| {
            header(house, "/api/media/messages/1", "if-range", "a".repeat(n + 1))
        }),
        known("whatsapp's media id: letters", 1500, |house, n| {
            get(house, &format!("/api/whatsapp/media/{}", "1".repeat(n + 1)))
        }),
        known("last-event-id: digits", 1500, |house, n| {
            let headers = [("last-event-id".to_owned(), "1".repeat(n + 1))];
            request(house, "HEAD", "/api/events", &headers, String::new())
        }),
        known("list: letters of the cursor", 1500, |house, n| {
            get(house, &format!("/api/media?cursor={}", "A".repeat(n)))
        }),
        known("list: parameters nobody knows", 200, |house, n| {
            get(house, &format!("/api/media?{}", "a=1&".repeat(n)))
        }),
        known("list: kinds of files", 130, |house, n| {
            get(house, &format!("/api/media?{}", "type=image&".repeat(n)))
        }),
        known("list: one filter often", 130, |house, n| {
            get(house, &format!("/api/media?{}", "sort=size&".repeat(n)))
        }),
        known("list: letters of a filter", 1500, |house, n| {
            get(house, &format!("/api/media?from={}", "2".repeat(n)))
        }),
        known("search: letters", 50, |house, n| {
            get(house, &format!("/api/conversations?search={}", "%25".repeat(n)))
        }),
        known("search: letters beyond the bound", 1500, |house, n| {
            get(house, &format!("/api/conversations?search={}", "a".repeat(n + 201)))
        }),
    ]
}

fn of_bodies() -> Vec<Entrance> {
    vec![
        known("body: depth", 5000, |house, n| {
            change(house, format!("{{\"policy\":{}{}}}", "[".repeat(n), "]".repeat(n)))
        }),
        known("body: depth of an unknown field", 5000, |house, n| {
            change(house, format!("{{\"x\":{}{}}}", "[".repeat(n), "]".repeat(n)))
        }),
        known("body: repeated fields", 2000, |house, n| {
            change(house, format!("{{{}\"policy\":1}}", "\"auditViews\":true,".repeat(n)))
        }),
        known("body: letters of a value", 2000, |house, n| {
            change(house, json!({ "policy": "a".repeat(n) }).to_string())
        }),
        known("body: letters of a field's name", 2000, |house, n| {
            change(house, json!({ "`".repeat(n + 1): 1 }).to_string())
        }),
        known("body: numbers with a point", 120, |house, n| {
            let points = "1.0,".repeat(n);
            change(house, format!("{{\"retentionDays\":3.0,\"policy\":[{points}1.0]}}"))
        }),
        known("body: bytes beyond the bound", 100_000, |house, n| change(house, " ".repeat(n + 300_000))),
        known("body: letters of a name", 8000, |house, n| {
            add(
                house,
                "/api/whatsapp-accounts",
                &json!({ "phoneNumberId": "1", "name": "a".repeat(n + 201) }),
            )
        }),
        known("body: letters of a number", 8000, |house, n| {
            add(house, "/api/whatsapp-accounts", &json!({ "phoneNumberId": "1".repeat(n + 50), "name": "a" }))
        }),
        known("body: letters of an e-mail", 8000, |house, n| {
            let email = format!("{}@a.test", "a".repeat(n + 201));
            let user = json!({ "email": email, "name": "a", "role": "agent", "password": "correct horse" });
            add(house, "/api/users", &user)
        }),
    ]
}

fn get<'h>(house: &'h House, path: &str) -> Enter<'h> {
    get_with(house, path, &[])
}

fn header<'h>(house: &'h House, path: &str, name: &str, value: String) -> Enter<'h> {
    get_with(house, path, &[(name.to_owned(), value)])
}

fn get_with<'h>(house: &'h House, path: &str, headers: &[(String, String)]) -> Enter<'h> {
    request(house, "GET", path, headers, String::new())
}

fn verify<'h>(house: &'h House, token: &str) -> Enter<'h> {
    house.forget_accounts();
    get(house, &format!("/api/webhooks/whatsapp?hub.mode=subscribe&hub.verify_token={token}"))
}

fn log_in<'h>(house: &'h House, body: &str) -> Enter<'h> {
    let json = [("content-type".to_owned(), "application/json".to_owned())];
    request(house, "POST", "/api/auth/login", &json, body.to_owned())
}

fn change(house: &House, body: String) -> Enter<'_> {
    let json = [("content-type".to_owned(), "application/json".to_owned())];
    request(house, "PATCH", "/api/settings/media", &json, body)
}

fn add<'h>(house: &'h House, path: &str, body: &Value) -> Enter<'h> {
    let json = [("content-type".to_owned(), "application/json".to_owned())];
    request(house, "POST", path, &json, body.to_string())
}

/// What needs no key.
const OPEN: [&str; 4] = ["/m/", "/api/auth/", "/api/webhooks/", "/api/openapi.json"];

/// A request, with the admin's key where one is needed.
fn request<'h>(
    house: &'h House,
    method: &str,
    path: &str,
    headers: &[(String, String)],
    body: String,
) -> Enter<'h> {
    let mut head = format!("{method} {path} HTTP/1.1");
    if !OPEN.iter().any(|open| path.starts_with(open)) {
        house.forget_key();
        head.push_str(&format!("\r\nauthorization: Bearer {}", house.key()));
    }
    for (name, value) in headers {
        head.push_str(&format!("\r\n{name}: {value}"));
    }
    Box::new(move || house.ask(&head, body.as_bytes()))
}
