//! Batches of spans as OTLP over HTTP, and the answers of the collector.

use anyhow::Context as _;
use bytes::Bytes;
use opentelemetry::KeyValue;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;
use prost::Message as _;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use url::Url;

use super::shape::shaped;
use crate::config::Collector;

/// Bytes that are read of an answer.
const ANSWER_BYTES: usize = 64 * 1024;

/// The way to the collector.
#[derive(Debug)]
pub(super) struct Sender {
    client: Client,
    url: Url,
    headers: HeaderMap,
    resource: ResourceAttributesWithSchema,
}

/// Why a batch was not taken, without a word of the address's path.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) why: String,
    pub(super) may_pass: bool,
}

impl Sender {
    pub(super) fn new(collector: &Collector) -> anyhow::Result<Self> {
        let client = Client::builder()
            .timeout(collector.timeout)
            .redirect(Policy::none())
            .user_agent(concat!("Mediary/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("the export of spans cannot be started")?;
        let attributes =
            collector.resource.iter().map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
        let resource = Resource::builder_empty().with_attributes(attributes).build();
        Ok(Self {
            client,
            url: collector.url.clone(),
            headers: collector.headers.clone(),
            resource: (&resource).into(),
        })
    }

    /// Scheme, host and port: a path may hold a token.
    pub(super) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    pub(super) fn encoded(&self, batch: Vec<SpanData>) -> Bytes {
        let batch = batch.into_iter().map(shaped).collect();
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        ExportTraceServiceRequest { resource_spans }.encode_to_vec().into()
    }

    pub(super) async fn send(&self, body: Bytes) -> Result<(), Refusal> {
        let request = self.client.post(self.url.clone()).headers(self.headers.clone());
        let response = request.header(CONTENT_TYPE, "application/x-protobuf").body(body).send().await;
        let response = response.map_err(unreachable)?;
        let status = response.status();
        if !status.is_success() {
            let may_pass = [
                StatusCode::TOO_MANY_REQUESTS,
                StatusCode::BAD_GATEWAY,
                StatusCode::SERVICE_UNAVAILABLE,
                StatusCode::GATEWAY_TIMEOUT,
            ];
            return Err(Refusal {
                why: format!("it answers {status}"),
                may_pass: may_pass.contains(&status),
            });
        }
        let answer = read(response).await.map_err(unreachable)?;
        // An answer that cannot be understood came with a good status.
        let partial = ExportTraceServiceResponse::decode(answer.as_slice()).ok();
        match partial.and_then(|answer| answer.partial_success).map_or(0, |partial| partial.rejected_spans) {
            0 => Ok(()),
            rejected => {
                Err(Refusal { why: format!("it rejects {rejected} spans of a batch"), may_pass: false })
            }
        }
    }
}

async fn read(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if answer.len() + chunk.len() > ANSWER_BYTES {
            return Ok(Vec::new());
        }
        answer.extend_from_slice(&chunk);
    }
    Ok(answer)
}

fn unreachable(error: reqwest::Error) -> Refusal {
    let why = if error.is_timeout() {
        "it does not answer in time".to_owned()
    } else {
        let error = error.without_url();
        let mut inmost: &dyn std::error::Error = &error;
        while let Some(cause) = inmost.source() {
            inmost = cause;
        }
        inmost.to_string()
    };
    Refusal { why, may_pass: true }
}
