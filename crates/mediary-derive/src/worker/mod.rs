//! The program that reads files: started again for it, locked up, one job after the other.
//!
//! It has one thread and no runtime. Which decoder reads what is given to it, so that this room knows none.

mod tool;

use std::any::Any;
use std::fs::File;
use std::io::{self, Seek as _, SeekFrom};
use std::os::fd::{AsFd as _, OwnedFd};
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::Mutex;

use crate::jail::{self, Level};
use crate::protocol::answer::{self, Failure};
use crate::protocol::{Answer, Request, VERSION, socket};
use crate::recipe::Recipe;
use crate::{Derived, Error, ErrorKind, Result};

/// How far below other processes a worker stands: where both want the processor, it gets about a tenth of what they get.
const LOW_PRIORITY: i32 = 10;

/// A job as the worker has it.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) number: u64,
    pub(crate) recipe: Recipe,
    /// To be read, from its start.
    pub(crate) input: File,
    /// Memory for the products, of `output_bytes`.
    pub(crate) output: File,
    pub(crate) output_bytes: u64,
}

/// The worker's program. Standard input is the socket of the program that started it; until that is gone, `recipes` is called for each
/// job. Call it first in `main`: it locks up a process that has one thread.
///
/// A file has to be measured by seeking to its end: `File::metadata` fails in here.
pub fn main(recipes: impl Fn(&Recipe, File) -> Result<Derived>) -> ExitCode {
    match start().and_then(|()| work(recipes)) {
        Ok(()) => ExitCode::SUCCESS,
        // Standard error leads nowhere, and the program sees that the worker is gone.
        Err(_) => ExitCode::FAILURE,
    }
}

/// Locks the process up as the first message says. One that is to become an external program does not return from here.
pub(crate) fn start() -> io::Result<()> {
    let socket = io::stdin();
    let closed = jail::close_inherited_descriptors();
    let Some((request, descriptors)) = socket::receive_with::<Request>(socket.as_fd())? else {
        return Err(unexpected());
    };
    // Downloads, webhooks and people come first.
    rustix::process::nice(LOW_PRIORITY)?;
    let locked = match request {
        Request::Start { version: VERSION, requirement, limits } => {
            closed.and_then(|()| jail::lock(requirement, &limits))
        }
        Request::Tool { version: VERSION, requirement, limits, program, arguments } => {
            let [input, output] = two(descriptors)?;
            let locked =
                closed.and_then(|()| jail::lock_for_tool(requirement, &limits, &program, input.as_fd()));
            say_if_locked(locked)?;
            return Err(tool::become_program(&program, &arguments, input, output));
        }
        _ => return Err(unexpected()),
    };
    say_if_locked(locked)
}

fn say_if_locked(locked: Result<Level, String>) -> io::Result<()> {
    let socket = io::stdin();
    match locked {
        Ok(level) => socket::write(socket.as_fd(), &Answer::Ready { version: VERSION, level }),
        Err(sentence) => {
            socket::write(socket.as_fd(), &Answer::Refused { sentence })?;
            Err(unexpected())
        }
    }
}

/// The file, and the memory for what is made of it.
fn two(descriptors: Vec<OwnedFd>) -> io::Result<[OwnedFd; 2]> {
    <[_; 2]>::try_from(descriptors).map_err(|_| unexpected())
}

/// The next job; none when the program has no more.
pub(crate) fn next() -> io::Result<Option<Order>> {
    match socket::receive_with(io::stdin().as_fd())? {
        None => Ok(None),
        Some((Request::Job { number, recipe, output_bytes }, descriptors)) => {
            let [input, output] = two(descriptors)?.map(File::from);
            // Its position is shared with the program, and is where the last reader left it.
            (&input).seek(SeekFrom::Start(0))?;
            Ok(Some(Order { number, recipe, input, output, output_bytes }))
        }
        Some(_) => Err(unexpected()),
    }
}

fn work(recipes: impl Fn(&Recipe, File) -> Result<Derived>) -> io::Result<()> {
    remember_where_it_panics();
    while let Some(Order { number, recipe, input, output, output_bytes }) = next()? {
        let derived = panic::catch_unwind(AssertUnwindSafe(|| recipes(&recipe, input)));
        let made = derived
            .unwrap_or_else(|panicked| Err(of_panic(panicked)))
            .and_then(|derived| answer::write(derived, &output, output_bytes));
        let said = match made {
            Ok(made) => Answer::Made { number, made },
            Err(error) => Answer::Failed { number, failure: Failure::of(&error) },
        };
        socket::write(io::stdin().as_fd(), &said)?;
    }
    Ok(())
}

/// Where the last panic was: the payload has its words only.
static PANICKED_AT: Mutex<String> = Mutex::new(String::new());

fn remember_where_it_panics() {
    panic::set_hook(Box::new(|panic| {
        if let (Some(location), Ok(mut at)) = (panic.location(), PANICKED_AT.try_lock()) {
            *at = location.to_string();
        }
    }));
}

/// The words of a panic may repeat what is in the file, so only its place is reported.
fn of_panic(payload: Box<dyn Any + Send>) -> Error {
    // Dropping a payload may panic again.
    std::mem::forget(payload);
    let at = PANICKED_AT.lock().map(|at| at.clone()).unwrap_or_default();
    Error::new(ErrorKind::Worker, format!("the decoder failed at {at}"))
}

fn unexpected() -> io::Error {
    io::Error::from(io::ErrorKind::InvalidData)
}
