//! A small writer of MP4 files, with a switch for each thing that has to be tested. Its samples are numbered bytes: nobody decodes
//! them.

use std::ops::Range;

pub(crate) fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut bytes = (content.len() as u32 + 8).to_be_bytes().to_vec();
    bytes.extend_from_slice(kind);
    bytes.extend_from_slice(content);
    bytes
}

/// The same with its length in 64 bits.
pub(crate) fn long_boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut bytes = 1u32.to_be_bytes().to_vec();
    bytes.extend_from_slice(kind);
    bytes.extend_from_slice(&(content.len() as u64 + 16).to_be_bytes());
    bytes.extend_from_slice(content);
    bytes
}

pub(crate) fn full(kind: &[u8; 4], version: u8, flags: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes = (u32::from(version) << 24 | flags).to_be_bytes().to_vec();
    bytes.extend_from_slice(content);
    boxed(kind, &bytes)
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

#[derive(Clone, Debug)]
pub(crate) struct TrackSpec {
    pub(crate) handler: [u8; 4],
    pub(crate) codec: [u8; 4],
    /// Boxes behind the fixed part of the sample entry.
    pub(crate) details: Vec<u8>,
    pub(crate) size: (u16, u16),
    /// In degrees, clockwise.
    pub(crate) rotation: u16,
    /// Of each chunk, in bytes; a chunk is one sample.
    pub(crate) chunks: Vec<u32>,
    /// 64-bit offsets.
    pub(crate) wide: bool,
    /// Flags of the reference to the data: 1 says "this file".
    pub(crate) data_flags: u32,
    /// In units of a thousandth of a second.
    pub(crate) duration: u32,
}

impl TrackSpec {
    pub(crate) fn video(codec: &[u8; 4], chunks: &[u32]) -> Self {
        Self {
            handler: *b"vide",
            codec: *codec,
            details: Vec::new(),
            size: (640, 360),
            rotation: 0,
            chunks: chunks.to_vec(),
            wide: false,
            data_flags: 1,
            duration: 2_000,
        }
    }

    pub(crate) fn audio(codec: &[u8; 4], chunks: &[u32]) -> Self {
        Self { handler: *b"soun", ..Self::video(codec, chunks) }
    }

    fn matrix(&self) -> [u32; 9] {
        const ONE: u32 = 0x1_0000;
        const MINUS: u32 = 0xffff_0000;
        let (a, b, c, d) = match self.rotation {
            90 => (0, ONE, MINUS, 0),
            180 => (MINUS, 0, 0, MINUS),
            270 => (0, MINUS, ONE, 0),
            _ => (ONE, 0, 0, ONE),
        };
        [a, b, 0, c, d, 0, 0, 0, 0x4000_0000]
    }

    fn entry(&self) -> Vec<u8> {
        let mut fixed = vec![0; if self.handler == *b"vide" { 78 } else { 28 }];
        fixed[7] = 1;
        if self.handler == *b"vide" {
            fixed[24..26].copy_from_slice(&self.size.0.to_be_bytes());
            fixed[26..28].copy_from_slice(&self.size.1.to_be_bytes());
        }
        fixed.extend_from_slice(&self.details);
        boxed(&self.codec, &fixed)
    }

    /// `offsets` are those of its chunks.
    fn trak(&self, id: u32, offsets: &[u64]) -> Vec<u8> {
        let mut tkhd = numbers(&[0, 0, id, 0, self.duration, 0, 0, 0, 0]);
        tkhd.extend(numbers(&self.matrix()));
        tkhd.extend(numbers(&[u32::from(self.size.0) << 16, u32::from(self.size.1) << 16]));
        let mdhd = numbers(&[0, 0, 1000, self.duration, 0]);
        let mut hdlr = numbers(&[0]);
        hdlr.extend_from_slice(&self.handler);
        hdlr.extend([0; 13]);
        let mut stsd = numbers(&[1]);
        stsd.extend(self.entry());
        let count = self.chunks.len() as u32;
        let mut sizes = numbers(&[0, count]);
        sizes.extend(numbers(&self.chunks));
        let mut table = numbers(&[count]);
        for offset in offsets {
            if self.wide {
                table.extend(offset.to_be_bytes());
            } else {
                table.extend((*offset as u32).to_be_bytes());
            }
        }
        let stbl = [
            full(b"stsd", 0, 0, &stsd),
            full(b"stts", 0, 0, &numbers(&[1, count, self.duration / count.max(1)])),
            full(b"stsc", 0, 0, &numbers(&[1, 1, 1, 1])),
            full(b"stsz", 0, 0, &sizes),
            full(if self.wide { b"co64" } else { b"stco" }, 0, 0, &table),
        ]
        .concat();
        let mut dref = numbers(&[1]);
        dref.extend(full(b"url ", 0, self.data_flags, &[]));
        let minf = [boxed(b"dinf", &full(b"dref", 0, 0, &dref)), boxed(b"stbl", &stbl)].concat();
        let mdia = [full(b"mdhd", 0, 0, &mdhd), full(b"hdlr", 0, 0, &hdlr), boxed(b"minf", &minf)].concat();
        boxed(b"trak", &[full(b"tkhd", 0, 3, &tkhd), boxed(b"mdia", &mdia)].concat())
    }
}

#[derive(Clone, Debug)]
pub(crate) struct MovieSpec {
    pub(crate) tracks: Vec<TrackSpec>,
    /// What the movie's header says; 0: unknown.
    pub(crate) duration: u32,
    /// Boxes at the end of the index.
    pub(crate) details: Vec<u8>,
}

impl MovieSpec {
    /// Pictures of H.264, sound of AAC, two seconds.
    pub(crate) fn ordinary() -> Self {
        Self {
            tracks: vec![
                TrackSpec::video(b"avc1", &[900, 300, 500, 100]),
                TrackSpec::audio(b"mp4a", &[40, 50, 60]),
            ],
            duration: 2_000,
            details: Vec::new(),
        }
    }

    /// The index, with the chunks of all tracks one after another from `data` on.
    pub(crate) fn moov(&self, data: u64) -> Vec<u8> {
        let mut mvhd = numbers(&[0, 0, 1000, self.duration, 0x1_0000]);
        mvhd.extend([0; 76]);
        let mut content = full(b"mvhd", 0, 0, &mvhd);
        let mut offset = data;
        for (id, track) in (1..).zip(&self.tracks) {
            let mut offsets = Vec::new();
            for chunk in &track.chunks {
                offsets.push(offset);
                offset += u64::from(*chunk);
            }
            content.extend(track.trak(id, &offsets));
        }
        content.extend_from_slice(&self.details);
        boxed(b"moov", &content)
    }

    /// The bytes of all chunks.
    pub(crate) fn data(&self) -> Vec<u8> {
        let length: u32 = self.tracks.iter().flat_map(|track| &track.chunks).sum();
        (0..length).map(|place| (place * 7 + place / 251) as u8).collect()
    }

    /// ftyp, free, mdat, moov: the index at the end.
    pub(crate) fn index_last(&self) -> Vec<u8> {
        let mut file = [ftyp(), boxed(b"free", &[])].concat();
        let data = file.len() as u64 + 8;
        file.extend(boxed(b"mdat", &self.data()));
        file.extend(self.moov(data));
        file
    }

    /// ftyp, moov, free, mdat.
    pub(crate) fn index_first(&self) -> Vec<u8> {
        let data = ftyp().len() + self.moov(0).len() + 16;
        [ftyp(), self.moov(data as u64), boxed(b"free", &[]), boxed(b"mdat", &self.data())].concat()
    }
}

pub(crate) fn ftyp() -> Vec<u8> {
    boxed(b"ftyp", b"isom\0\0\x02\0isomiso2avc1mp41")
}

/// A descriptor that names an object type, as `mp4v` and `mp4a` have it.
pub(crate) fn esds(object_type: u8) -> Vec<u8> {
    let config = [[4, 0x80, 0x80, 0x80, 13, object_type].as_slice(), &[0; 12]].concat();
    let stream = [[3, 0x80, 0x80, 0x80, 3 + config.len() as u8, 0, 1, 0].as_slice(), &config].concat();
    full(b"esds", 0, 0, &stream)
}

/// All places of `kind` in `file`: where its content begins.
pub(crate) fn places(file: &[u8], kind: &[u8; 4]) -> Vec<usize> {
    file.windows(4).enumerate().filter(|(_, four)| four == kind).map(|(place, _)| place + 4).collect()
}

/// The offsets in all tables of a file, read by a search for their names: a second reader beside the one that is tested.
pub(crate) fn all_offsets(file: &[u8]) -> Vec<u64> {
    let mut tables: Vec<(usize, usize)> = places(file, b"stco").into_iter().map(|place| (place, 4)).collect();
    tables.extend(places(file, b"co64").into_iter().map(|place| (place, 8)));
    tables.sort_unstable();
    let number = |range: Range<usize>| file[range].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    let mut offsets = Vec::new();
    for (place, size) in tables {
        let entries = place + 8;
        let count = number(place + 4..place + 8) as usize;
        offsets.extend((0..count).map(|entry| {
            let start = entries + entry * size;
            number(start..start + size)
        }));
    }
    offsets
}
