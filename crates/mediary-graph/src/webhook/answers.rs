//! What a person reads of a filled form, of a message that a business sent from a template, and of headers that name no
//! file of ours.

use serde_json::Value;

use super::files::{form_answers, form_files, header_file};
use super::tolerant::{id, items};

/// Answers of a form that are written out, and the length of each.
const ANSWERS: usize = 40;
const ANSWER_CHARS: usize = 300;
/// Things that are named within one answer.
const LISTED: usize = 10;

/// One line for each answer of a form; a text that is no JSON object is shown as it is.
pub(super) fn form_lines(interactive: &Value) -> Vec<String> {
    let Some(answers) = form_answers(interactive) else {
        let text = interactive.get("nfm_reply").and_then(|reply| id(reply, "response_json"));
        return text.filter(|text| text != "null").map(|text| shortened(&text)).into_iter().collect();
    };
    let answers = answers.as_object().into_iter().flatten();
    // The token identifies the form to its maker, and means nothing to people.
    let answers = answers.filter(|(name, _)| *name != "flow_token");
    let mut lines: Vec<String> = answers
        .filter_map(|(name, answer)| Some(shortened(&format!("{name}: {}", shown(answer)?))))
        .take(ANSWERS + 1)
        .collect();
    if lines.len() > ANSWERS {
        lines.truncate(ANSWERS);
        lines.push("…".to_owned());
    }
    lines
}

fn shown(answer: &Value) -> Option<String> {
    let files: Vec<String> = form_files(answer).take(LISTED).map(file_name).collect();
    if !files.is_empty() {
        return Some(files.join(", "));
    }
    let parts: Vec<String> = match answer {
        Value::Array(parts) => parts.iter().filter_map(scalar).take(LISTED).collect(),
        other => scalar(other).into_iter().collect(),
    };
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        // A choice from a list.
        Value::Object(_) => id(value, "title").or_else(|| id(value, "id")),
        _ => None,
    }
}

fn file_name(file: &Value) -> String {
    let name = id(file, "file_name").or_else(|| id(file, "mime_type")).unwrap_or_else(|| "file".to_owned());
    match id(file, "id") {
        Some(_) => name,
        // Encrypted, for the form's own endpoint: WhatsApp sends no id to request it by.
        None => format!("{name} (cannot be fetched from WhatsApp)"),
    }
}

/// A header whose file is only linked to is never fetched, so the link is shown.
pub(super) fn header_link(header: &Value) -> Option<String> {
    let (_, node) = header_file(header)?;
    id(node, "link").filter(|link| id(node, "id").is_none() && is_web(link)).map(|link| shortened(&link))
}

fn is_web(link: &str) -> bool {
    ["https://", "http://"]
        .iter()
        .any(|scheme| link.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme)))
}

/// What a message sent from a template says: its name, and what was filled in.
pub(super) fn template_lines(template: &Value) -> Vec<String> {
    let mut lines: Vec<String> = id(template, "name").into_iter().collect();
    for component in items(template, "components").iter().take(ANSWERS) {
        let cards = items(component, "cards").iter().flat_map(|card| items(card, "components"));
        for component in std::iter::once(component).chain(cards).take(ANSWERS) {
            let parameters = items(component, "parameters");
            let texts: Vec<String> = parameters
                .iter()
                .filter_map(|p| id(p, "text").or_else(|| header_link(p)))
                .take(LISTED)
                .collect();
            if !texts.is_empty() && lines.len() < ANSWERS {
                lines.push(shortened(&texts.join(", ")));
            }
        }
    }
    lines
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(ANSWER_CHARS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
