use axum::body::Body;
use http::{Method, StatusCode};
use mediary_core::Role;
use mediary_testing::files::{PNG, content_like};
use serde_json::{Value, json};

use super::*;
use crate::testing::{Answer, Company, House, Made, request, with_json};

const SIZE: usize = 200_000;

struct Scene {
    house: House,
    company: Company,
}

impl Scene {
    /// A company that wants views in its log.
    async fn new() -> Self {
        let house = House::open().await;
        let company = house.company("acme").await;
        let (manager, wanted) = (company.key(Role::Manager), json!({"auditViews": true}));
        let set = house.send(with_json("PATCH", "/api/settings/media", Some(manager), &wanted)).await;
        assert_eq!(set.status, StatusCode::OK, "{set:?}");
        Self { house, company }
    }

    async fn stored(&self, wamid: &str) -> Made {
        self.house.stored(&self.company, wamid, &content_like(PNG, SIZE), "image/png").await
    }

    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask_as(Some(self.company.key(Role::Viewer)), method, path, headers).await
    }

    async fn ask_as(
        &self,
        key: Option<&str>,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = request(method.as_str(), path, key);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.house.send(request.body(Body::empty()).unwrap()).await
    }

    /// The views of a file in the log.
    async fn views(&self, made: Made) -> Vec<Value> {
        let path = "/api/audit?action=media.viewed&limit=100";
        let log = self.house.get(path, self.company.key(Role::Admin)).await.json();
        let of_file = |row: &Value| row["record"] == format!("media:{}", made.media);
        log["items"].as_array().unwrap().iter().filter(|row| of_file(row)).cloned().collect()
    }
}

fn path_of(made: Made) -> String {
    format!("/api/media/messages/{}", made.message)
}

#[tokio::test]
async fn every_way_to_bytes_of_a_file_is_a_view() {
    let scene = Scene::new().await;
    let past_the_end = format!("bytes={SIZE}-");
    let ways: [(&[(&str, &str)], StatusCode); 8] = [
        (&[], StatusCode::OK),
        (&[("range", "bytes=0-9")], StatusCode::PARTIAL_CONTENT),
        (&[("range", "bytes=1-")], StatusCode::PARTIAL_CONTENT),
        (&[("range", "bytes=-199999")], StatusCode::PARTIAL_CONTENT),
        (&[("range", "bytes=1-9,11-")], StatusCode::OK),
        (&[("range", "bytes=1-"), ("if-range", "\"another\"")], StatusCode::OK),
        (&[("if-none-match", "\"another\"")], StatusCode::OK),
        (&[("if-none-match", "*")], StatusCode::NOT_MODIFIED),
    ];
    for (number, (headers, status)) in ways.into_iter().enumerate() {
        let made = scene.stored(&format!("wamid.{number}")).await;
        assert_eq!(scene.ask(Method::HEAD, &path_of(made), headers).await.body.len(), 0);
        let beyond = scene.ask(Method::GET, &path_of(made), &[("range", &past_the_end)]).await;
        assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(scene.views(made).await, [Value::Null; 0], "nothing was seen yet");
        assert_eq!(scene.ask(Method::GET, &path_of(made), headers).await.status, status, "{headers:?}");
        let views = scene.views(made).await;
        assert_eq!(views.len(), 1, "{headers:?}");
        assert!(views[0]["who"].as_str().unwrap().starts_with("api_key:"));
    }
}

#[tokio::test]
async fn player_leaves_one_entry_in_a_period_whoever_answers_it() {
    let scene = Scene::new().await;
    let made = scene.stored("wamid.1").await;
    let play = async |key: Option<&str>, headers: &[(&str, &str)]| {
        for part in 0..100 {
            let range = format!("bytes={}-{}", part * 2000, part * 2000 + 1999);
            let headers = [&[("range", range.as_str())], headers].concat();
            let answer = scene.ask_as(key, Method::GET, &path_of(made), &headers).await;
            assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT);
        }
    };
    let viewer = Some(scene.company.key(Role::Viewer));
    play(viewer, &[]).await;
    assert_eq!(scene.views(made).await.len(), 1);
    // As on another node, or after very many other views.
    scene.house.app.view_log().noted.invalidate_all();
    play(viewer, &[]).await;
    assert_eq!(scene.views(made).await.len(), 1);
    play(Some(scene.company.key(Role::Agent)), &[]).await;
    assert_eq!(scene.views(made).await.len(), 2, "somebody else is another entry");
    scene.house.clock.advance(AUDITED_VIEW_PERIOD);
    play(viewer, &[]).await;
    assert_eq!(scene.views(made).await.len(), 3);
}

#[tokio::test]
async fn links_and_archives_that_are_read_in_parts_are_views_too() {
    let scene = Scene::new().await;
    let (linked, archived) = (scene.stored("wamid.1").await, scene.stored("wamid.2").await);
    let path_of_url = |answer: &Answer| {
        let url = answer.json()["url"].as_str().unwrap().to_owned();
        url.strip_prefix("https://media.example").unwrap().to_owned()
    };
    let sign = format!("/api/media/{}/signed-url", linked.media);
    let link = path_of_url(&scene.house.post(&sign, scene.company.key(Role::Agent), &json!({})).await);
    scene.ask_as(None, Method::GET, &link, &[("range", "bytes=-5")]).await;
    let views = scene.views(linked).await;
    assert_eq!((views.len(), &views[0]["who"]), (1, &json!("link")));

    let chosen = json!({"ids": [archived.media]});
    let chosen = scene.house.post("/api/media/archive", scene.company.key(Role::Viewer), &chosen).await;
    let archive = path_of_url(&chosen);
    let size = scene.ask_as(None, Method::HEAD, &archive, &[]).await.header("content-length").to_owned();
    let size: usize = size.parse().unwrap();
    let part = async |first: usize, last: usize| {
        let range = format!("bytes={first}-{last}");
        let answer = scene.ask_as(None, Method::GET, &archive, &[("range", &range)]).await;
        assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT);
    };
    // The list and the names, with nothing of the file.
    part(0, 100).await;
    part(size - 100, size - 1).await;
    assert_eq!(scene.views(archived).await.len(), 0);
    for place in 0..10 {
        part(size / 2 + 10 * place, size / 2 + 10 * place + 9).await;
    }
    assert_eq!(scene.views(archived).await.len(), 1);
}

#[tokio::test]
async fn company_that_does_not_ask_for_it_has_no_views_in_its_log() {
    let house = House::open().await;
    let company = house.company("acme").await;
    let scene = Scene { house, company };
    let made = scene.stored("wamid.1").await;
    scene.ask(Method::GET, &path_of(made), &[]).await;
    assert_eq!(scene.views(made).await.len(), 0);
}
