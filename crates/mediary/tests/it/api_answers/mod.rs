//! The answer of every operation of the API, word for word: a change of a field or of a sentence shows here, and is taken on by
//! `cargo insta review`. What differs from run to run is replaced. An operation of the API's document without a success and a
//! refusal here fails the test, so each request is made as the document says.

mod scenario;
mod stable;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::harness::World;
use stable::stable;

/// Operations whose success is not held, and why.
const NO_SUCCESS: [(&str, &str); 8] = [
    ("listen_to_events", "a stream without an end; `events` and `cluster` hear it"),
    ("metrics", "figures of this moment, and names of the recorder"),
    ("read_archive", "the bytes of a zip; `routes::archives` of the server unpacks them"),
    ("read_conversation_archive", "the bytes of a zip; `routes::archives` of the server unpacks them"),
    ("read_file", "the bytes of a file; `routes::library` of the server compares them"),
    ("read_linked_file", "the bytes of a file; `bytes` compares them"),
    ("read_message_file", "the bytes of a file; `bytes` compares them"),
    ("read_whatsapp_file", "the bytes of a file; `on_demand` compares them"),
];
/// Operations that document no refusal which a caller can bring about here, and why.
const NO_REFUSAL: [(&str, &str); 4] = [
    ("alive", "503 alone, once the process stops"),
    ("get_upload", "an answer to HEAD, which has no body"),
    ("metrics", "404 alone, where they have a listener of their own"),
    ("ready", "503 alone, with the same body"),
];

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_every_operation_read_so() {
    let world = World::sqlite().await;
    let mut answers = Answers::of(&world);
    let message = scenario::delivered(&world).await;
    scenario::operation(&mut answers).await;
    scenario::messages(&mut answers, &message).await;
    scenario::files(&mut answers, &message).await;
    scenario::library(&mut answers, &message).await;
    scenario::links_and_bytes(&mut answers, &message).await;
    scenario::api_keys(&mut answers).await;
    scenario::people(&mut answers).await;
    scenario::sessions(&mut answers).await;
    scenario::accounts(&mut answers).await;
    scenario::webhooks(&mut answers).await;
    scenario::settings(&mut answers).await;
    scenario::files_that_go(&mut answers, &message).await;
    scenario::audit(&mut answers).await;
    scenario::uploads(&mut answers).await;
    scenario::sending(&mut answers, &message).await;
    answers.are_complete();
}

/// An operation of the API's document.
#[derive(Clone)]
struct Operation {
    id: String,
    method: Method,
    path: String,
    statuses: BTreeSet<u16>,
}

fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(&mediary_server::openapi().to_pretty_json().unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let of_path = |(path, methods): (&String, &Value)| {
        let methods = methods.as_object().unwrap().iter().filter(|(method, _)| *method != "parameters");
        let read = methods.map(|(method, operation)| Operation {
            id: operation["operationId"].as_str().unwrap().to_owned(),
            method: method.to_uppercase().parse().unwrap(),
            path: path.clone(),
            statuses: operation["responses"]
                .as_object()
                .unwrap()
                .keys()
                .flat_map(|code| code.parse())
                .collect(),
        });
        read.collect::<Vec<_>>()
    };
    paths.flat_map(of_path).collect()
}

/// The answers that were asked for.
struct Answers<'a> {
    world: &'a World,
    viewer: String,
    operations: Vec<Operation>,
    /// The names of the snapshots of each operation: its own of a success, and one with a reason of each refusal.
    held: BTreeMap<String, BTreeSet<String>>,
}

impl<'a> Answers<'a> {
    fn of(world: &'a World) -> Self {
        let viewer = world.add_key("acme", "viewer");
        Self { world, viewer, operations: operations(), held: BTreeMap::new() }
    }

    /// Asks for an operation as the admin key.
    fn ask(&mut self, operation: &str) -> Ask<'_, 'a> {
        let found = self.operations.iter().find(|known| known.id == operation);
        let operation = found.unwrap_or_else(|| panic!("the document has no operation {operation}")).clone();
        let path = operation.path.clone();
        let key = Some(self.world.key.clone());
        Ask { answers: self, operation, path, query: "", key, headers: Vec::new(), given: None, body: None }
    }

