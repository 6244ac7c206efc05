//! Tries every route of the description as somebody who may not: without a key, with too small a role, and for
//! another company's records.

use axum::body::Body;
use http::{Request, StatusCode, header};
use mediary_core::{ConversationId, Permission, Role, Visibility};
use mediary_testing::files::PNG;
use mediary_testing::installation::{ACCESS_TOKEN, APP_SECRET, VERIFY_TOKEN};
use serde_json::{Value, json};

use crate::openapi;
use crate::testing::{Answer, Company, House, Made, PROVIDER_URL, request};

/// What a test has to know of a route that its description does not say.
struct Route {
    method: String,
    path: String,
    needs: Needs,
}

enum Needs {
    /// Anybody may ask.
    Nothing,
    /// Session or key, and this right.
    Right(Permission),
}

/// Every route of the API, so that a new one cannot be forgotten: it has to be named here.
fn routes() -> Vec<Route> {
    let description = serde_json::to_value(openapi()).unwrap();
    let mut routes = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let open =
                operation["security"].as_array().is_some_and(|list| list.iter().all(|one| one == &json!({})));
            let method = method.to_uppercase();
            let needs = if open { Needs::Nothing } else { Needs::Right(right(&method, path)) };
            routes.push(Route { method, path: path.clone(), needs });
        }
    }
    assert!(routes.len() > 35, "the description lists {} routes", routes.len());
    routes
}

fn right(method: &str, path: &str) -> Permission {
    match (method, path) {
        ("POST", path) if path.ends_with("/read") => Permission::MarkRead,
        ("POST", path) if path.starts_with("/api/messages") => Permission::Send,
        ("DELETE", "/api/messages/{id}" | "/api/library/{id}") => Permission::Send,
        ("POST", "/api/library") => Permission::Send,
        (_, path) if path.starts_with("/api/uploads") => Permission::Send,
        ("POST", "/api/conversations/{id}/typing") => Permission::Send,
        ("POST", path) if path.ends_with("/download") => Permission::StartDownload,
        ("POST", path) if path.ends_with("/signed-url") => Permission::ShareLink,
        ("POST", "/api/media/archive") => Permission::Read,
        ("POST", "/api/media/retry") => Permission::RetryAll,
        ("DELETE", path) if path.starts_with("/api/media/") => Permission::DeleteMedia,
        ("GET", "/api/settings/media") => Permission::Read,
        (_, path) if path.starts_with("/api/settings/media") => Permission::ChangeMediaSettings,
        ("DELETE", "/api/auth/sessions/{id}") => Permission::Read,
        ("POST", "/api/media/erase") => Permission::EraseMedia,
        (_, "/api/usage" | "/api/storage/check" | "/api/activity") => Permission::SeeUsage,
        (_, "/api/audit") => Permission::SeeAudit,
        (_, path) if path.starts_with("/api/webhook-events") => Permission::ManageAccounts,
        (_, path) if path.starts_with("/api/whatsapp-accounts") => Permission::ManageAccounts,
        (_, path) if path.starts_with("/api/users") => Permission::ManageUsers,
        (_, path) if path.starts_with("/api/api-keys") => Permission::ManageApiKeys,
        ("GET", _) => Permission::Read,
        _ => panic!("say which right {method} {path} needs"),
    }
}

/// The path with ids of records that `owner` has.
fn filled(path: &str, owner: &Company, made: Made, others: &Others) -> String {
    let id = match path {
        path if path.starts_with("/api/conversations") => made.conversation.0,
        path if path.starts_with("/api/messages") => made.message.0,
        path if path.starts_with("/api/media") || path.starts_with("/api/library") => made.media.0,
        path if path.starts_with("/api/webhook-events") => made.parked,
        path if path.starts_with("/api/whatsapp-accounts") => owner.account.0,
        path if path.starts_with("/api/users") => others.user,
        path if path.starts_with("/api/uploads") => others.upload,
        _ => others.key,
    };
    path.replace("{id}", &id.to_string())
        .replace("{messageId}", &made.message.to_string())
        .replace("{providerMediaId}", "wamid.1")
        .replace("{token}", "made-up")
}

fn asking(route: &Route, path: &str, key: Option<&str>) -> Request<Body> {
    // Every picture of the scene has this word in its caption.
    let path = if path == "/api/search" { "/api/search?q=look" } else { path };
    let request = request(&route.method, path, key).header("tus-resumable", "1.0.0");
    if route.method == "GET" {
        return request.body(Body::empty()).unwrap();
    }
    let (content_type, request) = match path.starts_with("/api/uploads/") {
        true => ("application/offset+octet-stream", request.header("upload-offset", "0")),
        false => ("application/json", request),
    };
    request.header(header::CONTENT_TYPE, content_type).body(Body::from("{}")).unwrap()
}

