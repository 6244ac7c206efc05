//! The description of the API: as OpenAPI for programs, as one page for people. The page needs no script and asks for
//! nothing else.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, header};
use mediary_core::ErrorCode;
use serde_json::Value;

use crate::problem::Problem;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
    color-scheme:light dark}code,b{font-family:ui-monospace,monospace}details{border:1px solid #8884;border-radius:6px;\
    margin:.4rem 0;padding:.4rem .8rem}summary{cursor:pointer}table{border-collapse:collapse;width:100%}td,th{\
    text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0;border-bottom:1px solid #8883}";
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/// `GET /api/openapi.json`
pub(super) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCS.json.as_str()).into_response()
}

/// `GET /api/docs`
pub(super) async fn page() -> Response {
    let policy = [(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY))];
    (policy, Html(DOCS.page.as_str())).into_response()
}

/// Made when somebody first asks: most processes are never asked, and it takes megabytes.
static DOCS: LazyLock<Docs> = LazyLock::new(|| Docs::new(&super::openapi()));

/// Both forms.
struct Docs {
    json: String,
    page: String,
}

impl Docs {
    fn new(api: &utoipa::openapi::OpenApi) -> Self {
        let json = api.to_pretty_json().expect("a description is plain text");
        let value: Value = serde_json::from_str(&json).expect("it was just written");
        Self { page: render(&value), json }
    }
}

fn render(api: &Value) -> String {
    let mut html = String::from("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    let _ = write!(html, "<meta name=\"viewport\" content=\"width=device-width\"><title>Mediary API</title>");
    let _ = write!(
        html,
        "<style>{STYLE}</style></head><body><h1>Mediary API</h1><p>{}</p>",
        text(&api["info"]["description"])
    );
    let _ =
        write!(html, "<p>For programs: <a href=\"/api/openapi.json\"><code>/api/openapi.json</code></a></p>");
    for tag in list(&api["tags"]) {
        let _ = write!(html, "<h2>{}</h2>", text(&tag["name"]));
        for (path, method, operation) in operations(api) {
            if list(&operation["tags"]).first() == Some(&tag["name"]) {
                operation_section(&mut html, api, path, method, operation);
            }
        }
    }
    errors_section(&mut html);
    html.push_str("<h2>Types</h2>");
    for (name, schema) in members(&api["components"]["schemas"]) {
        let _ = write!(html, "<details id=\"type-{0}\"><summary><b>{0}</b> ", escape(name));
        let _ = write!(html, "{}</summary>{}</details>", text(&schema["description"]), fields(schema));
    }
    html.push_str("</body></html>");
    html
}

fn operations(api: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    members(&api["paths"]).flat_map(|(path, item)| {
        members(item)
            .filter(|(_, operation)| operation.is_object())
            .map(move |(method, operation)| (path, method, operation))
    })
}

fn operation_section(html: &mut String, api: &Value, path: &str, method: &str, operation: &Value) {
    let method = method.to_uppercase();
    let _ = write!(
        html,
        "<details><summary><b>{method} {}</b> {}</summary>",
        escape(path),
        text(&operation["summary"])
    );
    let _ = write!(html, "<p>{}</p>", text(&operation["description"]));
    let parameters = list(&operation["parameters"]);
    if !parameters.is_empty() {
        html.push_str("<table><tr><th>Parameter</th><th>In</th><th>Type</th><th></th></tr>");
        for parameter in parameters {
            let _ = write!(
                html,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
                text(&parameter["name"]),
                text(&parameter["in"]),
                kind(&parameter["schema"]),
                text(&parameter["description"])
            );
        }
        html.push_str("</table>");
    }
    for (media_type, content) in members(&operation["requestBody"]["content"]) {
        let _ = write!(html, "<p>Body: <code>{}</code> {}</p>", escape(media_type), kind(&content["schema"]));
    }
    html.push_str("<table><tr><th>Status</th><th>Body</th><th></th></tr>");
    for (status, response) in members(&operation["responses"]) {
        let response = resolved(api, response);
        let body = members(&response["content"])
            .map(|(_, content)| kind(&content["schema"]))
            .next()
            .unwrap_or_default();
        let _ = write!(
            html,
            "<tr><td>{}</td><td>{body}</td><td>{}</td></tr>",
            escape(status),
            text(&response["description"])
        );
    }
    html.push_str("</table></details>");
}

