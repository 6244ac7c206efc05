//! Query strings.

use axum::extract::FromRequestParts;
use http::request::Parts;
use mediary_core::limits;
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
        let limit = String::deserialize(deserializer)?.parse().ok();
        let limit = limit.filter(|limit| (1..=limits::PAGE_MAX).contains(limit));
        limit
            .map(Self)
            .ok_or_else(|| D::Error::custom(format_args!("must be a number from 1 to {}", limits::PAGE_MAX)))
    }
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
        let field = error.path().to_string();
        let field = field.split('[').next().unwrap_or_default().to_owned();
        Problem::field(field, error.into_inner().to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::given;

    #[derive(Debug, Deserialize)]
    struct Asked {
        #[serde(default, deserialize_with = "given")]
        account: Option<i64>,
    }

    #[test]
    fn a_value_that_is_not_of_its_type_is_refused_and_an_empty_one_too() {
        assert_eq!(parse::<Asked>("").unwrap().account, None);
        assert_eq!(parse::<Asked>("account=5&unknown=1").unwrap().account, Some(5));
        for wrong in ["account=", "account=five", "account=5.5", "account=5&account=6"] {
            assert!(parse::<Asked>(wrong).is_err(), "{wrong}");
        }
    }
}
