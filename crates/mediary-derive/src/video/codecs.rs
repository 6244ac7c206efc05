//! The codecs of tracks, by the names that people know, and which of them browsers may be unable to play.

use super::boxes::Kind;

/// A codec as people know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Codec {
    pub(super) name: &'static str,
    /// Whether every current browser plays it.
    pub(super) plays: bool,
}

const fn plays(name: &'static str) -> Codec {
    Codec { name, plays: true }
}

/// By some browsers, on some machines, or by none.
const fn may_not_play(name: &'static str) -> Codec {
    Codec { name, plays: false }
}

/// The codec of a sample entry, where its four letters tell. `mp4v` and `mp4a` say no more than "see the descriptor".
pub(super) fn of_entry(kind: Kind) -> Option<Codec> {
    Some(match &kind {
        b"avc1" | b"avc3" => plays("H.264"),
        b"hvc1" | b"hev1" => may_not_play("HEVC"),
        b"dvh1" | b"dvhe" => may_not_play("Dolby Vision"),
        b"vvc1" | b"vvi1" => may_not_play("VVC"),
        b"vp08" => plays("VP8"),
        b"vp09" => plays("VP9"),
        b"av01" => plays("AV1"),
        b"s263" | b"h263" | b"H263" => may_not_play("H.263"),
        b"jpeg" | b"mjpa" | b"mjpb" => may_not_play("Motion JPEG"),
        b"apch" | b"apcn" | b"apcs" | b"apco" | b"ap4h" | b"ap4x" => may_not_play("ProRes"),
        b"Opus" => plays("Opus"),
        b"fLaC" => plays("FLAC"),
        b".mp3" => plays("MP3"),
        b"samr" => may_not_play("AMR"),
        b"sawb" | b"sawp" => may_not_play("AMR-WB"),
        b"sqcp" => may_not_play("QCELP"),
        b"ac-3" => may_not_play("AC-3"),
        b"ec-3" => may_not_play("E-AC-3"),
        b"alac" => may_not_play("ALAC"),
        b"ulaw" | b"alaw" => may_not_play("G.711"),
        b"sowt" | b"twos" | b"lpcm" | b"ipcm" | b"fpcm" | b"in24" | b"raw " | b"NONE" => may_not_play("PCM"),
        _ => return None,
    })
}

/// The codec of a descriptor's object type (ISO/IEC 14496-1, and the MP4 registration authority).
pub(super) fn of_object_type(object_type: u8) -> Option<Codec> {
    Some(match object_type {
        0x20 => may_not_play("MPEG-4 Part 2"),
        0x21 => plays("H.264"),
        0x23 => may_not_play("HEVC"),
        0x40 | 0x66..=0x68 => plays("AAC"),
        0x60..=0x65 => may_not_play("MPEG-2"),
        0x69 | 0x6b => plays("MP3"),
        0x6a => may_not_play("MPEG-1"),
        0x6c => may_not_play("Motion JPEG"),
        0xa5 => may_not_play("AC-3"),
        0xa6 => may_not_play("E-AC-3"),
        0xad => plays("Opus"),
        0xdd => may_not_play("Vorbis"),
        _ => return None,
    })
}

/// H.264 of these profiles has ten bits a sample, or colours in full: browsers' decoders know 8 bits and 4:2:0.
pub(super) fn of_avc_profile(profile: u8) -> Option<Codec> {
    Some(match profile {
        44 | 244 => may_not_play("H.264 4:4:4"),
        110 => may_not_play("H.264 with 10 bits"),
        122 => may_not_play("H.264 4:2:2"),
        _ => return None,
    })
}
