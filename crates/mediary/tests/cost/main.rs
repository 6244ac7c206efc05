//! Cost in proportion: four times a stranger's input is at most six times the work, in each dimension in which it can grow.
//!
//! Work is counted in instructions, by valgrind, so a busy machine changes nothing. This program runs itself below
//! callgrind, which counts only what happens within [`only_this_is_counted`] and writes a total whenever that returns.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod entrances;
mod files;
mod house;
mod imports;
mod requests;
mod webhooks;

use std::cell::LazyCell;
use std::path::Path;
use std::process::{Command, ExitCode};

use entrances::{Entrance, Way};
use house::House;

/// How much more work four times the input may be.
const MORE_WORK: u64 = 6;
/// Where an entrance does less than this with its input, the rest is chance.
const NOISE: u64 = 300_000;
/// What the body of a webhook may cost before its signature is known to be right, in times of what hashing it costs. Of a
/// test build, whose own code takes some twenty times as many instructions as a release, while hashing takes the same.
const HASHES_MOST: u64 = 60;
/// What any other request of anybody may cost.
const UNSIGNED_MOST: u64 = 17_000_000;
/// How often each size is counted. The least of them counts: in the middle of some request caches take out what has expired since the
/// last time, which is the work of many requests.
const COUNTS: usize = 3;
const SHARE: &str = "MEDIARY_COST_SHARE";

fn main() -> ExitCode {
    let filters: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |entrance: &Entrance| {
        filters.is_empty() || filters.iter().any(|filter| entrance.name.contains(filter.as_str()))
    };
    let shares = entrances::all().map(|mut share| {
        share.retain(wanted);
        share
    });
    if let Some(share) = variable(SHARE) {
        work(&shares[share.parse::<usize>().unwrap()]);
        return ExitCode::SUCCESS;
    }
    println!(
        "{:<60} {:>7} {:>12} {:>13} {:>6}",
        "entrance", "size", "instructions", "of four times", "ratio"
    );
    let totals: Vec<Vec<u64>> = std::thread::scope(|scope| {
        let counting: Vec<_> = (0..shares.len()).map(|share| scope.spawn(move || count(share))).collect();
        counting.into_iter().map(|counting| counting.join().unwrap()).collect()
    });
    let mut too_dear = 0;
    for (share, totals) in shares.iter().zip(&totals) {
        let mut totals = &totals[..];
        for entrance in share {
            let (sizes, others) = totals.split_at(3 * COUNTS);
            let (hash, others) = others.split_at(usize::from(entrance.body().is_some()));
            let least = sizes.chunks(COUNTS).filter_map(|counts| counts.iter().min());
            let own: Vec<u64> = least.chain(hash).copied().collect();
            too_dear += usize::from(!is_in_proportion(entrance, &own));
            totals = others;
        }
        assert!(totals.is_empty(), "each total is of an entrance");
    }
    if too_dear == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether four times the input costs no more than it may. `totals` are those of next to nothing, of the input, of four
/// times as much, and for a body of hashing it.
fn is_in_proportion(entrance: &Entrance, totals: &[u64]) -> bool {
    let (one, four) = (totals[1].saturating_sub(totals[0]), totals[2].saturating_sub(totals[0]));
    let times = |more: u64, less: u64| more as f64 / less.max(1) as f64;
    print!("{:<56} {:>6} {one:>11} {four:>12} {:>6.2}", entrance.name, entrance.size, times(four, one));
    let within_ceiling = match entrance.way {
        Way::Known(_) => true,
        Way::Anybody(_) => {
            print!(" {:>11} in all", totals[2]);
            totals[2] <= UNSIGNED_MOST
        }
        Way::UnsignedBody(_) | Way::WronglySignedBody(_) => {
            print!(" {:>6.1} times its hash", times(four, totals[3]));
            four <= HASHES_MOST * totals[3]
        }
    };
    println!();
    let in_proportion = four <= MORE_WORK * one.max(NOISE);
    if !in_proportion {
        println!("  ^ four times as much may cost {MORE_WORK} times as much");
    }
    if !within_ceiling {
        println!("  ^ {} instructions in all: more than may be spent on anybody", totals[2]);
    }
    in_proportion && within_ceiling
}

/// Runs one share of the entrances below callgrind. A total for each time that something was counted.
fn count(share: usize) -> Vec<u64> {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--combine-dumps=yes", "--dump-line=no"])
        .args(["toggle-collect", "dump-after"].map(|option| format!("--{option}={COUNTED}")))
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe().unwrap())
        .args(std::env::args().skip(1))
        .env(SHARE, share.to_string())
        .output()
        .expect("valgrind is needed: run `xtask/install.sh test`");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    totals(&out)
}

fn totals(out: &Path) -> Vec<u64> {
    let written = std::fs::read_to_string(out).unwrap();
    let totals = written.lines().filter_map(|line| line.strip_prefix("totals: "));
    let mut totals: Vec<u64> = totals.map(|total| total.trim().parse().unwrap()).collect();
    // The last one is of what came after everything that is counted.
    assert_eq!(totals.pop(), Some(0));
    totals
}

/// What this program does below callgrind.
fn work(share: &[Entrance]) {
    let house: LazyCell<House> = LazyCell::new(House::open);
    for entrance in share {
        // What is made once is made the first time.
        entrance.prepare(&house, 0)();
        for size in [0, entrance.size, 4 * entrance.size] {
            for _ in 0..COUNTS {
                only_this_is_counted(&mut *entrance.prepare(&house, size));
            }
        }
        if let Some(body) = entrance.body() {
            let body = body(4 * entrance.size);
            only_this_is_counted(&mut || webhooks::hash(&body));
        }
    }
}

/// As callgrind calls it.
const COUNTED: &str = "cost::only_this_is_counted";

#[inline(never)]
fn only_this_is_counted(enter: &mut dyn FnMut()) {
    enter();
}

#[expect(clippy::disallowed_methods, reason = "the program says by it what its other self shall do")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
