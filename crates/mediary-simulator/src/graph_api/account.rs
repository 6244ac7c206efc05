//! Business phone numbers and business accounts: what they are, their templates, and where their webhooks go.

use axum::body::Body;
use http::Method;
use serde_json::{Value, json};
use url::Url;

use super::call::{Call, json_body};
use super::error::{Answer, GraphError};
use crate::config::AccountSpec;
use crate::world::World;

/// Meta's own limit.
const CALLBACK_URL_CHARS: usize = 200;
/// Items on a page of a list, unless the caller says otherwise, and at most.
const ON_A_PAGE: usize = 25;
const ON_A_PAGE_MAX: usize = 100;

/// Whether the id is a number's or a business account's.
pub(super) fn is_known(world: &World, id: &str) -> bool {
    world.accounts.find(id).is_some() || !world.accounts.of_waba(id).is_empty()
}

/// `GET /{phone-number-id}`, `GET /{waba-id}` and `GET /{waba-id}/phone_numbers`.
pub(super) fn account(world: &World, call: &Call) -> Answer {
    let token = call.token(world)?;
    let is_list = call.segments.len() == 2;
    let found = world.accounts.find(call.id()).filter(|account| !is_list && call.may_see(token, account));
    if let Some(account) = found {
        return Ok(number(&account));
    }
    let numbers = world.accounts.of_waba(call.id());
    let numbers: Vec<_> = numbers.iter().filter(|account| call.may_see(token, account)).collect();
    let first = numbers.first().ok_or_else(|| call.no_object())?;
    if is_list {
        return page(call, &numbers.iter().map(|account| number(account)).collect::<Vec<_>>());
    }
    Ok(
        json!({"id": call.id(), "name": first.name, "timezone_id": "1", "message_template_namespace": "simulated"}),
    )
}

fn number(account: &AccountSpec) -> Value {
    json!({
        "verified_name": account.name,
        "code_verification_status": "VERIFIED",
        "display_phone_number": account.display_phone_number,
        "quality_rating": "GREEN",
        "platform_type": "CLOUD_API",
        "throughput": {"level": "STANDARD"},
        "id": account.phone_number_id,
    })
}

/// `GET /{waba-id}/message_templates`: one template, as a new business account has.
pub(super) fn templates(world: &World, call: &Call) -> Answer {
    waba(world, call)?;
    let components = json!([
        {"type": "BODY", "text": "Welcome! This message shows that you can send templates."},
        {"type": "FOOTER", "text": "Simulated"},
    ]);
    Ok(list(&[json!({
        "name": "hello_world",
        "components": components,
        "language": "en_US",
        "status": "APPROVED",
        "category": "UTILITY",
        "id": "594425479261596",
    })]))
}

/// `/{waba-id}/subscribed_apps`, and `POST /{phone-number-id}` with `webhook_configuration`: overrides of the
/// callback. The new URL is verified with its own token before it counts.
pub(super) async fn subscribed_apps(world: &World, call: &Call, body: Body) -> Answer {
    if call.segments.len() == 1 {
        call.account(world)?;
        let body = json_body(body).await?;
        redirect(world, call.id(), &body["webhook_configuration"]).await?;
        return Ok(json!({"success": true}));
    }
    waba(world, call)?;
    match call.method {
        Method::GET => {
            let callback = world.accounts.override_of(call.id());
            let app = json!({"link": "https://www.facebook.com/games/?app_id=1", "name": "Simulated app", "id": "1"});
            let mut subscription = json!({"whatsapp_business_api_data": app});
            if let Some(callback) = callback {
                subscription["override_callback_uri"] = callback.as_str().into();
            }
            Ok(list(&[subscription]))
        }
        Method::POST => {
            // A subscription without an override usually comes without a body.
            let body = json_body(body).await.unwrap_or_default();
            redirect(world, call.id(), &body).await?;
            Ok(json!({"success": true}))
        }
        _ => {
            world.accounts.set_override(call.id(), None);
            Ok(json!({"success": true}))
        }
    }
}

async fn redirect(world: &World, id: &str, subscription: &Value) -> Result<(), GraphError> {
    let Some(callback) =
        subscription["override_callback_uri"].as_str().filter(|callback| !callback.is_empty())
    else {
        world.accounts.set_override(id, None);
        return Ok(());
    };
    if callback.chars().count() > CALLBACK_URL_CHARS {
        return Err(GraphError::parameter(format!(
            "override_callback_uri has more than {CALLBACK_URL_CHARS} characters."
        )));
    }
    let url = Url::parse(callback).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let url =
        url.ok_or_else(|| GraphError::parameter("override_callback_uri must be an http or https URL."))?;
    let verify_token = subscription["verify_token"].as_str().unwrap_or_default();
    let verified = crate::webhooks::verify_callback(world, &url, verify_token).await;
    verified.map_err(|why| GraphError::callback_refused(&why))?;
    world.accounts.set_override(id, Some(url));
    Ok(())
}

/// `Ok` for a business account that the token may see.
fn waba(world: &World, call: &Call) -> Result<(), GraphError> {
    let token = call.token(world)?;
    let seen = world.accounts.of_waba(call.id()).iter().any(|account| call.may_see(token, account));
    if seen { Ok(()) } else { Err(call.no_object()) }
}

/// A page of a list, by `limit` and `after`. The cursors are opaque; here they are counts of what stands before.
fn page(call: &Call, all: &[Value]) -> Answer {
    let whole = |name: &str, otherwise: usize| match call.parameter(name) {
        Some(text) => text.parse().map_err(|_| GraphError::parameter(format!("{name} is not valid."))),
        None => Ok(otherwise),
    };
    let (after, limit) = (whole("after", 0)?, whole("limit", ON_A_PAGE)?.clamp(1, ON_A_PAGE_MAX));
    let data: Vec<&Value> = all.iter().skip(after).take(limit).collect();
    let end = after + data.len();
    let mut paging = json!({"cursors": {"before": after.to_string(), "after": end.to_string()}});
    if end < all.len() {
        let path = call.segments.join("/");
        paging["next"] = format!("https://graph.facebook.com/{path}?limit={limit}&after={end}").into();
    }
    Ok(json!({"data": data, "paging": paging}))
}

fn list(data: &[Value]) -> Value {
    json!({"data": data, "paging": {"cursors": {"before": "QVFIUjB", "after": "QVFIUjC"}}})
}