/// A description where it stands, or the one that it points to.
fn resolved<'a>(api: &'a Value, it: &'a Value) -> &'a Value {
    let pointer = it["$ref"].as_str().and_then(|reference| api.pointer(reference.strip_prefix('#')?));
    pointer.unwrap_or(it)
}

fn errors_section(html: &mut String) {
    html.push_str("<h2>Errors</h2><table><tr><th>Code</th><th>Status</th><th>Retry helps</th><th></th></tr>");
    for code in ErrorCode::ALL {
        let status = Problem::new(*code).http_status().as_u16();
        let retry = if code.retryable() { "yes" } else { "no" };
        let sentence = escape(code.sentence());
        let _ = write!(
            html,
            "<tr id=\"{code}\"><td><code>{code}</code></td><td>{status}</td><td>{retry}</td><td>{sentence}</td></tr>"
        );
    }
    html.push_str("</table>");
}

fn fields(schema: &Value) -> String {
    if !schema["properties"].is_object() {
        return format!("<p>{}</p>", kind(schema));
    }
    let mut html = String::from("<table>");
    for (name, field) in members(&schema["properties"]) {
        let (name, kind, about) = (escape(name), kind(field), text(&field["description"]));
        let _ = write!(html, "<tr><td><code>{name}</code></td><td>{kind}</td><td>{about}</td></tr>");
    }
    html + "</table>"
}

/// A type in a few words, with a link where it has its own section.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return format!("<a href=\"#type-{0}\">{0}</a>", escape(name));
    }
    if !list(&schema["enum"]).is_empty() {
        let words: Vec<String> =
            list(&schema["enum"]).iter().map(|word| format!("<code>{}</code>", text(word))).collect();
        return words.join(" ");
    }
    let either = if schema["oneOf"].is_array() { &schema["oneOf"] } else { &schema["allOf"] };
    if !list(either).is_empty() {
        return list(either).iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    match &schema["type"] {
        Value::String(name) if name == "array" => format!("list of {}", kind(&schema["items"])),
        Value::String(name) => escape(name),
        Value::Array(names) => names.iter().map(text).collect::<Vec<_>>().join(" or "),
        _ => String::new(),
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_describes_every_route_and_schema() {
        let api = serde_json::to_value(crate::openapi()).unwrap();
        assert!(api["openapi"].as_str().unwrap().starts_with("3.1"));
        let tags: Vec<&str> = list(&api["tags"]).iter().map(|tag| tag["name"].as_str().unwrap()).collect();
        let mut ids = std::collections::HashSet::new();
        for (path, method, operation) in operations(&api) {
            let route = format!("{method} {path}");
            assert!(tags.contains(&operation["tags"][0].as_str().unwrap()), "{route} has no known tag");
            assert!(!text(&operation["summary"]).is_empty(), "{route} has no summary");
            assert!(ids.insert(operation["operationId"].clone()), "{route} shares its operation id");
        }
        let written = api.to_string();
        for reference in written.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(api["components"]["schemas"][name].is_object(), "{name} is not described");
        }
    }

    #[test]
    fn documentation_page_needs_no_other_host() {
        let docs = Docs::new(&crate::openapi());
        for outside in ["<script", "src=", "http://", "https://", "@import", "url("] {
            assert!(!docs.page.contains(outside), "{outside}");
        }
        for code in ErrorCode::ALL {
            assert!(docs.page.contains(&format!("id=\"{code}\"")), "{code} is not explained");
        }
        for route in ["POST /api/webhooks/whatsapp", "GET /m/{token}", "PATCH /api/settings/media"] {
            assert!(docs.page.contains(route), "{route}");
        }
    }

    #[test]
    fn documentation_text_cannot_become_markup() {
        assert_eq!(escape("<b a=\"1\">&"), "&lt;b a=&quot;1&quot;&gt;&amp;");
    }
}
