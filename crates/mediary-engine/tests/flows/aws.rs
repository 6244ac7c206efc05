//! Webhooks by AWS's topics, and the bucket that media passes through.

use bytes::Bytes;
use mediary_core::{ErrorCode, Provider};
use mediary_engine::{AccountDraft, Proof, Target, WebhookSender};
use mediary_simulator::AwsSpec;
use mediary_store::{Actor, AwsSettings};
use mediary_testing::eventually;
use mediary_testing::files::files_below;
use mediary_testing::installation::PHONE_NUMBER_ID;
use mediary_testing::rows::new_company;
use mediary_testing::whatsapp::{text, webhook};
use secrecy::SecretString;
use serde_json::Value;

use crate::harness::{AWS_KEY, TOPIC, World, aws_settings, draft, read_all};

const OTHER_TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:another";

fn message(world: &World) -> Bytes {
    let body = webhook(text("wamid.1", "hello")).to_string();
    let [message] = world.whatsapp.sns_notifications(PHONE_NUMBER_ID, body.as_bytes()).try_into().unwrap();
    message
}

fn changed(message: &[u8], change: impl FnOnce(&mut Value)) -> Bytes {
    let mut message = serde_json::from_slice(message).unwrap();
    change(&mut message);
    message.to_string().into()
}

/// Makes a draft wrong.
type Change = fn(&mut AccountDraft);

async fn answer(world: &World, body: Bytes) -> Result<(), ErrorCode> {
    world.engine.accept_from(WebhookSender::Aws, body).await.map_err(|error| error.code())
}

async fn kept(world: &World) -> u64 {
    world.store.inbox_depth().await.unwrap().waiting
}

#[tokio::test]
async fn message_that_sns_did_not_sign_as_it_is_is_refused() {
    let world = World::of(Provider::Aws).await;
    let good = message(&world);
    for body in [
        Bytes::from_static(b"{}"),
        changed(&good, |message| message["Message"] = "{}".into()),
        changed(&good, |message| message["TopicArn"] = OTHER_TOPIC.into()),
        changed(&good, |message| message["Timestamp"] = "2026-01-01T00:00:01Z".into()),
        changed(&good, |message| message["SigningCertURL"] = "https://sns.evil.example/x.pem".into()),
        changed(&good, |message| message["SignatureVersion"] = "1".into()),
        changed(&good, |message| message["Signature"] = "AAAA".into()),
    ] {
        assert_eq!(answer(&world, body.clone()).await, Err(ErrorCode::Unauthorized), "{body:?}");
    }
    assert_eq!(kept(&world).await, 0);
    answer(&world, good.clone()).await.unwrap();
    assert_eq!(kept(&world).await, 1);
    world.advance(std::time::Duration::from_secs(25 * 3600));
    assert_eq!(answer(&world, good).await, Err(ErrorCode::Unauthorized), "it is replayed");
}

#[tokio::test]
async fn topic_speaks_for_its_own_accounts_alone() {
    let world = World::of(Provider::Aws).await;
    let theirs = world.store.add_company(&new_company("other")).await.unwrap().id;
    let other = AccountDraft {
        provider: Provider::Aws,
        aws: Some(AwsSettings { topic_arn: OTHER_TOPIC.to_owned(), ..aws_settings() }),
        access_token: Some(SecretString::from(AWS_KEY)),
        ..draft("2222")
    };
    world.engine.accounts().create(theirs, &other, &Actor::command_line()).await.unwrap();
    // Of our topic, and about their number.
    let body = webhook(text("wamid.1", "hello")).to_string().replace(PHONE_NUMBER_ID, "2222");
    let [forged] = world.whatsapp.sns_notifications(PHONE_NUMBER_ID, body.as_bytes()).try_into().unwrap();
    answer(&world, forged).await.unwrap();
    answer(&world, message(&world)).await.unwrap();
    world.engine.run_due().await.unwrap();
    for (company, conversations) in [(world.company, 1), (theirs, 0)] {
        let scope = mediary_core::Scope::system(company);
        let found = world.store.conversations(&scope, &Default::default()).await.unwrap();
        assert_eq!(found.items.len(), conversations, "of company {company}");
    }
}

