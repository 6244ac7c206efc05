//! Recordings: how long they last, how loud they are over time, and the same sound in forms that browsers play and WhatsApp takes.
//!
//! - `ogg`, `ogg_opus`, `opus` read voice notes as WhatsApp has them, packet by packet; `amr` what old telephones record;
//!   `media` everything else.
//! - `sound` is what all of them are in the end: samples. `waveform` measures it, `voice_note` and `playable` make files of it.
//! - `codec` says what is asked of the crates that decode and encode; `*_codec` are those crates, and `libraries` chooses them.

mod amr;
#[cfg(feature = "amr")]
mod amr_codec;
mod codec;
mod libraries;
#[cfg(feature = "symphonia")]
mod media;
mod ogg;
mod ogg_opus;
mod ogg_writer;
mod opus;
mod opus_mp4;
mod playable;
mod recording;
#[cfg(feature = "opus")]
mod resample;
#[cfg(feature = "opus")]
mod ropus_codec;
mod sound;
mod voice_note;
mod waveform;

pub use playable::{MIME_TYPE as PLAYABLE_MIME_TYPE, Playable};
pub use recording::{Input, MAX_SOUND_SECONDS, facts, playable, voice_note, waveform};
pub use voice_note::{MAX_NOTE_BYTES, MAX_NOTE_SECONDS};
pub use waveform::{BARS, VERSION as WAVEFORM_VERSION, Waveform};
