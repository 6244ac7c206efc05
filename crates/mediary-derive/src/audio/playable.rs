//! A recording as every browser plays it: Opus in MP4.

use mediary_core::VariantKind;

use super::ogg_opus::Item;
use super::opus;
use super::opus_mp4::{self, MAX_SAMPLES, Sample};
use super::sound::{OpusItems, Sound};
use super::voice_note::{self, FRAME_SAMPLES};
use crate::virtual_file::VirtualFileBuilder;
use crate::{Error, Product, Result, VirtualFile};

/// What a browser gets that may not play the original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Playable {
    /// Every browser plays it as it is.
    Original,
    /// The same packets in another container, made while it is served.
    Remuxed(VirtualFile),
    /// It was encoded again, and is to be stored.
    Encoded(Product),
}

/// The type of both.
pub const MIME_TYPE: &str = "audio/mp4; codecs=\"opus\"";

/// The packets of an Ogg file behind the index of an MP4.
///
/// # Errors
/// Unsupported: several recordings in one file, since the samples that belong to the coder of the second cannot be left out of the
/// middle of an MP4; more than two channels.
pub(super) fn remux(items: &mut dyn OpusItems) -> Result<VirtualFile> {
    let Some(Item::Head(head)) = items.next()? else {
        return Err(Error::broken("the recording has no header"));
    };
    if head.mapping != 0 || head.channels > 2 {
        return Err(Error::unsupported("the recording has more than two channels"));
    }
    let mut samples = Vec::new();
    let mut data = VirtualFileBuilder::default();
    let mut toc = None;
    while let Some(item) = items.next()? {
        let Item::Packet(packet) = item else {
            return Err(Error::unsupported("several recordings in one file"));
        };
        if samples.len() == MAX_SAMPLES {
            return Err(Error::too_large(format!("the recording has more than {MAX_SAMPLES} packets")));
        }
        let (bytes, lasts) = match packet.bytes.first() {
            Some(first) => {
                toc = Some(*first);
                packet.ranges.into_iter().try_for_each(|range| data.original(range))?;
                (packet.bytes.len(), packet.samples)
            }
            // To a decoder, no bytes are the end. Before the first packet with bytes there is nothing to be silent like.
            None => {
                let Some(toc) = toc else { continue };
                let silent = opus::silent_packet(toc);
                data.own(&silent)?;
                (silent.len(), opus::samples(&silent).unwrap_or(packet.samples))
            }
        };
        samples.push(Sample { bytes: bytes as u32, samples: lasts.saturating_sub(packet.unheard).max(1) });
    }
    data.behind(&opus_mp4::head(&head, &samples)?)
}

/// `sound` as a new file.
pub(super) fn encode(sound: &mut dyn Sound) -> Result<Product> {
    let encoded = voice_note::encode_packets(sound)?;
    let sample = |packet: &Vec<u8>| Sample { bytes: packet.len() as u32, samples: FRAME_SAMPLES };
    let mut samples: Vec<Sample> = encoded.packets.iter().map(sample).collect();
    if let Some(last) = samples.last_mut() {
        last.samples = FRAME_SAMPLES.saturating_sub(encoded.unheard).max(1);
    }
    let mut bytes = opus_mp4::head(&encoded.head, &samples)?;
    encoded.packets.iter().for_each(|packet| bytes.extend_from_slice(packet));
    let coded: u64 = samples.iter().map(|sample| u64::from(sample.samples)).sum();
    let heard = coded.saturating_sub(u64::from(encoded.head.pre_skip));
    Ok(Product {
        kind: VariantKind::Playable,
        mime_type: MIME_TYPE,
        width: None,
        height: None,
        duration_ms: Some(heard * 1000 / u64::from(opus::RATE)),
        bytes,
    })
}
