//! The failures in the API's document. What an operation may refuse follows from what it takes and who may call it, so
//! it is added here for all of them; a handler names only what is its own.

use http::StatusCode;
use mediary_core::ErrorCode;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{Components, ObjectBuilder, Schema, Type};
use utoipa::openapi::{
    Content, HttpMethod, OpenApi, PathItem, Ref, RefOr, Required, Response, ResponseBuilder,
};

use crate::problem::{PROBLEM_JSON, Problem};

const JSON: &str = "application/json";
const PROBLEM_SCHEMA: &str = "#/components/schemas/Problem";

/// Adds to every operation how it may fail, with the media type that failures have.
pub(crate) fn document(api: &mut OpenApi) {
    let components = api.components.get_or_insert_default();
    for item in api.paths.paths.values_mut() {
        for (method, operation) in operations(item) {
            let body = operation.request_body.as_mut().and_then(inline);
            if let Some(body) = body
                && method == HttpMethod::Post
                && may_be_empty(body, components)
            {
                body.required = Some(Required::False);
            }
            for response in operation.responses.responses.values_mut().filter_map(inline) {
                correct_media_type(response);
            }
            for status in failures(operation) {
                add(operation, status);
            }
            share(operation, components);
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    let all = [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Delete, &mut item.delete),
        (HttpMethod::Patch, &mut item.patch),
        (HttpMethod::Head, &mut item.head),
        (HttpMethod::Options, &mut item.options),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn inline<T>(it: &mut RefOr<T>) -> Option<&mut T> {
    match it {
        RefOr::T(it) => Some(it),
        RefOr::Ref(_) => None,
    }
}

/// As `request::Body` reads it: without a required field, a POST needs no body.
fn may_be_empty(body: &RequestBody, components: &Components) -> bool {
    let Some(RefOr::T(content)) = body.content.get(JSON) else { return false };
    let schema = match &content.schema {
        Some(RefOr::Ref(to)) => {
            let name = to.ref_location.rsplit('/').next().unwrap_or_default();
            components.schemas.get(name)
        }
        schema => schema.as_ref(),
    };
    matches!(schema, Some(RefOr::T(Schema::Object(object))) if object.required.is_empty())
}

fn correct_media_type(response: &mut Response) {
    let is_problem = |content: &RefOr<Content>| match content {
        RefOr::T(Content { schema: Some(RefOr::Ref(to)), .. }) => to.ref_location == PROBLEM_SCHEMA,
        _ => false,
    };
    if response.content.get(JSON).is_some_and(is_problem) {
        response.content = std::iter::once((PROBLEM_JSON.to_owned(), problem_content().into())).collect();
    }
}

fn problem_content() -> Content {
    Content::new(Some(Ref::new(PROBLEM_SCHEMA)))
}

/// What every operation of this kind may refuse.
fn failures(operation: &Operation) -> Vec<StatusCode> {
    let parameters = operation.parameters.iter().flatten();
    let in_path = parameters.clone().any(|parameter| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Path,
        RefOr::Ref(_) => false,
    });
    let mut statuses = vec![StatusCode::SERVICE_UNAVAILABLE];
    if parameters.count() > 0 || operation.request_body.is_some() {
        statuses.push(StatusCode::BAD_REQUEST);
    }
    // Without requirements of its own an operation has those of the whole API: a session or a key.
    if operation.security.is_none() {
        statuses.extend([StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN]);
    }
    if in_path {
        statuses.push(StatusCode::NOT_FOUND);
    }
    if operation.request_body.is_some() {
        statuses.extend([StatusCode::PAYLOAD_TOO_LARGE, StatusCode::UNSUPPORTED_MEDIA_TYPE]);
    }
    statuses
}

fn add(operation: &mut Operation, status: StatusCode) {
    let response = operation.responses.responses.entry(status.as_str().to_owned());
    let response = response.or_insert_with(|| RefOr::T(Response::new("")));
    if let Some(response) = inline(response) {
        // Readiness has an answer of its own for the same status.
        response.content.entry(PROBLEM_JSON.to_owned()).or_insert_with(|| problem_content().into());
    }
}

/// Points to one description of each status where the operation has no words of its own for it.
fn share(operation: &mut Operation, components: &mut Components) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(own) = &*response else { continue };
        let only_problem = own.content.len() == 1 && own.content.contains_key(PROBLEM_JSON);
        let Some(status) = status.parse().ok().filter(|_| only_problem && own.description.is_empty()) else {
            continue;
        };
        let name: String = reason(status).split_whitespace().collect();
        components.responses.entry(name.clone()).or_insert_with(|| shared(status).into());
        *response = RefOr::Ref(Ref::new(format!("#/components/responses/{name}")));
    }
}

fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Failure")
}

fn shared(status: StatusCode) -> Response {
    let codes = ErrorCode::ALL.iter().filter(|code| Problem::new(**code).http_status() == status);
    let codes: Vec<String> = codes.map(|code| format!("`{code}`")).collect();
    let header = |about: &str, kind: Type| {
        let schema: RefOr<Schema> = ObjectBuilder::new().schema_type(kind).into();
        HeaderBuilder::new().schema(Some(schema)).description(Some(about)).build()
    };
    let response = ResponseBuilder::new()
        .description(format!("{}: {}.", reason(status), codes.join(", ")))
        .content(PROBLEM_JSON, problem_content());
    match status {
        StatusCode::UNAUTHORIZED => {
            response.header("WWW-Authenticate", header("Always `Bearer`.", Type::String))
        }
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            response.header("Retry-After", header("Seconds to wait.", Type::Integer))
        }
        _ => response,
    }
    .build()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    fn responses(path: &str, method: &str) -> Value {
        let api = serde_json::to_value(crate::openapi()).unwrap();
        let mut responses = api["paths"][path][method]["responses"].clone();
        for response in responses.as_object_mut().unwrap().values_mut() {
            if let Some(name) = response["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
                *response = api["components"]["responses"][name].clone();
            }
        }
        responses
    }

    #[test]
    fn failures_are_problems_in_the_document_too() {
        let responses = responses("/api/users/{id}", "patch");
        for status in ["400", "401", "403", "404", "413", "415", "503"] {
            let content = &responses[status]["content"];
            let problem = json!({"application/problem+json": {"schema": {"$ref": super::PROBLEM_SCHEMA}}});
            assert_eq!(*content, problem, "{status}");
            assert!(!responses[status]["description"].as_str().unwrap().is_empty(), "{status}");
        }
    }

    #[test]
    fn readiness_keeps_its_own_answer() {
        let content = responses("/readyz", "get")["503"]["content"].clone();
        assert!(content["application/json"].is_object() && content["application/problem+json"].is_object());
    }

    #[test]
    fn body_is_required_unless_all_of_it_may_be_left_out() {
        let api = serde_json::to_value(crate::openapi()).unwrap();
        let required =
            |path: &str, method: &str| api["paths"][path][method]["requestBody"]["required"].clone();
        assert_eq!(required("/api/media/retry", "post"), false);
        assert_eq!(required("/api/users", "post"), true);
        assert_eq!(required("/api/settings/media", "patch"), true);
    }
}
