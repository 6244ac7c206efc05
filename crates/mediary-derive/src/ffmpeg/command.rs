//! How ffmpeg is called. All of it stands here: what it may read, how much it may take, and what it is to make.

use std::time::Duration;

use crate::recipe::Needs;

/// Its file has no name but that of its descriptor, which can be opened again and sought in. Nothing else can be opened by Landlock's
/// rules but libraries.
const INPUT: &str = "file:/proc/self/fd/0";
const OUTPUT: &str = "pipe:1";
/// The same as a file: the index of an MP4 is written last, in its middle.
const OUTPUT_FILE: &str = "file:/proc/self/fd/1";

/// Ways to reach what it reads and writes.
const PROTOCOLS: &str = "file,pipe";
/// What WhatsApp carries and phones make: one family. No playlist is among it, which could name other files.
const FORMATS: &str = "mov,mp4,m4a,3gp,3g2,mj2";
/// The decoders of pictures that phones make. ffmpeg has hundreds, and most of its flaws lie in those that nobody uses.
const PICTURES: &str = "h264,hevc,mpeg4,h263,vp8,vp9,libdav1d,av1,mjpeg,prores";

/// And those of their sound.
const SOUND: &str =
    "aac,mp3,mp3float,alac,opus,amrnb,amrwb,ac3,pcm_s16le,pcm_s16be,pcm_s24le,pcm_mulaw,pcm_alaw";

/// No piece of memory is larger. A frame of 8K has 50 MB.
const MAX_ALLOCATION_BYTES: &str = "268435456";
/// A little more than 8K (7680 × 4320).
const MAX_PIXELS: &str = "36000000";

const MIB: u64 = 1024 * 1024;

/// What making one frame may take. The frame has 1280 × 1280 pixels of three bytes at most.
pub(super) const FRAME_NEEDS: Needs = Needs {
    memory_bytes: 448 * MIB,
    output_bytes: 6 * MIB,
    cpu: Duration::from_secs(20),
    time: Duration::from_secs(60),
    alone: true,
};

/// Longer videos are not converted: it takes about half as long as they last.
pub(super) const MAX_CONVERTED: Duration = Duration::from_secs(600);
/// Of the pictures of a converted video, in bits a second: that of a good video of 720 lines.
const MAX_BIT_RATE: u64 = 2_500_000;
/// With less there is nothing to see.
const MIN_BIT_RATE: u64 = 150_000;
const SOUND_BIT_RATE: u64 = 96_000;

/// What converting a video may take.
pub(super) fn conversion_needs(max_bytes: u64) -> Needs {
    Needs {
        output_bytes: max_bytes,
        cpu: Duration::from_secs(400),
        time: Duration::from_secs(1200),
        ..FRAME_NEEDS
    }
}

/// The bits a second that its pictures may have; `None` of a video that is too long for so many bytes.
pub(super) fn bit_rate(duration: Duration, max_bytes: u64) -> Option<u64> {
    if duration > MAX_CONVERTED {
        return None;
    }
    // A twentieth is left for the container and what the encoder is wrong by.
    let bits = max_bytes.saturating_mul(8) / 20 * 19;
    let rate = (bits / duration.as_secs().saturating_add(1)).saturating_sub(SOUND_BIT_RATE).min(MAX_BIT_RATE);
    (rate >= MIN_BIT_RATE).then_some(rate)
}

/// The first pictures and the first sound of a video as H.264 and AAC in MP4.
pub(super) fn conversion((width, height): (u32, u32), bit_rate: u64) -> Vec<String> {
    // What the encoder takes: colours have half as many lines and columns.
    let scale = format!("scale={}:{},setsar=1", even(width), even(height));
    let (rate, buffer) = (bit_rate.to_string(), (bit_rate * 2).to_string());
    let (sound, seconds) = (SOUND_BIT_RATE.to_string(), MAX_CONVERTED.as_secs().to_string());
    let mut arguments = reading(&format!("{PICTURES},{SOUND}"));
    let mut add = |words: &[&str]| arguments.extend(words.iter().map(|word| (*word).to_owned()));
    add(&["-i", INPUT, "-map", "0:V:0", "-map", "0:a:0?", "-map_metadata", "-1", "-map_chapters", "-1"]);
    add(&["-t", &seconds, "-threads", "1", "-filter_threads", "1", "-vf", &scale]);
    add(&["-c:v", "libx264", "-preset", "veryfast", "-profile:v", "main", "-pix_fmt", "yuv420p"]);
    add(&["-crf", "24", "-maxrate", &rate, "-bufsize", &buffer]);
    add(&["-c:a", "aac", "-ac", "2", "-ar", "48000", "-b:a", &sound, "-f", "mp4", "-y", OUTPUT_FILE]);
    arguments
}

fn even(pixels: u32) -> u32 {
    (pixels & !1).max(2)
}

pub(super) fn version() -> Vec<String> {
    vec!["-version".to_owned()]
}

/// One frame of the first pictures of a video at a time in it, upright, in this size, as BMP: a format without compression, which
/// the worker reads anyway.
pub(super) fn frame(at: Duration, (width, height): (u32, u32)) -> Vec<String> {
    let at = format!("{}.{:03}", at.as_secs(), at.subsec_millis());
    let scale = format!("scale={width}:{height}:flags=area");
    let mut arguments = reading(PICTURES);
    arguments.extend(["-ss", &at, "-i", INPUT].map(str::to_owned));
    // What a player takes for the video; a cover is none.
    arguments.extend(
        ["-map", "0:V:0", "-frames:v", "1", "-filter_threads", "1", "-vf", &scale].map(str::to_owned),
    );
    arguments.extend(["-c:v", "bmp", "-f", "image2pipe", OUTPUT].map(str::to_owned));
    arguments
}

/// Everything that stands before the input.
fn reading(decoders: &str) -> Vec<String> {
    [
        "-nostdin",
        "-hide_banner",
        "-loglevel",
        "error",
        "-max_alloc",
        MAX_ALLOCATION_BYTES,
        "-protocol_whitelist",
        PROTOCOLS,
        "-format_whitelist",
        FORMATS,
        "-codec_whitelist",
        decoders,
        "-max_pixels",
        MAX_PIXELS,
        "-threads",
        "1",
    ]
    .map(str::to_owned)
    .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bit_rate_is_that_of_the_bytes_that_a_video_may_have() {
        let rate = |seconds, max_bytes| bit_rate(Duration::from_secs(seconds), max_bytes);
        assert_eq!(rate(10, 16_000_000), Some(MAX_BIT_RATE));
        assert_eq!(rate(599, 16_000_000), None, "nothing to see");
        assert_eq!(rate(99, 16_000_000), Some(1_120_000));
        assert_eq!(rate(600, u64::MAX), Some(MAX_BIT_RATE));
        assert_eq!(rate(601, u64::MAX), None);
    }
}
