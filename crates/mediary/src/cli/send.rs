//! What `mediary send` is told.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use mediary_core::FileType;

use super::{OfCompany, OutputArgs};

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("content").args(["file", "text"]).required(true).multiple(true)))]
pub(crate) struct SendArgs {
    #[command(flatten)]
    pub(crate) of: OfCompany,
    /// The phone number id of the account that sends it.
    #[arg(long, value_name = "PHONE_NUMBER_ID")]
    pub(crate) account: String,
    /// Whom it is for: a phone number with its country, or the id of a group or of a person.
    #[arg(long)]
    pub(crate) to: String,
    /// The file to be sent. Given more than once, at most ten times, each file is a message, in this order.
    #[arg(long)]
    pub(crate) file: Vec<PathBuf>,
    /// The text, or the caption of the first file.
    #[arg(long)]
    pub(crate) text: Option<String>,
    /// As what the files are sent: image, video, audio, document or sticker; without it, as what it is.
    #[arg(long, requires = "file")]
    pub(crate) r#type: Option<FileType>,
    /// Make files that WhatsApp would refuse into ones that it takes. Say as what with --type.
    #[arg(long, requires = "type")]
    pub(crate) convert: bool,
    /// Send recordings as voice notes; with --convert, of any format. Needs --type audio.
    #[arg(long, requires = "type")]
    pub(crate) voice: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