#[tokio::test]
async fn subscription_is_confirmed_for_a_topic_that_an_account_has() {
    let world = World::of(Provider::Aws).await;
    assert_eq!(
        answer(&world, world.whatsapp.sns_subscription(OTHER_TOPIC)).await,
        Err(ErrorCode::Unauthorized)
    );
    let asked = world.whatsapp.sns_subscription(TOPIC);
    let elsewhere = changed(&asked, |message| message["SubscribeURL"] = "http://127.0.0.1:9/".into());
    assert_eq!(answer(&world, elsewhere).await, Err(ErrorCode::Unauthorized), "it is signed, too");
    answer(&world, asked).await.unwrap();
    let confirmed: Vec<_> =
        world.whatsapp.sns_subscriptions().into_iter().filter(|one| one.confirmed).collect();
    assert_eq!(confirmed.len(), 1);
    assert_eq!((confirmed[0].topic_arn.as_str(), kept(&world).await), (TOPIC, 0));
}

#[tokio::test]
async fn nothing_is_left_in_the_bucket() {
    let world = World::of(Provider::Aws).await;
    let media = world.png(1).await;
    let record = world.arrive("wamid.1", "image", &media).await;
    assert_eq!(world.stored_files(), 1);
    let proxied = mediary_engine::RequestedContent::Bytes { range: None };
    let opened = world.engine.open_from_provider(&world.may(), &media.id, proxied, false).await.unwrap();
    let bucket = world.bucket.as_ref().unwrap().folder();
    assert_eq!(read_all(opened).await, read_all(world.open(Target::Media(record.id)).await.unwrap()).await);
    eventually("the bucket to be empty", async || match files_below(&bucket).len() {
        0 => Ok(()),
        left => Err(left),
    })
    .await;
}

#[tokio::test]
async fn number_is_bound_only_by_a_key_that_may_use_it() {
    let world = World::of(Provider::Aws).await;
    let connect = async |draft: AccountDraft| {
        let by = Actor::command_line();
        world.engine.connect_number(world.company, &draft, Proof::Required, &by).await.unwrap_err()
    };
    let key = |key: &str| Some(SecretString::from(key.to_owned()));
    let of_2222 = AccountDraft {
        provider: Provider::Aws,
        aws: Some(aws_settings()),
        access_token: key(AWS_KEY),
        ..draft("2222")
    };
    assert_eq!(connect(of_2222.clone()).await.code(), ErrorCode::Conflict, "it is another number's");
    let wrong = AccountDraft { access_token: key("mediary-test:another"), ..of_2222.clone() };
    assert_eq!(connect(wrong).await.code(), ErrorCode::Conflict);
    let fields: [(&str, Change); 6] = [
        ("accessToken", |draft| draft.access_token = Some(SecretString::from("no-colon"))),
        ("awsPhoneNumberId", |draft| draft.aws = None),
        ("awsRegion", |draft| draft.aws.as_mut().unwrap().region = "evil.example/".to_owned()),
        ("awsBucket", |draft| draft.aws.as_mut().unwrap().bucket = "a/b".to_owned()),
        ("awsTopicArn", |draft| draft.aws.as_mut().unwrap().topic_arn = "arn:aws:sns:x".to_owned()),
        ("awsPhoneNumberId", |draft| draft.provider = Provider::Meta),
    ];
    for (field, change) in fields {
        let mut draft = of_2222.clone();
        change(&mut draft);
        assert_eq!(connect(draft).await.field(), Some(field));
    }
    let spec = AwsSpec { phone_number_id: "phone-number-id-1".to_owned(), topic_arn: TOPIC.to_owned() };
    assert_ne!(spec.phone_number_id, aws_settings().phone_number_id);
}
