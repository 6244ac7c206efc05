//! Landlock: every right that it knows is asked for. A worker is granted none; an external program may read its libraries and its
//! file, and start itself.

use std::fs;
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

/// The newest interface that the library knows. An older kernel guards what it can.
const NEWEST: ABI = ABI::V10;

/// Where the loader of programs finds libraries, and its list of them.
const LIBRARIES: &[&str] = &["/usr", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache"];

/// The loader of programs, by the C library and the architecture. The kernel starts it for each program that has libraries.
const LOADERS: &[&str] = &[
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
];

/// The version of the interface that holds.
pub(super) fn apply() -> Result<u32, String> {
    restrict(Ok)
}

/// The same for an external program, which opens its file again by the name of its descriptor.
pub(super) fn apply_for_tool(program: &Path, input: BorrowedFd<'_>) -> Result<u32, String> {
    let to_read = AccessFs::ReadFile | AccessFs::ReadDir;
    restrict(|mut rules| {
        // What is not there needs no rule.
        for folder in LIBRARIES.iter().filter_map(|path| PathFd::new(path).ok()) {
            rules = rules.add_rule(PathBeneath::new(folder, to_read))?;
        }
        for file in LOADERS.iter().map(Path::new).chain([program]).filter_map(|path| PathFd::new(path).ok()) {
            rules = rules.add_rule(PathBeneath::new(file, AccessFs::ReadFile | AccessFs::Execute))?;
        }
        if !is_memory(input) {
            rules = rules.add_rule(PathBeneath::new(input, AccessFs::ReadFile))?;
        }
        Ok(rules)
    })
}

/// Whether a file is memory that was made without a path. For such a file Landlock takes no rule, and refuses nothing.
fn is_memory(file: BorrowedFd<'_>) -> bool {
    let link = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()));
    link.is_ok_and(|target| target.as_os_str().as_bytes().starts_with(b"/memfd:"))
}

fn restrict(
    grant: impl FnOnce(RulesetCreated) -> Result<RulesetCreated, RulesetError>,
) -> Result<u32, String> {
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(NEWEST)))
        .and_then(|rules| rules.scope(Scope::from_all(NEWEST)))
        .and_then(Ruleset::create)
        .and_then(grant)
        .and_then(|rules| rules.restrict_self())
        .map_err(|error| format!("Landlock failed: {error}"))?;
    match (status.ruleset, status.landlock) {
        (
            RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced,
            LandlockStatus::Available { effective_abi, .. },
        ) => Ok(effective_abi as u32),
        (_, LandlockStatus::NotEnabled) => Err("Landlock is not enabled in this kernel".to_owned()),
        _ => Err("this kernel has no Landlock".to_owned()),
    }
}
