//! What a worker and the program that started it say to one another.
//!
//! They share a Unix socket that keeps messages apart (`SOCK_SEQPACKET`), so a message is whole or too long, never a part of one. The
//! program says first how the worker is to lock itself up, then one job after another; the worker answers each. A job brings two
//! descriptors: the file, to be read, and memory of a fixed size that the products are written to. Nothing else goes over the
//! socket, and no bytes of a file do.
//!
//! Once it has read a file, a worker may be an attacker. So what it says is believed as far as [`answer`] can check it, and descriptors
//! that it sends are closed by the kernel.

pub(crate) mod answer;
pub(crate) mod socket;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::jail::{Level, Limits, Requirement};
use crate::recipe::Recipe;
use answer::{Failure, Made};

/// Of the messages. A program starts itself as its worker, so a mixture means that it was replaced while it ran.
pub(crate) const VERSION: u32 = 1;

/// A message of the program.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Request {
    Start {
        version: u32,
        requirement: Requirement,
        limits: Limits,
    },
    /// The worker is to become an external program, which has the file as its standard input and the memory as its output. Its errors
    /// go over the socket, which tells by its end that the program has ended.
    Tool {
        version: u32,
        requirement: Requirement,
        limits: Limits,
        program: PathBuf,
        arguments: Vec<String>,
    },
    Job {
        number: u64,
        recipe: Recipe,
        output_bytes: u64,
    },
}

/// A message of the worker.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Answer {
    /// Locked up, and no job was read yet.
    Ready {
        version: u32,
        level: Level,
    },
    /// It could not be locked up as required.
    Refused {
        sentence: String,
    },
    Made {
        number: u64,
        made: Made,
    },
    Failed {
        number: u64,
        failure: Failure,
    },
}
