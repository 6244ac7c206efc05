//! What a person reads of a message that is not media.

use serde_json::Value;

use super::answers::{form_lines, header_link, template_lines};
use super::content::Content;
use super::tolerant::{id, items};

/// Names or products that are written out; the rest is only counted.
const LISTED: usize = 5;

impl Content {
    /// What a person reads of it, if it is not media: its text, or a line that stands for it.
    pub fn display_text(&self) -> Option<String> {
        match self {
            Self::Text { body } => Some(body.clone()),
            Self::Location { latitude, longitude, name, address, .. } => {
                let address = join(", ", [name.clone(), address.clone()]);
                address.or_else(|| Some(format!("{}, {}", (*latitude)?, (*longitude)?)))
            }
            Self::Contacts(cards) => {
                let cards = cards.as_array().map_or(&[][..], Vec::as_slice);
                listing(cards.iter().filter_map(contact_name).collect())
            }
            Self::Interactive { title, body, raw, .. } => {
                let text = join(" – ", [title.clone(), body.clone()]);
                let link = raw.get("header").and_then(header_link);
                lines(text.into_iter().chain(link).chain(form_lines(raw)).chain(buttons(raw)))
            }
            Self::Template { raw, .. } => lines(template_lines(raw)),
            Self::Button { text, payload } => text.clone().or_else(|| payload.clone()),
            Self::Order(order) => {
                let products = items(order, "product_items").iter().filter_map(product).collect();
                join("\n", [id(order, "text"), listing(products)])
            }
            Self::System(event) => event.body.clone(),
            Self::Edit { content, .. } => content.display_text(),
            Self::Media(_)
            | Self::Reaction { .. }
            | Self::Revoke { .. }
            | Self::MediaPlaceholder
            | Self::RequestWelcome
            | Self::Unsupported { .. }
            | Self::Unknown => None,
        }
    }
}

/// The buttons below a message that a business sent.
fn buttons(interactive: &Value) -> Option<String> {
    let action = interactive.get("action")?;
    let title = |button: &Value| Some(format!("[{}]", id(button.get("reply")?, "title")?));
    let titles: Vec<String> = items(action, "buttons").iter().filter_map(title).take(LISTED).collect();
    (!titles.is_empty()).then(|| titles.join(" "))
}

fn lines(lines: impl IntoIterator<Item = String>) -> Option<String> {
    let lines: Vec<String> = lines.into_iter().collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn contact_name(card: &Value) -> Option<String> {
    let name = card.get("name")?;
    id(name, "formatted_name").or_else(|| join(" ", [id(name, "first_name"), id(name, "last_name")]))
}

fn product(item: &Value) -> Option<String> {
    let product = id(item, "product_retailer_id")?;
    Some(match id(item, "quantity") {
        Some(quantity) => format!("{quantity} × {product}"),
        None => product,
    })
}

fn join<const N: usize>(separator: &str, parts: [Option<String>; N]) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(separator))
}

fn listing(mut names: Vec<String>) -> Option<String> {
    let more = names.len().saturating_sub(LISTED);
    names.truncate(LISTED);
    if more > 0 {
        names.push(format!("+{more}"));
    }
    (!names.is_empty()).then(|| names.join(", "))
}
