//! Who comes in, and for how long.

use std::time::Duration;

use mediary_core::{ErrorCode, Role, limits};
use mediary_engine::{ApiKeyDraft, Identity, UserChange, UserDraft};
use secrecy::{ExposeSecret, SecretString};

use crate::harness::World;
use mediary_store::Actor;

const PASSWORD: &str = "correct horse battery";
const ADDRESS: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

async fn world_with_ana() -> (World, mediary_core::UserId) {
    let world = World::new().await;
    let draft = UserDraft {
        email: " Ana@Acme.test".into(),
        name: "Ana".into(),
        role: Role::Agent,
        password: SecretString::from(PASSWORD),
    };
    let user =
        world.engine.access().create_user(world.company, &draft, &Actor::command_line()).await.unwrap();
    (world, user.id)
}

async fn login(world: &World) -> String {
    let (token, _) =
        world.engine.access().login("ana@acme.test", &SecretString::from(PASSWORD), ADDRESS).await.unwrap();
    token.expose_secret().to_owned()
}

#[tokio::test]
async fn user_logs_in_and_out() {
    let (world, id) = world_with_ana().await;
    let access = world.engine.access();
    for (email, password) in [("ana@acme.test", "wrong password"), ("nobody@acme.test", PASSWORD), ("", "")] {
        let error = access.login(email, &SecretString::from(password), ADDRESS).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Unauthorized);
    }
    let token = login(&world).await;
    let caller = access.authenticate_session(&token).await.unwrap().unwrap();
    assert_eq!((caller.company_id, caller.role, caller.user_id()), (world.company, Role::Agent, Some(id)));
    assert!(access.authenticate_key(&token).await.unwrap().is_none(), "a session is no key");
    access.logout(&token, ADDRESS).await.unwrap();
    assert!(access.authenticate_session(&token).await.unwrap().is_none());
    assert!(access.authenticate_session("made up").await.unwrap().is_none());
}

#[tokio::test]
async fn session_is_extended_by_use_up_to_its_maximum_age() {
    let (world, _) = world_with_ana().await;
    let access = world.engine.access();
    let token = login(&world).await;
    let step = limits::SESSION_IDLE - Duration::from_secs(60);
    let mut lived = Duration::ZERO;
    while access.authenticate_session(&token).await.unwrap().is_some() {
        world.advance(step);
        lived += step;
        assert!(lived <= limits::SESSION_LIFE_MAX + step);
    }
    assert!(lived >= limits::SESSION_LIFE_MAX - step);
    let unused = login(&world).await;
    world.advance(limits::SESSION_IDLE);
    assert!(access.authenticate_session(&unused).await.unwrap().is_none());
}

#[tokio::test]
async fn sessions_end_at_once_when_their_user_is_deactivated_or_gets_a_new_password() {
    let (world, id) = world_with_ana().await;
    let access = world.engine.access();
    for change in [
        UserChange { password: Some(SecretString::from("another password")), ..UserChange::default() },
        UserChange { active: Some(false), ..UserChange::default() },
    ] {
        let back = UserChange {
            active: Some(true),
            password: Some(SecretString::from(PASSWORD)),
            ..UserChange::default()
        };
        access.update_user(world.company, id, &back, &Actor::command_line()).await.unwrap();
        let token = login(&world).await;
        assert!(access.authenticate_session(&token).await.unwrap().is_some());
        access.update_user(world.company, id, &change, &Actor::command_line()).await.unwrap();
        assert!(access.authenticate_session(&token).await.unwrap().is_none(), "{change:?}");
    }
    let refused = access.login("ana@acme.test", &SecretString::from(PASSWORD), ADDRESS).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Unauthorized);
}

#[tokio::test]
async fn api_key_authenticates_until_it_is_revoked_or_expires() {
    let world = World::new().await;
    let access = world.engine.access();
    let soon = world.engine.now().plus(Duration::from_secs(60));
    let draft = |name: &str, expires_at| ApiKeyDraft { name: name.into(), role: Role::Viewer, expires_at };
    let lasting =
        access.create_api_key(world.company, &draft("crm", None), &Actor::command_line()).await.unwrap();
    let ending = access
        .create_api_key(world.company, &draft("trial", Some(soon)), &Actor::command_line())
        .await
        .unwrap();
    for key in [&lasting, &ending] {
        let text = key.key.expose_secret();
        assert!(text.starts_with("mdy_") && text.starts_with(&key.record.prefix));
        let caller = access.authenticate_key(text).await.unwrap().unwrap();
        assert!(matches!(&caller.who, Identity::Key { id, .. } if *id == key.record.id));
    }
    world.advance(Duration::from_secs(60));
    assert!(access.authenticate_key(ending.key.expose_secret()).await.unwrap().is_none());
    access.revoke_api_key_by_name(world.company, "crm", &Actor::command_line()).await.unwrap();
    assert!(access.authenticate_key(lasting.key.expose_secret()).await.unwrap().is_none());
    let again =
        access.revoke_api_key(world.company, lasting.record.id, &Actor::command_line()).await.unwrap_err();
    assert_eq!(again.code(), ErrorCode::NotFound);
    let past = draft("late", Some(world.engine.now()));
    assert_eq!(
        access.create_api_key(world.company, &past, &Actor::command_line()).await.unwrap_err().field(),
        Some("expiresAt")
    );
}

#[tokio::test]
async fn invalid_values_are_refused_with_their_field() {
    let (world, _) = world_with_ana().await;
    let access = world.engine.access();
    let draft = |email: &str, name: &str, password: &str| UserDraft {
        email: email.into(),
        name: name.into(),
        role: Role::Viewer,
        password: SecretString::from(password.to_owned()),
    };
    for (draft, field) in [
        (draft("not an address", "B", PASSWORD), "email"),
        (draft("b@acme.test", " ", PASSWORD), "name"),
        (draft("b@acme.test", "B", "short"), "password"),
    ] {
        let error = access.create_user(world.company, &draft, &Actor::command_line()).await.unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::ValidationError, Some(field)));
    }
    let taken = access
        .create_user(world.company, &draft("ANA@acme.test", "B", PASSWORD), &Actor::command_line())
        .await
        .unwrap_err();
    assert_eq!(taken.code(), ErrorCode::Conflict);
}
