//! Templates and interactive messages whose headers have files.

use mediary_testing::files::sha256;
use serde_json::json;

use super::{conversation, form, has_status, picture, send, send_form};
use crate::harness::World;

async fn headers_reach_whatsapp(world: World) {
    let conversation = conversation(&world).await;
    let bytes = picture(5);
    let sent = send_form(&world, form(conversation, "image", bytes.clone())).await.unwrap();
    let template = json!({"name": "hello_world", "language": {"code": "en_US"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "Ana"}]}]});
    let reply = json!({"type": "reply", "reply": {"id": "yes", "title": "Yes"}});
    let buttons = json!({"type": "button", "body": {"text": "Shall we?"}, "action": {"buttons": [reply]},
        "header": {"type": "image", "image": {"mediaId": sent["media"]["id"]}}});
    let stored = json!({"conversationId": conversation, "type": "template", "template": template,
        "mediaId": sent["media"]["id"]});
    let buttons = json!({"conversationId": conversation, "type": "interactive", "interactive": buttons});
    let uploaded = form(conversation, "template", picture(6)).text("template", template.to_string());
    let mut ids = Vec::new();
    for body in [stored, buttons] {
        ids.push(send(&world, body).await.unwrap()["id"].clone());
    }
    ids.push(send_form(&world, uploaded).await.unwrap()["id"].clone());
    for id in &ids {
        has_status(&world, id, "read").await;
    }
    let all = world.simulator.sent();
    let media_id = &all[0].body["image"]["id"];
    let header = &all[1].body["template"]["components"][0];
    assert_eq!(
        header,
        &json!({"type": "header", "parameters": [{"type": "image", "image": {"id": media_id}}]})
    );
    assert_eq!(
        all[1].body["template"]["components"][1], template["components"][0],
        "the rest as it was given"
    );
    assert_eq!(&all[2].body["interactive"]["header"], &json!({"type": "image", "image": {"id": media_id}}));
    assert_eq!(all[3].media.as_ref().unwrap().sha256, sha256(&picture(6)).to_string());
    let message = world.api().json(&format!("/api/messages/{}", ids[2])).await;
    let attached = message["attachments"][0]["url"].as_str().unwrap();
    let answer = world.api().request(reqwest::Method::GET, attached).send().await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), picture(6));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_headers_reach_whatsapp_by_id_on_sqlite() {
    headers_reach_whatsapp(World::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_headers_reach_whatsapp_by_id_on_postgres() {
    headers_reach_whatsapp(World::postgres().await).await;
}