/// An answer to HEAD has no body to say what is wrong.
fn assert_code(route: &Route, answer: &Answer, code: &str) {
    assert!(route.method == "HEAD" || answer.code() == code);
}

pub(super) struct Scene {
    pub(super) house: House,
    pub(super) ours: Company,
    pub(super) theirs: Company,
    pub(super) made: Made,
    others: Others,
}

/// Ids of what belongs to no conversation.
struct Others {
    user: i64,
    key: i64,
    /// An agent began it.
    upload: i64,
}

impl Scene {
    /// The path with ids of records of the company that has some.
    pub(super) fn filled(&self, path: &str) -> String {
        filled(path, &self.theirs, self.made, &self.others)
    }
}

/// Two companies; one has a stored file, a user and keys.
pub(super) async fn scene() -> Scene {
    let house = House::open().await;
    let (theirs, ours) = (house.company("theirs").await, house.company("ours").await);
    let made = house.stored(&theirs, "wamid.1", PNG, "image/png").await;
    house.user(&theirs, Role::Viewer).await;
    let first = |answer: crate::testing::Answer| answer.json()["items"][0]["id"].as_i64().unwrap();
    let user = first(house.get("/api/users", theirs.key(Role::Admin)).await);
    let key = first(house.get("/api/api-keys", theirs.key(Role::Admin)).await);
    let begin =
        request("POST", "/api/uploads", Some(theirs.key(Role::Agent))).header("tus-resumable", "1.0.0");
    let begun = house.send(begin.header("upload-length", "5").body(Body::empty()).unwrap()).await;
    let upload = begun.header("location").rsplit('/').next().unwrap().parse().unwrap();
    Scene { house, ours, theirs, made, others: Others { user, key, upload } }
}

#[tokio::test]
async fn requests_without_a_key_are_refused() {
    let scene = scene().await;
    for route in routes() {
        let Needs::Right(_) = route.needs else { continue };
        let path = scene.filled(&route.path);
        for key in [None, Some("mdy_nobodys"), Some("")] {
            let answer = scene.house.send(asking(&route, &path, key)).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{} {path} {key:?}", route.method);
            assert_code(&route, &answer, "unauthorized");
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
        }
    }
}

#[tokio::test]
async fn role_below_the_right_is_forbidden() {
    let scene = scene().await;
    for route in routes() {
        let Needs::Right(permission) = route.needs else { continue };
        let path = scene.filled(&route.path);
        for role in Role::ALL.iter().filter(|role| !role.may(permission)) {
            let answer = scene.house.send(asking(&route, &path, Some(scene.theirs.key(*role)))).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} {path} as {role}", route.method);
            assert_code(&route, &answer, "forbidden");
        }
    }
}

#[tokio::test]
async fn records_of_another_company_do_not_exist() {
    let scene = scene().await;
    let admin = scene.ours.key(Role::Admin);
    for route in routes() {
        let Needs::Right(_) = route.needs else { continue };
        if !route.path.contains('{') {
            continue;
        }
        let path = scene.filled(&route.path);
        let answer = scene.house.send(asking(&route, &path, Some(admin))).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{} {path}", route.method);
        assert_code(&route, &answer, "not_found");
        let nobodys = path.replace(|c: char| c.is_ascii_digit(), "9");
        let unknown = scene.house.send(asking(&route, &nobodys, Some(admin))).await;
        assert_eq!(without_id(&answer.body), without_id(&unknown.body), "theirs and nobody's look the same");
    }
    let untouched =
        scene.house.get(&format!("/api/media/{}", scene.made.media), scene.theirs.key(Role::Admin)).await;
    assert_eq!(untouched.json()["isActive"], true);
}

fn without_id(body: &[u8]) -> Option<Value> {
    let mut problem: Value = serde_json::from_slice(body).ok()?;
    problem.as_object_mut().unwrap().remove("requestId");
    Some(problem)
}

#[tokio::test]
async fn lists_hold_only_records_of_the_company() {
    let scene = scene().await;
    for route in routes() {
        let list = route.method == "GET" && !route.path.contains('{');
        if !list || matches!(route.needs, Needs::Nothing) || route.path == "/api/events" {
            continue;
        }
        let answer = scene.house.send(asking(&route, &route.path, Some(scene.ours.key(Role::Admin)))).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", route.path);
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(!text.contains(&format!("\"companyId\":{}", scene.theirs.id)), "{}: {text}", route.path);
        assert!(!text.contains("wamid.1") && !text.contains("theirs"), "{}: {text}", route.path);
    }
}

