//! An OpenTelemetry collector: takes spans over HTTP and keeps them, refuses them, or never answers.

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Ends with the test's runtime.
pub(crate) struct Collector {
    url: String,
    taken: Arc<Mutex<CollectedRequests>>,
    /// The status of its answers; it gives none where this is [`SILENCE`].
    status: Arc<AtomicU16>,
}

const SILENCE: u16 = 0;

/// What came.
#[derive(Clone, Default)]
pub(crate) struct CollectedRequests {
    /// Heads of requests, in lower case.
    pub(crate) heads: Vec<String>,
    pub(crate) bodies: Vec<Vec<u8>>,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        Self::answering(200).await
    }

    /// One that reads and says nothing.
    pub(crate) async fn hanging() -> Self {
        Self::answering(SILENCE).await
    }

    pub(crate) async fn answering(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let taken = Arc::<Mutex<CollectedRequests>>::default();
        let status = Arc::new(AtomicU16::new(status));
        let (taking, answers) = (taken.clone(), status.clone());
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(take(socket, taking.clone(), answers.clone()));
            }
        });
        Self { url, taken, status }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// From the next batch on.
    pub(crate) fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    pub(crate) fn taken(&self) -> CollectedRequests {
        self.taken.lock().unwrap().clone()
    }
}

impl CollectedRequests {
    fn requests(&self) -> Vec<ExportTraceServiceRequest> {
        let decoded = self.bodies.iter().map(|body| ExportTraceServiceRequest::decode(body.as_slice()));
        decoded.map(Result::unwrap).collect()
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        let resources = self.requests().into_iter().flat_map(|request| request.resource_spans);
        resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
    }

    /// What the spans are said to come from, by name.
    pub(crate) fn resource(&self, name: &str) -> Option<Value> {
        let resources = self.requests().into_iter().flat_map(|request| request.resource_spans);
        let attributes =
            resources.filter_map(|resource| resource.resource).flat_map(|found| found.attributes);
        value_of(&attributes.collect::<Vec<_>>(), name)
    }
}

pub(crate) fn value_of(attributes: &[KeyValue], name: &str) -> Option<Value> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.clone()?.value? {
        Any::StringValue(text) => Some(text.into()),
        Any::IntValue(number) => Some(number.into()),
        Any::DoubleValue(number) => Some(number.into()),
        Any::BoolValue(flag) => Some(flag.into()),
        other => panic!("{name} is {other:?}"),
    }
}

async fn take(mut socket: TcpStream, taken: Arc<Mutex<CollectedRequests>>, answers: Arc<AtomicU16>) {
    let mut buffer = Vec::new();
    loop {
        let head_end = memchr::memmem::find(&buffer, b"\r\n\r\n").map(|at| at + 4);
        let head = head_end.map(|end| String::from_utf8_lossy(&buffer[..end]).to_lowercase());
        let length = head.iter().flat_map(|head| head.lines());
        let length = length.filter_map(|line| line.strip_prefix("content-length: ")).next();
        let whole = head_end.zip(length.map(|length| length.parse::<usize>().unwrap()));
        match whole {
            Some((end, length)) if buffer.len() >= end + length => {
                let body = buffer[end..end + length].to_vec();
                buffer.drain(..end + length);
                let mut taken = taken.lock().unwrap();
                taken.heads.extend(head);
                taken.bodies.push(body);
            }
            _ if socket.read_buf(&mut buffer).await.unwrap_or(0) == 0 => return,
            _ => continue,
        }
        let status = answers.load(Ordering::SeqCst);
        let answer = format!("HTTP/1.1 {status} Answer\r\ncontent-length: 0\r\n\r\n");
        if status != SILENCE && socket.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}