    /// Fails where an operation is not held, or an answer that nobody asks for any more.
    fn are_complete(&self) {
        let named: BTreeSet<_> = self.operations.iter().map(|operation| operation.id.as_str()).collect();
        for (operation, _) in NO_SUCCESS.iter().chain(&NO_REFUSAL) {
            assert!(named.contains(operation), "{operation} is not an operation any more");
        }
        let mut missing = Vec::new();
        for operation in &self.operations {
            let id = operation.id.as_str();
            let names = self.held.get(id).cloned().unwrap_or_default();
            if !names.contains(id) && NO_SUCCESS.iter().all(|(excepted, _)| *excepted != id) {
                missing.push(format!("a success of {id}"));
            }
            if names.iter().all(|name| name == id) && NO_REFUSAL.iter().all(|(excepted, _)| *excepted != id) {
                missing.push(format!("a refusal of {id}"));
            }
        }
        assert!(missing.is_empty(), "ask for these in `scenario`: {missing:#?}");
        let held: BTreeSet<_> = self.held.values().flatten().cloned().collect();
        assert_eq!(crate::snapshots_of("api_answers"), held, "snapshots, and what was asked for");
    }
}

/// One request.
struct Ask<'a, 'w> {
    answers: &'a mut Answers<'w>,
    operation: Operation,
    path: String,
    query: &'static str,
    key: Option<String>,
    headers: Vec<(&'static str, String)>,
    given: Option<Value>,
    body: Option<Vec<u8>>,
}

impl Ask<'_, '_> {
    /// With this value in the place of the path's next name.
    fn at(mut self, value: impl Display) -> Self {
        let (before, rest) = self.path.split_once('{').expect("the path has a place for it");
        let (_, after) = rest.split_once('}').expect("the path is whole");
        self.path = format!("{before}{value}{after}");
        self
    }

    fn query(mut self, query: &'static str) -> Self {
        self.query = query;
        self
    }

    fn given(mut self, body: Value) -> Self {
        self.given = Some(body);
        self
    }

    fn body(mut self, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self
    }

    fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn by_a_viewer(mut self) -> Self {
        self.key = Some(self.answers.viewer.clone());
        self
    }

    fn by_a_stranger(mut self) -> Self {
        self.key = None;
        self
    }

    /// Takes a success as it stands, and returns it.
    async fn held(self) -> Value {
        let name = self.operation.id.clone();
        let (status, body) = self.taken(name).await;
        assert!(status < 400, "{status}: {body}");
        body
    }

    /// Takes a refusal as it stands.
    async fn refused(self, why: &str) {
        let name = format!("{}_{why}", self.operation.id);
        let (status, body) = self.taken(name).await;
        assert!(status >= 400 && body["code"].is_string(), "{status}: {body}");
    }

    async fn taken(self, name: String) -> (u16, Value) {
        let (method, query) = (self.operation.method.clone(), self.query);
        let separated =
            |path: &str| if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        let (world, path) = (self.answers.world, separated(&self.path));
        let mut request = match &self.key {
            Some(key) => world.api_as(key).request(method.clone(), &path),
            None => world.api().stranger(method.clone(), &path),
        };
        for (header, value) in &self.headers {
            request = request.header(*header, value);
        }
        if let Some(given) = &self.given {
            request = request.json(given);
        }
        if let Some(body) = self.body {
            request = request.body(body);
        }
        let (status, body) = read(request.send().await.unwrap()).await;
        assert!(self.operation.statuses.contains(&status), "the document says nothing of {status}: {body}");
        let mut shown = json!({ "request": format!("{method} {}", separated(&self.operation.path)),
            "status": status, "body": stable(body.clone()) });
        if let Some(given) = self.given {
            shown["given"] = stable(given);
        }
        insta::assert_json_snapshot!(name.as_str(), shown);
        let names = self.answers.held.entry(self.operation.id).or_default();
        assert!(names.insert(name), "two answers of one name");
        (status, body)
    }
}

async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let form = response.headers().get("content-type").map(|form| form.to_str().unwrap().to_owned());
    let text = response.text().await.unwrap();
    let body = match form {
        Some(form) if form.contains("json") => serde_json::from_str(&text).unwrap(),
        _ => Value::String(text),
    };
    (status, body)
}
