//! Recordings made by code: tones in WAV, voice notes in Ogg page by page, AMR.

use std::f32::consts::TAU;

/// So many packets of sound are a second.
pub(crate) const PACKETS_PER_SECOND: usize = 50;
/// Of a packet, at 48 kHz.
pub(crate) const PACKET_SAMPLES: u64 = 960;
pub(crate) const PRE_SKIP: u16 = 312;

/// A second of silence, a second of 300 Hz, and so on.
pub(crate) fn bursts(rate: u32, seconds: u32) -> Vec<f32> {
    (0..rate * seconds)
        .map(|n| {
            let loudness = if (n / rate).is_multiple_of(2) { 0.0 } else { 0.5 };
            loudness * (n as f32 * 300.0 * TAU / rate as f32).sin()
        })
        .collect()
}

pub(crate) fn wav(rate: u32, channels: u16, sound: &[f32]) -> Vec<u8> {
    let data: Vec<u8> = sound
        .iter()
        .flat_map(|sample| vec![((sample * 32_767.0) as i16).to_le_bytes(); usize::from(channels)])
        .flatten()
        .collect();
    let mut file = b"RIFF".to_vec();
    file.extend((36 + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    file.extend(1u16.to_le_bytes());
    file.extend(channels.to_le_bytes());
    file.extend(rate.to_le_bytes());
    file.extend((rate * u32::from(channels) * 2).to_le_bytes());
    file.extend((channels * 2).to_le_bytes());
    file.extend(16u16.to_le_bytes());
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

/// Packets of Opus of 20 ms.
pub(crate) fn packets(sound: &[f32], channels: ropus::Channels) -> Vec<Vec<u8>> {
    let mut encoder = ropus::Encoder::builder(48_000, channels, ropus::Application::Voip)
        .bitrate(ropus::Bitrate::Bits(16_000))
        .complexity(0)
        .build()
        .unwrap();
    let frame = PACKET_SAMPLES as usize;
    sound
        .chunks_exact(frame)
        .map(|part| {
            let part: Vec<f32> =
                part.iter().flat_map(|sample| vec![*sample; usize::from(channels.count() as u8)]).collect();
            let mut packet = vec![0; 1_275];
            let length = encoder.encode_float(&part, &mut packet).unwrap();
            packet.truncate(length);
            packet
        })
        .collect()
}

pub(crate) fn opus_head(channels: u8, pre_skip: u16) -> Vec<u8> {
    let mut head = b"OpusHead\x01".to_vec();
    head.push(channels);
    head.extend(pre_skip.to_le_bytes());
    head.extend(48_000u32.to_le_bytes());
    head.extend([0, 0, 0]);
    head
}

pub(crate) const FIRST: u8 = 2;
pub(crate) const LAST: u8 = 4;

/// A page of Ogg with whole packets.
pub(crate) fn page(flags: u8, granule: i64, serial: u32, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut lacing = Vec::new();
    for packet in packets {
        lacing.extend(vec![255; packet.len() / 255]);
        lacing.push((packet.len() % 255) as u8);
    }
    raw_page(flags, granule, serial, &lacing, &packets.concat())
}

pub(crate) fn raw_page(flags: u8, granule: i64, serial: u32, lacing: &[u8], body: &[u8]) -> Vec<u8> {
    let mut page = b"OggS\0".to_vec();
    page.push(flags);
    page.extend(granule.to_le_bytes());
    page.extend(serial.to_le_bytes());
    page.extend([0; 8]);
    page.push(u8::try_from(lacing.len()).unwrap());
    page.extend(lacing);
    page.extend(body);
    let sum = checksum(&page);
    page[22..26].copy_from_slice(&sum.to_le_bytes());
    page
}

/// Bit by bit, as the standard defines it: not the way of the reader under test.
fn checksum(bytes: &[u8]) -> u32 {
    let mut sum: u32 = 0;
    for byte in bytes {
        sum ^= u32::from(*byte) << 24;
        for _ in 0..8 {
            sum = if sum >> 31 == 1 { sum << 1 ^ 0x04c1_1db7 } else { sum << 1 };
        }
    }
    sum
}

/// A voice note, with a switch for what has to be tested.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(crate) packets: Vec<Vec<u8>>,
    pub(crate) channels: u8,
    pub(crate) pre_skip: u16,
    pub(crate) per_page: usize,
    /// What the clock shows before the first packet.
    pub(crate) start: i64,
    /// Samples at the end that are not to be heard.
    pub(crate) unheard: i64,
    /// Whether the last page says that it is the last.
    pub(crate) ended: bool,
    pub(crate) serial: u32,
}

impl Note {
    pub(crate) fn of(packets: Vec<Vec<u8>>) -> Self {
        Self {
            packets,
            channels: 1,
            pre_skip: PRE_SKIP,
            per_page: PACKETS_PER_SECOND,
            start: 0,
            unheard: 0,
            ended: true,
            serial: 7,
        }
    }

    /// Silence and tone, of so many seconds.
    pub(crate) fn seconds(seconds: u32) -> Self {
        Self::of(packets(&bursts(48_000, seconds), ropus::Channels::Mono))
    }

    /// Page by page; the first two are those of the header.
    pub(crate) fn pages(&self) -> Vec<Vec<u8>> {
        let mut pages = vec![
            page(FIRST, 0, self.serial, &[opus_head(self.channels, self.pre_skip)]),
            page(0, 0, self.serial, &[b"OpusTags\x04\0\0\0test\0\0\0\0".to_vec()]),
        ];
        let mut granule = self.start;
        let count = self.packets.chunks(self.per_page).count();
        for (number, packets) in self.packets.chunks(self.per_page).enumerate() {
            granule += packets.len() as i64 * PACKET_SAMPLES as i64;
            let last = number + 1 == count;
            let flags = if last && self.ended { LAST } else { 0 };
            pages.push(page(flags, granule - if last { self.unheard } else { 0 }, self.serial, packets));
        }
        pages
    }

    pub(crate) fn file(&self) -> Vec<u8> {
        self.pages().concat()
    }
}

/// A recording of an old telephone: 300 Hz.
pub(crate) fn amr(wide: bool, seconds: u32) -> Vec<u8> {
    use codec_core::codecs::amr::AmrCodec;
    use codec_core::types::{AudioCodec, CodecConfig};
    let (rate, name, config, first) = match wide {
        true => (16_000, b"#!AMR-WB\n".as_slice(), CodecConfig::amr_wb(), 8 << 3 | 4),
        false => (8_000, b"#!AMR\n".as_slice(), CodecConfig::amr_nb(), 7 << 3 | 4),
    };
    let mut codec = AmrCodec::new(&config).unwrap();
    let samples: Vec<i16> = bursts(rate, seconds).iter().map(|sample| (sample * 32_767.0) as i16).collect();
    let mut file = name.to_vec();
    for frame in samples.chunks_exact(rate as usize / PACKETS_PER_SECOND) {
        file.push(first);
        file.extend(codec.encode(frame).unwrap());
    }
    file
}
