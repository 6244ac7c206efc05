//! `mediary demo`, and commands beside it.

use std::collections::BTreeMap;
use std::path::Path;

use mediary_testing::eventually;
use mediary_testing::files::JPEG;
use mediary_testing::wire::{Server as Host, Wire};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Api, Env, Server, run, run_json};

/// A demo in a folder of its own. Nothing of the environment says where it is.
struct Demo {
    folder: tempfile::TempDir,
    server: Server,
}

impl Demo {
    fn start(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let env: Env = settings.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let args = ["demo", "--listen", "127.0.0.1:0", "--data-dir", "demo"];
        let server = Server::start(&env, folder.path(), &args, &folder.path().join("log"));
        Self { folder, server }
    }

    fn data_dir(&self) -> std::path::PathBuf {
        self.folder.path().join("demo")
    }

    /// A command in the demo's folder, without any variable.
    fn command(&self, args: &[&str]) -> Value {
        run_json(&BTreeMap::new(), &self.data_dir(), args)
    }

    fn api(&self) -> Api {
        let add = ["api-key", "add", "--company", "demo", "--name", "test", "--role", "admin", "--json"];
        let key = self.command(&add);
        let settings = settings(&self.data_dir());
        Api::new(format!("http://{}", settings["listen"].as_str().unwrap()), key["key"].as_str().unwrap())
    }
}

fn settings(folder: &Path) -> toml::Table {
    std::fs::read_to_string(folder.join("mediary.toml")).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_in_the_folder_of_a_demo_ask_its_simulated_whatsapp() {
    let demo = Demo::start(&[]);
    let api = demo.api();
    let conversation = conversation(&api).await;
    let account = api.json("/api/whatsapp-accounts").await["items"][0]["phoneNumberId"].clone();
    let to = format!("+{}", conversation["contact"]["waId"].as_str().unwrap());
    let send =
        ["send", "--company", "demo", "--account", account.as_str().unwrap(), "--to", &to, "--text", "Hello"];
    let sent = run(&BTreeMap::new(), &demo.data_dir(), &send);
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    let graph = settings(&demo.data_dir())["graph_url"].as_str().unwrap().to_owned();
    assert!(graph.starts_with("http://127.0.0.1:"), "{graph}");
    drop(demo.server);
}

#[tokio::test(flavor = "multi_thread")]
async fn demo_fetches_links_from_the_private_hosts_that_are_named() {
    let host = Host::start(|_| {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", JPEG.len());
        vec![Wire::Send([head.as_bytes(), JPEG].concat())]
    })
    .await;
    for (hosts, status) in [("127.0.0.1", StatusCode::CREATED), ("", StatusCode::BAD_REQUEST)] {
        let demo = Demo::start(&[("MEDIARY_LINK_HOSTS", hosts)]);
        let api = demo.api();
        let body = json!({"conversationId": conversation(&api).await["id"], "type": "image", "link": host.url("/a.jpg")});
        let answer = api.post("/api/messages", &body).await;
        assert_eq!(answer.status(), status, "{hosts:?}");
        drop(demo.server);
    }
}

/// One of those that are played.
async fn conversation(api: &Api) -> Value {
    eventually("a conversation of the demo", async || {
        let page = api.json("/api/conversations?limit=1").await;
        page["items"].get(0).cloned().ok_or(page)
    })
    .await
}
