//! How the databases find records by their words: SQLite by a full-text table, Postgres by an index over a list of words. Both get
//! words that are made already, and are asked for them as they are. No such word has a space, a quote or a backslash in it.

use crate::Backend;

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

/// The beginning of a query over the files `f` of the company `$1` that a [`query`] finds.
pub(crate) fn found_media(backend: Backend, query: &str) -> String {
    match backend {
        Backend::Sqlite => format!(
            "media_words w CROSS JOIN media_files f ON w.media_words MATCH {query} AND f.id = w.rowid"
        ),
        Backend::Postgres => format!(
            "media_words w JOIN media_files f ON w.words @@ CAST({query} AS TSQUERY) AND w.company_id = $1
                AND f.company_id = w.company_id AND f.id = w.media_id"
        ),
    }
}

/// Takes the words of files `k` away.
pub(crate) fn forget_media(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => "DELETE FROM media_words WHERE rowid IN (SELECT k.id FROM k)",
        Backend::Postgres => {
            "DELETE FROM media_words WHERE (company_id, media_id) IN (SELECT k.company_id, k.id FROM k)"
        }
    }
}

/// Gives files `k` their words.
pub(crate) fn note_media(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => "INSERT INTO media_words (rowid, words) SELECT k.id, k.words FROM k",
        Backend::Postgres => {
            "INSERT INTO media_words (company_id, media_id, words)
                SELECT k.company_id, k.id, CAST(k.words AS TSVECTOR) FROM k"
        }
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
