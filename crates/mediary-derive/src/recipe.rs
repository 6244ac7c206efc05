//! What a worker can be asked to make, and what making it may take.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The version of all recipes together. What an older one made can be made again (`mediary derive --missing`).
pub const VERSION: u32 = 1;
/// That of a video where ffmpeg is there, so that those are found which were read without it.
const VERSION_WITH_FFMPEG: u32 = 2;

/// What to make of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
pub enum Recipe {
    /// Of a picture: its size, a blurred picture, `thumb` and `preview`.
    Picture,
    /// Of a recording: its duration and peaks, and `playable` where browsers may lack its format.
    Audio,
    /// The same of a recording in Ogg, which is only decoded: browsers play its packets in another container.
    OggAudio,
    /// Of a video: its size and its duration; where ffmpeg is there, also what `Poster` makes of a frame.
    Video,
    /// Of a video that browsers cannot play: `playable`, as H.264 and AAC in MP4. It takes ffmpeg, and minutes.
    Conversion,
    /// Of a frame of a video: `thumb` and `poster`, and a blurred picture.
    Poster,
    /// Of a document: the number of its pages, and the first one.
    Document,
    /// Of what ffmpeg has made of a video that browsers cannot play: the same as `playable`, with its index in front.
    Converted,
    /// Of a video that WhatsApp takes as it is: nothing. Another one is refused, with its codecs.
    AcceptedVideo,
    /// A video as H.264 and AAC in MP4, to be sent. It takes ffmpeg.
    VideoMessage { max_bytes: u64 },
    /// A recording in the form of a voice note: Ogg/Opus in mono.
    VoiceNote,
    /// A picture as JPEG, to be sent.
    Photo { max_bytes: u64 },
    /// A picture as WebP of 512 × 512 pixels, to be sent.
    Sticker { max_bytes: u64 },
}

/// What a job may take. A worker that takes more is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Memory beyond the program itself.
    pub memory_bytes: u64,
    /// All products together. They lie in memory, too.
    pub output_bytes: u64,
    /// Time on a processor, in whole seconds.
    pub cpu: Duration,
    /// Time by the clock: longer than `cpu`, as other programs want the processor, too.
    pub time: Duration,
    /// The worker makes nothing else before or afterwards: its decoder is written in C, is known to fall over, or
    /// may take long.
    pub alone: bool,
}

impl Needs {
    /// Whether others should not have to wait for it.
    pub fn are_long(&self) -> bool {
        self.cpu > Duration::from_secs(SHORT_CPU_SECONDS)
    }
}

const MIB: u64 = 1024 * 1024;

/// What the largest short job may take, with its products: a photo.
#[cfg(feature = "sandbox")]
pub(crate) const SHORT_MEMORY_BYTES: u64 = 512 * MIB;

/// A converted video is no larger.
pub(crate) const MAX_CONVERTED_BYTES: u64 = 64 * MIB;

/// Time on a processor of a job that others can wait for.
const SHORT_CPU_SECONDS: u64 = 20;
/// And for any recording: an hour, the longest that is encoded, takes 80 of them, on a slow machine twice that.
const MAX_RECORDING_CPU_SECONDS: u64 = 180;
/// How much of a recording is read in a second on a processor, at least. The smallest that people have is AMR at 4.75 kbit/s: a
/// minute of it has 39 KB, half of that where half of it is silence, and takes 1.3 seconds to decode and to encode, on a slow
/// machine twice that.
const RECORDING_BYTES_PER_CPU_SECOND: u64 = 7_000;
/// And of one in Ogg. A minute of a voice note has 120 KB, and takes 0.07 seconds to decode; so one of twelve minutes is no long job,
/// and does not wait for conversions.
const OGG_BYTES_PER_CPU_SECOND: u64 = 70_000;

impl Recipe {
    /// The version of a result, and the one that it should have by now.
    pub fn version(self, with_ffmpeg: bool) -> u32 {
        if matches!(self, Self::Video | Self::Conversion) && with_ffmpeg {
            VERSION_WITH_FFMPEG
        } else {
            VERSION
        }
    }