#[tokio::test]
async fn answers_hold_no_secret_and_no_provider_url() {
    let scene = scene().await;
    for route in routes() {
        if route.method != "GET" || route.path == "/api/events" {
            continue;
        }
        let path = scene.filled(&route.path);
        for role in Role::ALL {
            let key = scene.theirs.key(*role);
            let answer = scene.house.send(asking(&route, &path, Some(key))).await;
            let text = String::from_utf8_lossy(&answer.body).into_owned() + &format!("{:?}", answer.headers);
            for secret in [ACCESS_TOKEN, APP_SECRET, PROVIDER_URL, VERIFY_TOKEN, "argon2", key] {
                assert!(!text.contains(secret), "{path} as {role} says {secret}");
            }
            assert_eq!(
                text.contains("file://"),
                *role == Role::Admin && text.contains("fileUrl"),
                "{path} as {role}"
            );
        }
    }
}

/// A request of an admin who sees one conversation of a company that has two.
pub(super) fn seeing(scene: &Scene, own: ConversationId, mut request: Request<Body>) -> Request<Body> {
    request.extensions_mut().insert(Visibility::Conversations([own].into()));
    let key = format!("Bearer {}", scene.theirs.key(Role::Admin));
    request.headers_mut().insert(header::AUTHORIZATION, key.parse().unwrap());
    request
}

#[tokio::test]
async fn caller_who_sees_one_conversation_finds_nothing_of_another() {
    let scene = scene().await;
    let own = scene.house.stored_from(&scene.theirs, "15550100777", "wamid.own", PNG).await;
    assert_ne!(own.conversation, scene.made.conversation);
    for route in routes() {
        let Needs::Right(permission) = route.needs else { continue };
        if route.path == "/api/events" {
            continue;
        }
        // Everything there is of the other conversation, by its ids and in lists.
        let path = scene.filled(&route.path);
        let answer = scene.house.send(seeing(&scene, own.conversation, asking(&route, &path, None))).await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        if permission.is_of_the_company() {
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} {path}: {text}", route.method);
        } else if route.path.contains('{') {
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{} {path}: {text}", route.method);
        }
        for others in [
            "wamid.1\"".to_owned(),
            format!("\"conversationId\":{},", scene.made.conversation),
            format!("\"messageId\":{},", scene.made.message),
        ] {
            assert!(!text.contains(&others), "{} {path} tells of another conversation: {text}", route.method);
        }
        // What they see is there, so that the answers above are no accident.
        let path = filled(&route.path, &scene.theirs, own, &scene.others);
        if route.method == "GET" && !permission.is_of_the_company() && !route.path.contains("providerMediaId")
        {
            let answer =
                scene.house.send(seeing(&scene, own.conversation, asking(&route, &path, None))).await;
            assert_eq!(answer.status, StatusCode::OK, "{} {path}", route.method);
            if matches!(path.as_str(), "/api/conversations" | "/api/media" | "/api/search") {
                assert_eq!(answer.json()["items"].as_array().unwrap().len(), 1, "{path}");
            }
        }
    }
    let get = async |path: &str| {
        let request = request("GET", path, None).body(Body::empty()).unwrap();
        scene.house.send(seeing(&scene, own.conversation, request)).await
    };
    for search in ["Ben", "15551234567"] {
        let found = get(&format!("/api/conversations?search={search}")).await;
        assert_eq!(found.json()["items"].as_array().unwrap().len(), 0, "a search for {search}");
    }
    let around =
        get(&format!("/api/conversations/{}/messages?around={}", own.conversation, scene.made.message)).await;
    assert_eq!(around.status, StatusCode::NOT_FOUND);
    let untouched =
        scene.house.get(&format!("/api/media/{}", scene.made.media), scene.theirs.key(Role::Admin)).await;
    assert_eq!(untouched.json()["isActive"], true);
}

#[tokio::test]
async fn cached_file_is_not_served_to_a_caller_who_does_not_see_it() {
    let scene = scene().await;
    let path = format!("/api/media/messages/{}", scene.made.message);
    let seen = scene.house.get(&path, scene.theirs.key(Role::Admin)).await;
    assert_eq!(seen.status, StatusCode::OK);
    let other = ConversationId(scene.made.conversation.0 + 1);
    let request = request("GET", &path, None).body(Body::empty()).unwrap();
    let answer = scene.house.send(seeing(&scene, other, request)).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "the file is open in the cache");
}
