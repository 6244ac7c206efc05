//! Outputs without what differs from run to run.

use crate::harness::World;

/// The text with the folder, addresses, times, keys, hashes and limits of this run replaced.
pub(super) fn stable(world: &World, text: &str) -> String {
    let simulator = world.simulator.base_url();
    let text = text
        .replace(&world.folder().display().to_string(), "[folder]")
        .replace(simulator.as_str().trim_end_matches('/'), "[graph]")
        .replace(&world.url(), "[server]")
        .replace(world.url().trim_start_matches("http://"), "[listen]");
    by_words(&sandbox(&after(&text, "this process may have ", "[limit]")))
}

/// What Landlock guards, by version: `Landlock 4 (files, TCP)`.
fn sandbox(text: &str) -> String {
    let Some((before, after)) = text.split_once("Landlock ") else { return text.to_owned() };
    let rest = match after.split_once(')') {
        Some((version, rest)) if version.starts_with(|letter: char| letter.is_ascii_digit()) => {
            format!("[version]{rest}")
        }
        _ => after.to_owned(),
    };
    format!("{before}Landlock {}", sandbox(&rest))
}

/// The word after `before` replaced, wherever that stands.
fn after(text: &str, before: &str, with: &str) -> String {
    let mut parts = text.split(before);
    let mut replaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|letter: char| letter.is_ascii_digit());
        replaced.push_str(&format!("{before}{with}{rest}"));
    }
    replaced
}

fn by_words(text: &str) -> String {
    let is_of_word = |letter: char| letter.is_ascii_alphanumeric() || "_-:.".contains(letter);
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(begin) = rest.find(is_of_word) {
        let end = rest[begin..].find(|letter| !is_of_word(letter)).map_or(rest.len(), |end| begin + end);
        replaced.push_str(&rest[..begin]);
        replaced.push_str(word(&rest[begin..end]));
        rest = &rest[end..];
    }
    replaced + rest
}

fn word(word: &str) -> &str {
    let is_time = word.len() >= 20 && word.starts_with("20") && word.ends_with('Z') && &word[10..11] == "T";
    match word {
        _ if is_time => "[time]",
        _ if word.starts_with("mdy_") => "[key]",
        _ if word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) => "[sha256]",
        word => word,
    }
}