    /// What the job may take for a file of `input_bytes`: more than the largest ordinary file does, so that a hostile one is ended.
    ///
    /// Measured in locked-up workers (`tests/it/cost.rs`, a debug build with optimised decoders), on files full of noise, which are the
    /// hardest of their size. MB beyond the program, and seconds of a processor:
    ///
    /// | file | memory | processor |
    /// | --- | --- | --- |
    /// | JPEG of 12 megapixels: in one pass, progressive | 23, 49 MB | 0.4, 0.5 s |
    /// | JPEG of 200 megapixels in one pass; progressive of 48 | 55, 165 MB | 1.0, 1.0 s |
    /// | HEIC of 12 megapixels in 48 tiles (soft), 24, 32 | 52, 198, 246 MB | 0.7, 3.9, 5.0 s |
    /// | PNG and WebP of 12 megapixels | 78, 64 MB | 0.8, 1.4 s |
    /// | GIF of 40 frames of a megapixel | 75 MB | 4.3 s |
    /// | PDF of 100 scanned pages (40 MB); of one page, a photo of 12 megapixels | 53, 42 MB | 1.1, 2.4 s |
    pub fn needs(self, input_bytes: u64) -> Needs {
        let needs = |memory_mib: u64, output_mib: u64, cpu_seconds: u64, alone| Needs {
            memory_bytes: memory_mib * MIB,
            output_bytes: output_mib * MIB,
            cpu: Duration::from_secs(cpu_seconds),
            time: Duration::from_secs(cpu_seconds * 3),
            alone,
        };
        match self {
            // A HEIC photo of 48 megapixels, and what pictures are held to by their headers (`image::limits`). An allocator takes
            // tens of megabytes more, as it looks for room at even addresses. Two of them are within what all workers may take.
            Self::Picture => needs(508, 4, 20, true),
            Self::Document => needs(384, 4, 10, true),
            // The same, so that one worker reads the video and then its frame.
            Self::Video | Self::AcceptedVideo | Self::Poster => needs(192, 4, 10, false),
            Self::Audio | Self::VoiceNote | Self::OggAudio => {
                let seconds = self.recording_cpu_seconds(input_bytes);
                // Alone, so that the kernel counts this job, and not 64 of its length.
                needs(192, 32, seconds, seconds > SHORT_CPU_SECONDS)
            }
            // Files that are read whole, once, and written with their index elsewhere.
            // Reading the index of what is to be converted is this little, too: how long the rest takes is said when ffmpeg is called.
            Self::Converted | Self::Conversion | Self::VideoMessage { .. } => {
                Needs { output_bytes: MAX_CONVERTED_BYTES, ..needs(192, 0, 10, false) }
            }
            Self::Photo { max_bytes } | Self::Sticker { max_bytes } => {
                Needs { output_bytes: max_bytes, ..needs(504, 0, 20, true) }
            }
        }
    }

    fn recording_cpu_seconds(self, input_bytes: u64) -> u64 {
        let bytes_per_second = match self {
            Self::OggAudio => OGG_BYTES_PER_CPU_SECOND,
            _ => RECORDING_BYTES_PER_CPU_SECOND,
        };
        input_bytes.div_ceil(bytes_per_second).clamp(SHORT_CPU_SECONDS, MAX_RECORDING_CPU_SECONDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recording_may_take_longer_the_larger_it_is_up_to_a_limit() {
        let largest = MAX_RECORDING_CPU_SECONDS * RECORDING_BYTES_PER_CPU_SECOND;
        for recipe in [Recipe::Audio, Recipe::VoiceNote] {
            let seconds = |bytes| recipe.needs(bytes).cpu.as_secs();
            assert_eq!([seconds(0), seconds(140_000), seconds(140_001)], [20, 20, 21]);
            assert_eq!([seconds(largest - 7_000), seconds(largest), seconds(u64::MAX)], [179, 180, 180]);
            assert_eq!(recipe.needs(u64::MAX).time, Duration::from_secs(3 * 180));
        }
        assert_eq!(Recipe::Video.needs(0), Recipe::Video.needs(u64::MAX));
    }

    /// Else each length would want a worker of its own kind, kept idle for nobody.
    #[test]
    fn recordings_of_which_a_worker_reads_several_may_take_the_same() {
        assert_eq!(Recipe::Audio.needs(1), Recipe::Audio.needs(140_000));
        assert!(!Recipe::Audio.needs(140_000).alone);
        assert!(Recipe::Audio.needs(140_001).alone);
    }

    #[test]
    fn voice_note_of_minutes_is_no_long_job() {
        let ten_minutes = 10 * 60 * 2_000;
        assert!(
            !Recipe::OggAudio.needs(ten_minutes).are_long() && !Recipe::OggAudio.needs(ten_minutes).alone
        );
        assert!(Recipe::OggAudio.needs(20 * 70_000 + 1).are_long());
        assert!(Recipe::Audio.needs(ten_minutes).are_long(), "it may have to be encoded");
    }

    #[test]
    fn recording_of_an_hour_in_the_smallest_format_has_its_time() {
        let an_hour_of_amr = 3600 * 50 * 13;
        assert!(Recipe::Audio.needs(an_hour_of_amr).cpu >= Duration::from_secs(2 * 78));
    }

    #[test]
    #[cfg(feature = "pictures")]
    fn picture_within_its_limits_is_within_the_memory_of_its_worker() {
        for recipe in [Recipe::Picture, Recipe::Photo { max_bytes: 1 }, Recipe::Sticker { max_bytes: 1 }] {
            assert!(crate::image::limits::MAX_MEMORY_BYTES < recipe.needs(0).memory_bytes, "{recipe:?}");
        }
    }
}
