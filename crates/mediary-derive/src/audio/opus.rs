//! Opus as containers carry it: its header (RFC 7845, 5.1) and how long a packet lasts (RFC 6716, 3.1). Nothing is decoded.

/// Opus counts time in these, whatever the rate of the recording was.
pub(super) const RATE: u32 = 48_000;
/// The longest packet: 120 ms.
pub(super) const MAX_PACKET_SAMPLES: u32 = 5_760;
/// 48 frames of 1,275 bytes, the lengths of them, and padding; more is no packet.
pub(super) const MAX_PACKET_BYTES: usize = 64 * 1024;

const MAGIC: &[u8; 8] = b"OpusHead";

/// How a recording is to be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) channels: u8,
    /// Samples at [`RATE`] that belong to the coder and not to the recording.
    pub(super) pre_skip: u16,
    /// Of the recording before it was coded, in Hz; for information.
    pub(super) input_rate: u32,
    /// In 1/256 dB.
    pub(super) gain: i16,
    /// Not 0: several streams for more than two channels.
    pub(super) mapping: u8,
}

impl Head {
    /// Reads the first packet of a stream; none, if it is no header of Opus that anybody knows. MP4 has the same fields the other
    /// way round, and version 0.
    pub(super) fn read(packet: &[u8]) -> Option<Self> {
        let (version, fields) = packet.strip_prefix(MAGIC)?.split_first()?;
        let (channels, fields) = fields.split_first()?;
        let (pre_skip, fields) = fields.split_first_chunk()?;
        let (input_rate, fields) = fields.split_first_chunk()?;
        let (gain, fields) = fields.split_first_chunk()?;
        let mapping = *fields.first()?;
        // The upper half of the version counts changes that old readers do not understand.
        if version >> 4 != 0 || *channels == 0 {
            return None;
        }
        let channels = *channels;
        Some(match version {
            0 => Self {
                channels,
                pre_skip: u16::from_be_bytes(*pre_skip),
                input_rate: u32::from_be_bytes(*input_rate),
                gain: i16::from_be_bytes(*gain),
                mapping,
            },
            _ => Self {
                channels,
                pre_skip: u16::from_le_bytes(*pre_skip),
                input_rate: u32::from_le_bytes(*input_rate),
                gain: i16::from_le_bytes(*gain),
                mapping,
            },
        })
    }

    /// As the first packet of an Ogg stream.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut packet = MAGIC.to_vec();
        packet.extend([1, self.channels]);
        packet.extend(self.pre_skip.to_le_bytes());
        packet.extend(self.input_rate.to_le_bytes());
        packet.extend(self.gain.to_le_bytes());
        packet.push(self.mapping);
        packet
    }
}

/// How long a packet lasts, in samples at [`RATE`]; none, if it is damaged.
pub(super) fn samples(packet: &[u8]) -> Option<u32> {
    let toc = *packet.first()?;
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(packet.get(1)? & 0x3f),
    };
    let samples = frames * frame_samples(toc);
    (1..=MAX_PACKET_SAMPLES).contains(&samples).then_some(samples)
}

/// Of one frame of a packet that begins with `toc`.
fn frame_samples(toc: u8) -> u32 {
    match toc >> 3 {
        configuration @ 0..=11 => [480, 960, 1_920, 2_880][usize::from(configuration & 3)],
        configuration @ 12..=15 => [480, 960][usize::from(configuration & 1)],
        configuration => [120, 240, 480, 960][usize::from(configuration & 3)],
    }
}

/// A packet of one byte that stands for silence as long as a frame of `toc`: its frame is empty, which decoders take for a pause.
pub(super) fn silent_packet(toc: u8) -> [u8; 1] {
    const ONE_FRAME: u8 = 0xfc;
    [toc & ONE_FRAME]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opus_packet_lasts_as_its_first_bytes_say() {
        let silk_20_ms = 0b0000_1000;
        let hybrid_10_ms = 0b0110_0000;
        let celt_2_5_ms = 0b1000_0000;
        assert_eq!(samples(&[silk_20_ms]), Some(960));
        assert_eq!(samples(&[silk_20_ms | 1]), Some(1_920));
        assert_eq!(samples(&[silk_20_ms | 3, 3]), Some(2_880));
        assert_eq!(samples(&[hybrid_10_ms]), Some(480));
        assert_eq!(samples(&[celt_2_5_ms | 3, 48]), Some(5_760));
        for damaged in
            [&[][..], &[silk_20_ms | 3], &[silk_20_ms | 3, 0], &[celt_2_5_ms | 3, 49], &[silk_20_ms | 3, 7]]
        {
            assert_eq!(samples(damaged), None, "{damaged:?}");
        }
    }

    #[test]
    fn opus_head_is_read_as_it_is_written() {
        let head = Head { channels: 2, pre_skip: 312, input_rate: 44_100, gain: -256, mapping: 0 };
        assert_eq!(Head::read(&head.write()), Some(head));
        let mut unknown = head.write();
        unknown[8] = 16;
        assert_eq!(Head::read(&unknown), None);
        assert_eq!(Head::read(&head.write()[..18]), None);
    }
}
