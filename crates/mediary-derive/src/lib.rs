//! What people see and hear of a file: how long it lasts, how loud it is over time, and the same content in a form that plays everywhere.
//!
//! - [`audio`], [`document`], `image` and [`video`] read one kind of file each and make something of it. They know bytes and nothing
//!   else: no records, no storage, no company.
//! - [`virtual_file`] describes a file whose bytes are parts of another one, so that it can be served without being stored.
//! - [`served`] says what is made of a file while it is served, and within which limits.
//! - [`make()`] makes of a file what a [`Recipe`] says.
//! - `ffmpeg` makes what these cannot, where it is installed.
//! - `jail` locks a process up, `worker` is the program that runs in it, `pool` starts workers and hands them jobs.

pub mod audio;
mod derived;
pub mod document;
mod error;
#[cfg(feature = "sandbox")]
pub mod escape;
#[cfg(feature = "sandbox")]
pub mod ffmpeg;
#[cfg(feature = "pictures")]
pub mod image;
#[cfg(feature = "sandbox")]
pub mod jail;
#[cfg_attr(not(feature = "sandbox"), expect(dead_code, reason = "only a worker says so much"))]
mod limits;
mod make;
#[cfg(feature = "sandbox")]
pub mod pool;
#[cfg(feature = "sandbox")]
mod protocol;
mod recipe;
pub mod served;
#[cfg(any(feature = "pictures", feature = "sandbox"))]
mod size;
pub mod video;
pub mod virtual_file;
#[cfg(feature = "sandbox")]
pub mod worker;
#[cfg(feature = "sandbox")]
mod workers;

pub use derived::{Derived, Facts, Product};
pub use error::{Error, ErrorKind, Result};
pub use make::make;
pub use recipe::{Needs, Recipe, VERSION as RECIPES_VERSION};
pub use virtual_file::VirtualFile;
#[cfg(feature = "sandbox")]
pub use workers::Workers;
