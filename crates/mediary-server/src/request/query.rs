//! Query strings.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use http::request::Parts;
use mediary_core::{UnreadableField, limits};
use mediary_store::{Cursor, PageRequest};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

use crate::problem::Problem;

/// A query string. Names that are not known are passed over; a value that makes no sense is a problem.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Where a list starts and how long it is.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// `nextCursor` of the page before; empty for the first page.
    #[serde(default, deserialize_with = "cursor")]
    #[param(value_type = Option<String>, format = "cursor")]
    pub(crate) cursor: Option<Cursor>,
    /// How many items, from 1 to 100; 20 unless given.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub(crate) limit: Limit,
}

impl From<Paging> for PageRequest {
    fn from(paging: Paging) -> Self {
        Self { cursor: paging.cursor, limit: paging.limit.0 }
    }
}

/// The length of a page, within its bounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit(pub(crate) u32);

impl Default for Limit {
    fn default() -> Self {
        Self(limits::PAGE_DEFAULT)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        whole(deserializer, 1..=limits::PAGE_MAX).map(Self)
    }
}

/// The id of a record, which may be left out but not be empty.
pub(crate) fn record_id<'de, T: From<i64>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    whole(deserializer, 1..=i64::MAX).map(|id| Some(id.into()))
}

/// The days of a retention.
pub(crate) fn retention_days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    whole(deserializer, 1..=limits::RETENTION_DAYS_MAX).map(Some)
}

/// Which of a message's files.
pub(crate) fn part<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    whole(deserializer, 0..=u32::MAX)
}

fn whole<'de, T, D>(deserializer: D, range: RangeInclusive<T>) -> Result<T, D::Error>
where
    T: FromStr + PartialOrd + Display,
    D: Deserializer<'de>,
{
    let number = String::deserialize(deserializer)?.parse().ok().filter(|number| range.contains(number));
    let (min, max) = (range.start(), range.end());
    number.ok_or_else(|| D::Error::custom(format_args!("must be a whole number from {min} to {max}")))
}

fn cursor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cursor>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    let cursor = text.parse();
    cursor.map(Some).map_err(|_| D::Error::custom("must be a nextCursor of this list, unchanged"))
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs = serde_html_form::Deserializer::new(url::form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let path = error.path().to_string();
        let parameter = path.split('[').next().unwrap_or_default();
        let wrong = UnreadableField::new(parameter, &error.inner().to_string());
        Problem::field(wrong.field, wrong.rule)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use axum::response::Response;
    use mediary_core::{FileType, MediaPolicy};

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct TestQuery {
        #[serde(deserialize_with = "record_id")]
        account: Option<i64>,
        #[serde(deserialize_with = "part")]
        part: u32,
        limit: Limit,
        #[serde(rename = "fileType")]
        file_type: Vec<FileType>,
        policy: Option<MediaPolicy>,
        search: Option<String>,
    }

    #[test]
    fn query_parameters_are_read_and_unknown_ones_are_ignored() {
        let none = parse::<TestQuery>("").unwrap();
        assert_eq!((none.account, none.part, none.limit.0), (None, 0, 20));
        let asked =
            parse::<TestQuery>("account=5&unknown=1&fileType=image&fileType=video&part=2&search=").unwrap();
        assert_eq!((asked.account, asked.part, asked.file_type.len()), (Some(5), 2, 2));
        assert_eq!((asked.policy, asked.search.as_deref()), (None, None));
    }

    #[tokio::test]
    async fn invalid_query_parameters_are_refused_with_what_is_allowed() {
        let id = "must be a whole number from 1 to 9223372036854775807";
        let kinds = "must be one of: image, video, audio, document, sticker";
        for (query, field, message) in [
            ("account=", "account", id),
            ("account=five", "account", id),
            ("account=5.5", "account", id),
            ("account=0", "account", id),
            ("account=9223372036854775808", "account", id),
            ("account=5&account=6", "account", "is given more than once"),
            ("search=a&search=b", "search", "is given more than once"),
            ("policy=store&policy=stream", "policy", "is given more than once"),
            ("policy=keep", "policy", "must be one of: store, on_view, stream"),
            ("limit=101", "limit", "must be a whole number from 1 to 100"),
            ("part=4294967296", "part", "must be a whole number from 0 to 4294967295"),
            ("fileType=gif", "fileType", kinds),
            ("fileType=image&fileType=gif", "fileType", kinds),
        ] {
            let problem = parse::<TestQuery>(query).unwrap_err();
            let body = problem.render(Response::default(), "r").into_body();
            let body: serde_json::Value =
                serde_json::from_slice(&to_bytes(body, 4096).await.unwrap()).unwrap();
            assert_eq!(body["errors"][0]["field"], field, "{query}");
            assert_eq!(body["errors"][0]["message"], message, "{query}");
        }
    }
}
