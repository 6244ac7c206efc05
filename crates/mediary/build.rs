//! Packs the addresses that are set when the program starts (RELR). Unpacked, their table alone takes megabytes, which every start
//! reads through, and which stay in memory.

#[expect(clippy::disallowed_methods, reason = "the environment is how a build script learns of its target")]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|env| env == "gnu") {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
