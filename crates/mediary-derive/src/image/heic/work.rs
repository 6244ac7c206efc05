//! What it takes to decode a HEIC picture, by its index and the headers of the coded pictures that it is put together of.
//!
//! A picture says one size of itself, and its tiles and layers are coded in sizes of their own; one of them may be named as often as
//! the file likes, and each time it is decoded again.

use std::collections::HashMap;

use heifer::heifer_hevc_dec::nal::{NalUnit, split_annex_b};
use heifer::heifer_hevc_dec::params::ParameterSets;
use heifer::heifer_isobmff::boxes::Property;
use heifer::heifer_isobmff::{BoxIter, HeifFile, ItemId};

use crate::image::limits::{Claim, MAX_HEIC_INDEX_BYTES, MAX_HEIC_PIXELS};
use crate::{Error, Result};

/// How deep the decoder follows pictures made of pictures.
const MAX_DEPTH: u32 = 4;
/// What a picture is called that is the transparency of another one.
const TRANSPARENCY: [&str; 2] = ["urn:mpeg:hevc:2015:auxid:1", "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"];

/// Refuses an index that takes its reader long: it compares every entry with every other.
pub(super) fn check_index(bytes: &[u8]) -> Result<()> {
    let metas = BoxIter::new(bytes).map_while(Result::ok).filter(|found| found.header.box_type.0 == *b"meta");
    // Version and flags come first.
    let tables =
        metas.flat_map(|meta| BoxIter::new(meta.content.get(4..).unwrap_or_default()).map_while(Result::ok));
    let index_bytes: usize = tables
        .map(|table| match &table.header.box_type.0 {
            b"iinf" | b"iloc" | b"iref" => table.content.len(),
            b"iprp" => BoxIter::new(table.content)
                .map_while(Result::ok)
                .filter(|found| found.header.box_type.0 == *b"ipma")
                .map(|found| found.content.len())
                .sum(),
            _ => 0,
        })
        .sum();
    if index_bytes > MAX_HEIC_INDEX_BYTES {
        return Err(Error::too_large(format!(
            "the HEIC picture has an index of {index_bytes} bytes; at most {MAX_HEIC_INDEX_BYTES} are read"
        )));
    }
    Ok(())
}

/// Refuses a picture that is put together of more coded pixels than the limit. Says whether parts of it may be transparent.
pub(super) fn check(file: &HeifFile<'_>) -> Result<bool> {
    let mut work = Work { file, left: MAX_HEIC_PIXELS, coded: HashMap::new(), is_transparent: false };
    work.of(file.primary_id, 0)?;
    Ok(work.is_transparent)
}

struct Work<'a> {
    file: &'a HeifFile<'a>,
    left: u64,
    /// Of each coded picture, what decoding it once takes.
    coded: HashMap<ItemId, u64>,
    is_transparent: bool,
}

impl Work<'_> {
    /// Counts an item, and what it is made of as often as it is named. What is wrong with the file is left for the decoder to say.
    fn of(&mut self, id: ItemId, depth: u32) -> Result<()> {
        let file = self.file;
        let Ok(item) = file.item(id) else { return Ok(()) };
        if depth > MAX_DEPTH {
            return Ok(());
        }
        if item.item_type.0 == *b"hvc1" {
            let coded = *self.coded.entry(id).or_insert_with(|| coded(file, id));
            self.take(coded)?;
        } else {
            // Tiles fill a grid; what is put together otherwise may leave parts of it open.
            self.is_transparent |= item.item_type.0 != *b"grid";
            for source in file.referenced_items(id, b"dimg") {
                // Each costs something, whatever it is.
                self.take(1)?;
                self.of(*source, depth + 1)?;
            }
        }
        let transparency =
            file.referencing_items(id, b"auxl").into_iter().find(|aux| is_transparency(file, *aux));
        self.is_transparent |= transparency.is_some();
        transparency.map_or(Ok(()), |aux| self.of(aux, depth + 1))
    }

    fn take(&mut self, pixels: u64) -> Result<()> {
        self.left = self.left.checked_sub(pixels).ok_or_else(|| {
            Error::too_large(format!(
                "the HEIC picture is put together of more than {} megapixels",
                MAX_HEIC_PIXELS / 1_000_000
            ))
        })?;
        Ok(())
    }
}

fn is_transparency(file: &HeifFile<'_>, id: ItemId) -> bool {
    file.item_properties(id).is_ok_and(|mut properties| {
        properties.any(
            |property| matches!(property, Property::AuxiliaryType(kind) if TRANSPARENCY.contains(&kind.as_str())),
        )
    })
}

/// The pixels of a coded picture, before anything is cut off; at least one for each of its bytes, which are copied.
fn coded(file: &HeifFile<'_>, id: ItemId) -> u64 {
    let Ok(stream) = file.hevc_bitstream(id) else { return 1 };
    let mut sets = ParameterSets::default();
    let headers = split_annex_b(&stream)
        .map_while(|unit| NalUnit::parse(unit).ok())
        .take_while(|unit| !unit.header.unit_type.is_slice());
    for header in headers {
        // The decoder refuses the file for what is wrong with one.
        let _ = sets.add(&header);
    }
    let sizes = sets.sps.iter().flatten();
    let pixels =
        sizes.map(|set| Claim::pixels(set.pic_width_in_luma_samples, set.pic_height_in_luma_samples)).max();
    pixels.unwrap_or(0).max(stream.len() as u64)
}
