//! What the API description says besides its routes.

use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};

use crate::request::SESSION_COOKIE;

const ABOUT: &str = "The media layer for WhatsApp Business: conversations, and every file in them. \
    A person logs in and has a cookie; a program sends `Authorization: Bearer mdy_…`. Lists answer `{items, nextCursor, \
    hasMore}`. Failures answer `application/problem+json` with a stable `code`.";

/// The groups of routes, in the order of the documentation page.
const TAGS: &[(&str, &str)] = &[
    ("Session", "Logging in and out."),
    ("Conversations", "Threads with contacts."),
    ("Messages", "Single messages."),
    ("Media", "The records of media files."),
    ("Library", "Files that a company keeps to send them again."),
    ("Bytes", "The files themselves."),
    ("Events", "What happens, as it happens."),
    ("Settings", "What a company wants done with its media."),
    ("WhatsApp accounts", "Business phone numbers."),
    ("Users", "The people of a company."),
    ("API keys", "The keys of programs."),
    ("Company", "The audit log and the use of storage."),
    ("Webhook", "What Meta calls."),
    ("Operation", "For operators and their tools."),
];

pub(crate) fn describe() -> OpenApi {
    let license = LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build();
    let info = InfoBuilder::new()
        .title("Mediary")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(license));
    let key =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API key, `mdy_…`.")).build();
    let components = ComponentsBuilder::new()
        .security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(SESSION_COOKIE))))
        .security_scheme("apiKey", SecurityScheme::Http(key));
    let none: [String; 0] = [];
    let either = ["session", "apiKey"].map(|name| SecurityRequirement::new(name, none.clone()));
    let tags =
        TAGS.iter().map(|(name, about)| TagBuilder::new().name(*name).description(Some(*about)).build());
    OpenApiBuilder::new()
        .info(info)
        .components(Some(components.build()))
        .security(Some(either))
        .tags(Some(tags.collect::<Vec<_>>()))
        .build()
}
