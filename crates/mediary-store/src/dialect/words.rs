//! How the databases find records by their words: SQLite by a full-text table, Postgres by an index over a list of words. Both get
//! words that are made already, and are asked for them as they are. No such word has a space, a quote or a backslash in it.

use crate::Backend;

/// Records that are found by their words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Indexed {
    /// The table of their words.
    pub(crate) words: &'static str,
    pub(crate) records: &'static str,
    /// The name of `records` in a query.
    pub(crate) alias: &'static str,
}

pub(crate) const MEDIA: Indexed = Indexed { words: "media_words", records: "media_files", alias: "f" };
pub(crate) const MESSAGES: Indexed = Indexed { words: "message_words", records: "messages", alias: "m" };
pub(crate) const CONTACTS: Indexed = Indexed { words: "contact_words", records: "contacts", alias: "c" };

/// Words as the database takes them for a record.
pub(crate) fn document(backend: Backend, words: &[String]) -> String {
    match backend {
        Backend::Sqlite => words.join(" "),
        Backend::Postgres => words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
    }
}

/// What finds the records that have all of these words, and one that begins like this.
pub(crate) fn query(backend: Backend, words: &[String], beginning: Option<&str>) -> String {
    let (quote, and, more) = match backend {
        Backend::Sqlite => ('"', " AND ", "*"),
        Backend::Postgres => ('\'', " & ", ":*"),
    };
    let whole = words.iter().map(|word| format!("{quote}{word}{quote}"));
    let open = beginning.map(|word| format!("{quote}{word}{quote}{more}"));
    whole.chain(open).collect::<Vec<_>>().join(and)
}

/// A row for each record of the company `$1` that a [`query`] finds. Postgres shall not look at all words of the company instead, where
/// it expects many hits: the company as an expression is in no index.
pub(crate) fn hits(backend: Backend, indexed: Indexed, query: &str) -> String {
    let words = indexed.words;
    match backend {
        Backend::Sqlite => format!("SELECT 1 FROM {words} w WHERE w.{words} MATCH {query}"),
        Backend::Postgres => {
            format!(
                "SELECT 1 FROM {words} w WHERE w.words @@ CAST({query} AS TSQUERY) AND w.company_id + 0 = $1"
            )
        }
    }
}

/// The beginning of a query over the records of the company `$1` that a [`query`] finds.
pub(crate) fn found(backend: Backend, indexed: Indexed, query: &str) -> String {
    let Indexed { words, records, alias } = indexed;
    match backend {
        Backend::Sqlite => format!(
            "{words} w CROSS JOIN {records} {alias} ON w.{words} MATCH {query} AND {alias}.id = w.rowid"
        ),
        // The offset has Postgres begin with the words, however many it expects there.
        Backend::Postgres => format!(
            "(SELECT w.record_id FROM {words} w WHERE w.words @@ CAST({query} AS TSQUERY) AND w.company_id + 0 = $1 OFFSET 0) w
                JOIN {records} {alias} ON {alias}.company_id = $1 AND {alias}.id = w.record_id"
        ),
    }
}

/// Takes the words of records `k` away.
pub(crate) fn forget(backend: Backend, indexed: Indexed) -> String {
    let words = indexed.words;
    match backend {
        Backend::Sqlite => format!("DELETE FROM {words} WHERE rowid IN (SELECT k.id FROM k)"),
        Backend::Postgres => {
            format!("DELETE FROM {words} WHERE (company_id, record_id) IN (SELECT k.company_id, k.id FROM k)")
        }
    }
}

/// Gives records `k` their words.
pub(crate) fn note(backend: Backend, indexed: Indexed) -> String {
    let words = indexed.words;
    match backend {
        Backend::Sqlite => format!("INSERT INTO {words} (rowid, words) SELECT k.id, k.words FROM k"),
        Backend::Postgres => format!(
            "INSERT INTO {words} (company_id, record_id, words)
                SELECT k.company_id, k.id, CAST(k.words AS TSVECTOR) FROM k"
        ),
    }
}

/// Whether this transaction alone takes changes in, of all nodes. On SQLite a writing transaction is the only one anyway. As
/// [`super::lock_names`], the lock has two keys of 32 bits.
pub(crate) fn index_alone(backend: Backend) -> Option<&'static str> {
    match backend {
        Backend::Sqlite => None,
        Backend::Postgres => Some("SELECT pg_try_advisory_xact_lock(4, 0)"),
    }
}
