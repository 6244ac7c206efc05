//! HEIC whose tiles are larger than they say, or named again and again.

use heifer::heifer_isobmff::HeifFile;
use heifer::heifer_isobmff::writer::{HeifWriter, ImageSpec};
use mediary_derive::ErrorKind;
use mediary_derive::image::limits::MAX_HEIC_PIXELS;

use super::{is_refused, outcome};
use mediary_derive::Recipe;

/// Both sides of a coded picture: the encoder makes tiles of larger ones.
const SIDE: u32 = 512;

/// A picture put together of one tile, named again and again. It says both sides of it, which are coded as [`SIDE`].
pub(super) fn of_tiles(rows: u16, columns: u16, tile_side: u32) -> Vec<u8> {
    let plain = vec![128; (SIDE * SIDE * 3) as usize];
    let coded = heifer::encode_rgb8(SIDE, SIDE, &plain, &heifer::EncodeOptions::default()).unwrap();
    let file = HeifFile::parse(&coded).unwrap();
    let config = file.hevc_config(file.primary_id).unwrap().unwrap().clone();
    let data = file.item_data(file.primary_id).unwrap();
    // One slice, behind its length.
    let slices = [data[4..].to_vec()];
    let mut writer = HeifWriter::new();
    let tile = writer
        .add_image(&ImageSpec { hidden: true, ..ImageSpec::new(tile_side, tile_side, config, &slices) });
    let tiles = vec![tile; usize::from(rows) * usize::from(columns)];
    let (width, height) = (u32::from(columns) * tile_side, u32::from(rows) * tile_side);
    let grid = writer.add_grid(rows, columns, width, height, &tiles, None, None);
    writer.set_primary(grid);
    writer.finish()
}

#[tokio::test]
async fn heic_of_tiles_that_are_larger_than_they_say_is_read_up_to_its_coded_pixels() {
    // Naming one counts, too.
    let most = u16::try_from(MAX_HEIC_PIXELS / (u64::from(SIDE * SIDE) + 1)).unwrap();
    let derived = outcome(Recipe::Picture, &of_tiles(1, most, 8)).await.unwrap();
    assert_eq!((derived.facts.width, derived.facts.height), (Some(8 * u32::from(most)), Some(8)));
    let words = "put together of more than 67 megapixels";
    is_refused("one tile more", &of_tiles(1, most + 1, 8), ErrorKind::TooLarge, words).await;
    is_refused("65,025 tiles", &of_tiles(255, 255, 8), ErrorKind::TooLarge, words).await;
}

/// A box of HEIC's container.
fn boxed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&u32::try_from(content.len() + 8).unwrap().to_be_bytes()[..], name, content].concat()
}

#[tokio::test]
async fn heic_with_a_large_index_is_refused_before_its_entries_are_compared() {
    let entry =
        |id: u32| boxed(b"infe", &[&[2, 0, 0, 0][..], &id.to_be_bytes()[2..], b"\0\0hvc1\0"].concat());
    let entries: Vec<u8> = (0..65_535).flat_map(entry).collect();
    let items = boxed(b"iinf", &[&[0, 0, 0, 0, 0xFF, 0xFF][..], &entries].concat());
    let associations =
        [&[0, 0, 0, 0][..], &10_000_000_u32.to_be_bytes(), &[0xFF, 0xFF, 0].repeat(10_000_000)].concat();
    let properties = boxed(b"iprp", &[boxed(b"ipco", &[]), boxed(b"ipma", &associations)].concat());
    let handler = boxed(b"hdlr", &[&[0; 8][..], b"pict", &[0; 13]].concat());
    let primary = boxed(b"pitm", &[0, 0, 0, 0, 0, 1]);
    let meta = boxed(b"meta", &[&[0; 4][..], &handler, &primary, &items, &properties].concat());
    let file = [boxed(b"ftyp", b"heic\0\0\0\0mif1heic"), meta].concat();
    is_refused("an index", &file, ErrorKind::TooLarge, "an index of").await;
}
