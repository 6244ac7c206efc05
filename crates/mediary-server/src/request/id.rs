//! Values in paths.

use axum::RequestPartsExt;
use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

use crate::problem::Problem;

/// The id in a path. One that is not a number names nothing, so it is 404 like any id that does not exist.
#[derive(Debug)]
pub(crate) struct Id<T>(pub(crate) T);

impl<T: From<i64> + Send, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let path = parts.extract::<Path<i64>>().await;
        path.map(|Path(id)| Self(id.into())).map_err(|_| Problem::not_found())
    }
}

/// A text in a path.
#[derive(Debug)]
pub(crate) struct Name(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let path = parts.extract::<Path<String>>().await;
        path.map(|Path(name)| Self(name)).map_err(|_| Problem::not_found())
    }
}
