//! The words under which a record is found. Each begins with the company and a sign of what it is, so that no company's search looks
//! at what another one wrote, and no name is taken for a sender: `7winvoice`, `7s49151000001`.

use std::collections::BTreeSet;

use mediary_core::{CompanyId, ConversationId, Direction, WordQuery, words};

use crate::{Backend, dialect};

/// Letters of a sender that count.
const SENDER_CHARS: usize = 64;

/// Words of one record, or of a query.
#[derive(Debug)]
pub(super) struct Terms {
    company: CompanyId,
    words: BTreeSet<String>,
    beginning: Option<String>,
}

impl Terms {
    pub(super) fn new(company: CompanyId) -> Self {
        Self { company, words: BTreeSet::new(), beginning: None }
    }

    fn term(&self, sign: char, text: &str) -> String {
        format!("{}{sign}{text}", self.company.0)
    }

    /// All words of a text.
    pub(super) fn text(mut self, text: Option<&str>) -> Self {
        let found = words(text.unwrap_or_default());
        let terms: Vec<String> = found.iter().map(|word| self.term('w', &word.text)).collect();
        self.words.extend(terms);
        self
    }

    /// What somebody searches for.
    pub(super) fn query(mut self, query: Option<&WordQuery>) -> Self {
        let Some(query) = query else { return self };
        let terms: Vec<String> = query.words().iter().map(|word| self.term('w', word)).collect();
        self.words.extend(terms);
        self.beginning = query.beginning().map(|word| self.term('w', word));
        self
    }

    pub(super) fn sender(self, sender: Option<&str>) -> Self {
        let letters = |sender: &str| -> String {
            sender.chars().filter(char::is_ascii_alphanumeric).take(SENDER_CHARS).collect()
        };
        let term = sender.map(|sender| self.term('s', &letters(sender).to_ascii_lowercase()));
        self.with(term)
    }

    pub(super) fn direction(self, direction: Option<Direction>) -> Self {
        let term = direction.map(|direction| self.term('d', direction.as_str()));
        self.with(term)
    }

    pub(super) fn conversation(self, conversation: Option<ConversationId>) -> Self {
        let term = conversation.map(|conversation| self.term('c', &conversation.0.to_string()));
        self.with(term)
    }

    fn with(mut self, term: Option<String>) -> Self {
        self.words.extend(term);
        self
    }

    fn words(&self) -> Vec<String> {
        self.words.iter().cloned().collect()
    }

    /// As the database takes it for a record.
    pub(super) fn to_document(&self, backend: Backend) -> String {
        dialect::words::document(backend, &self.words())
    }

    /// As the database is asked for it.
    pub(super) fn to_query(&self, backend: Backend) -> String {
        dialect::words::query(backend, &self.words(), self.beginning.as_deref())
    }
}
