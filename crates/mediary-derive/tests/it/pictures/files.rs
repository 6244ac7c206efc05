//! Files that are written here: too large to be kept, or wrong on purpose.

use std::io::Write;

/// The JPEG with this colour profile in front of its other segments, in as many parts as it takes.
pub(crate) fn with_profile(jpeg: &[u8], profile: &[u8]) -> Vec<u8> {
    const PART: usize = 65_500;
    let mut file = jpeg[..2].to_vec();
    let parts = profile.chunks(PART).count();
    for (number, part) in profile.chunks(PART).enumerate() {
        let length = u16::try_from(2 + 14 + part.len()).expect("a part");
        file.extend([0xFF, 0xE2]);
        file.extend(length.to_be_bytes());
        file.extend(b"ICC_PROFILE\0");
        file.extend([u8::try_from(number + 1).expect("few parts"), u8::try_from(parts).expect("few parts")]);
        file.extend(part);
    }
    file.extend(&jpeg[2..]);
    file
}

/// A JPEG whose frame says another size.
pub(crate) fn with_size(jpeg: &[u8], width: u16, height: u16) -> Vec<u8> {
    let mut file = jpeg.to_vec();
    let frame = file.windows(2).position(|pair| matches!(pair, [0xFF, 0xC0 | 0xC2])).expect("a frame");
    file[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    file[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    file
}

/// A PNG of zeroes, of 8 bits and one channel, that is as large as it says.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 0, 0, 0, 0]);
    let mut rows = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    let row = vec![0; 1 + width as usize];
    for _ in 0..height {
        rows.write_all(&row).expect("memory");
    }
    let rows = rows.finish().expect("memory");
    let mut file = b"\x89PNG\r\n\x1A\n".to_vec();
    for (name, content) in [(b"IHDR", &header), (b"IDAT", &rows), (b"IEND", &Vec::new())] {
        chunk(&mut file, *name, content);
    }
    file
}

/// A PNG's header alone, which says what it likes.
pub(crate) fn png_that_says(width: u32, height: u32, depth: u8, colour: u8) -> Vec<u8> {
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([depth, colour, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1A\n".to_vec();
    chunk(&mut file, *b"IHDR", &header);
    chunk(&mut file, *b"IDAT", b"\x78\x9C\x03\x00\x00\x00\x00\x01");
    chunk(&mut file, *b"IEND", &[]);
    file
}

fn chunk(file: &mut Vec<u8>, name: [u8; 4], content: &[u8]) {
    let mut sum = flate2::Crc::new();
    sum.update(&name);
    sum.update(content);
    file.extend(u32::try_from(content.len()).expect("a chunk").to_be_bytes());
    file.extend(name);
    file.extend(content);
    file.extend(sum.sum().to_be_bytes());
}

/// A GIF of many frames of one pixel on this canvas.
pub(crate) fn gif(width: u16, height: u16, frames: usize) -> Vec<u8> {
    let mut file = b"GIF89a".to_vec();
    file.extend(width.to_le_bytes());
    file.extend(height.to_le_bytes());
    // A table of two colours: red and green.
    file.extend([0x80, 0, 0, 220, 30, 30, 30, 180, 40]);
    for _ in 0..frames {
        // Shown for 0.1 seconds; one pixel, coded in two bits: clear, colour 1, end.
        file.extend([0x21, 0xF9, 4, 0, 10, 0, 0, 0]);
        file.extend([0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x4C, 1, 0]);
    }
    file.push(0x3B);
    file
}

/// A GIF of so many frames of noise, which no encoder makes small.
pub(crate) fn noisy_gif(side: u32, frames: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new_with_speed(&mut file, 30);
    for seed in 0..frames {
        let mut state = seed;
        let noise = image::RgbaImage::from_fn(side, side, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [red, green, blue, _] = state.to_be_bytes();
            image::Rgba([red, green, blue, 255])
        });
        encoder.encode_frame(image::Frame::new(noise)).expect("memory");
    }
    drop(encoder);
    file
}

/// An animated WebP on this canvas, with one frame as large as it, of which there is nothing.
pub(crate) fn webp_canvas(width: u32, height: u32) -> Vec<u8> {
    let three = |number: u32| number.to_le_bytes()[..3].to_vec();
    let extended = [vec![0x02, 0, 0, 0], three(width - 1), three(height - 1)].concat();
    let image = [&b"VP8L"[..], &8_u32.to_le_bytes(), &[0x2F, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0, 0]].concat();
    let frame =
        [three(0), three(0), three(width - 1), three(height - 1), three(100), vec![0], image].concat();
    let mut content = b"WEBP".to_vec();
    for (name, bytes) in [(b"VP8X", extended), (b"ANIM", vec![0; 6]), (b"ANMF", frame)] {
        content.extend(name);
        content.extend(u32::try_from(bytes.len()).expect("a chunk").to_le_bytes());
        content.extend(&bytes);
    }
    [&b"RIFF"[..], &u32::try_from(content.len()).expect("a file").to_le_bytes(), &content].concat()
}
