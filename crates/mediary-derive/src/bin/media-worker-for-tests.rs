//! A worker for tests: its decoder does what the file says, one word of it.
//!
//! With `recipes` it is a worker as the program has it, with `escape NAME` the attacker of the escape test; further words make it run as on a
//! kernel that lacks something.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::process::ExitCode;
use std::time::Duration;

use mediary_core::{CompanyId, VariantKind};
use mediary_derive::pool::{Input, Job, Pool, Settings};
use mediary_derive::{Derived, Error, Facts, Needs, Product, Recipe, Result, escape, worker};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["escape", attempt] => escape::main(attempt),
        ["escape-as-tool", attempt] => escape::tool_main(attempt),
        ["escape-without-landlock", attempt] => {
            take_away(libc::SYS_landlock_create_ruleset);
            escape::main(attempt)
        }
        ["escape-without-seccomp", attempt] => {
            take_away(libc::SYS_seccomp);
            escape::main(attempt)
        }
        ["program"] => keep_a_worker_busy(),
        ["recipes"] => worker::main(mediary_derive::make),
        ["large"] => {
            let _taken_in_advance = Vec::<u8>::with_capacity(512 * 1024 * 1024);
            worker::main(derive)
        }
        ["without-landlock"] => {
            take_away(libc::SYS_landlock_create_ruleset);
            worker::main(derive)
        }
        _ => worker::main(derive),
    }
}

fn derive(_: &Recipe, mut input: File) -> Result<Derived> {
    let mut text = String::new();
    input.read_to_string(&mut text).map_err(|error| Error::broken(error.to_string()))?;
    let (word, rest) = text.split_once(' ').unwrap_or((&text, ""));
    match word {
        "empty" => Ok(Derived::default()),
        // The process that made it tells itself from others by its number.
        "pid" => Ok(pages(std::process::id())),
        "environment" => Ok(pages(u32::try_from(std::env::vars_os().count()).unwrap())),
        "copy" => Ok(Derived {
            facts: Facts { width: Some(4), height: Some(3), ..Facts::default() },
            products: vec![product(VariantKind::Thumb, rest), product(VariantKind::Preview, text.trim())],
            missing: None,
        }),
        "broken" => Err(Error::broken(rest)),
        "panic" => panic!("{rest}"),
        "abort" => std::process::abort(),
        "exit" => std::process::exit(7),
        "hang" => loop {
            std::hint::spin_loop();
        },
        _ => Err(Error::unsupported(format!("no decoder reads {word}"))),
    }
}

fn pages(number: u32) -> Derived {
    Derived { facts: Facts { pages: Some(number), ..Facts::default() }, products: Vec::new(), missing: None }
}

fn product(kind: VariantKind, bytes: &str) -> Product {
    Product {
        kind,
        mime_type: "image/webp",
        width: Some(2),
        height: Some(1),
        duration_ms: None,
        bytes: bytes.as_bytes().to_vec(),
    }
}

/// Not a worker but the program of one, which never ends by itself.
fn keep_a_worker_busy() -> ExitCode {
    let busy = async {
        let pool = Pool::new(Settings::new(std::env::current_exe().unwrap(), Vec::new()))?;
        let input = Input::from_stream(&b"hang"[..], 100).await?;
        let hour = Duration::from_secs(3600);
        let needs = Needs { cpu: hour, time: hour, ..Recipe::Audio.needs(0) };
        pool.run(Job { company: CompanyId(1), recipe: Recipe::Audio, input, needs }).await
    };
    let result = tokio::runtime::Runtime::new().unwrap().block_on(busy);
    if result.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// As if the kernel did not know this system call.
fn take_away(call: libc::c_long) {
    let rules = BTreeMap::from([(call, Vec::new())]);
    let missing = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
    let here = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, missing, here).unwrap();
    seccompiler::apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
}
