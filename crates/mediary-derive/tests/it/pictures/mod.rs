//! The corpus of pictures: each file with what comes of it. `../corpus/pictures/README.md` says how the files were made.

mod bombs;
mod colors;
mod conversions;
mod corpus;
mod damage;
pub(crate) mod files;
mod oracles;
mod shapes;
mod ssim;
