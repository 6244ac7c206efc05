//! The client against a server on this machine that answers well, badly, slowly, endlessly or not at all.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod bytes;
mod dialog360;
mod graph;
mod sending;

use std::time::Duration;

use mediary_graph::{GraphClient, GraphOptions};
use mediary_testing::whatsapp::graph_options;
use mediary_testing::wire::{Server, Wire, answer};

const TOKEN: &str = "EAAG-token";

/// Long enough that no test ends by it unless silence is what it tests.
const PATIENCE: Duration = Duration::from_secs(20);
const IMPATIENCE: Duration = Duration::from_millis(100);

fn options(server: &Server, silence_timeout: Duration) -> GraphOptions {
    let connect_timeout = PATIENCE.min(silence_timeout);
    GraphOptions { connect_timeout, silence_timeout, ..graph_options(&server.url("/")) }
}

fn client(server: &Server) -> GraphClient {
    GraphClient::new(options(server, PATIENCE)).unwrap()
}

fn impatient_client(server: &Server) -> GraphClient {
    GraphClient::new(options(server, IMPATIENCE)).unwrap()
}

/// Graph's error envelope.
fn refusal(status: u16, error: &str) -> Vec<Wire> {
    answer(status, "content-type: application/json", &format!(r#"{{"error":{error}}}"#))
}
