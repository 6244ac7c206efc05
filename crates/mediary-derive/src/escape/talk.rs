//! Lies to the program, and other ways to talk to it.

use std::io::{self};
use std::os::fd::AsFd as _;

use mediary_core::VariantKind;

use super::{NEEDS, Outcome, Scene, Try, made};
use crate::jail::Level;
use crate::limits::MAX_MESSAGE_BYTES;
use crate::protocol::answer::{Made, Placed};
use crate::protocol::{Answer, VERSION, socket};

pub(super) const ALL: &[(&str, Try)] = &[
    ("claim a product of 16 exabytes", |scene| place(scene, 0, u64::MAX)),
    ("claim a product larger than the output", |scene| place(scene, 0, NEEDS.output_bytes + 1)),
    ("claim a product that ends beyond the output", |scene| place(scene, NEEDS.output_bytes, 1)),
    ("claim a product whose end wraps around", |scene| place(scene, u64::MAX, 2)),
    ("claim a product without bytes", |scene| place(scene, 0, 0)),
    ("claim many products of the whole output", |scene| {
        let products = (0..64).map(|_| product(0, NEEDS.output_bytes)).collect();
        claim(scene, Made { products, ..Made::default() })
    }),
    ("claim two products of one kind", |scene| {
        claim(scene, Made { products: vec![product(0, 1), product(1, 1)], ..Made::default() })
    }),
    ("claim a product that is a web page", |scene| {
        let page = Placed { mime_type: "text/html".to_owned(), ..product(0, 1) };
        claim(scene, Made { products: vec![page], ..Made::default() })
    }),
    ("claim a picture of four thousand million pixels", |scene| {
        claim(scene, Made { width: Some(u32::MAX), height: Some(1), ..Made::default() })
    }),
    ("claim a duration without end", |scene| {
        claim(scene, Made { duration_ms: Some(u64::MAX), ..Made::default() })
    }),
    ("claim a blurred picture of a thousand bytes", |scene| {
        claim(scene, Made { thumbhash: Some(vec![0; 1000]), ..Made::default() })
    }),
    ("claim a format that controls a terminal", |scene| {
        claim(scene, Made { unplayable: Some("\u{1b}[2J".to_owned()), ..Made::default() })
    }),
    ("answer another job", |scene| answer(&made(scene.order.number + 1, Made::default()))),
    ("answer as if it had just started", |_| {
        answer(&Answer::Ready { version: VERSION, level: Level::default() })
    }),
    ("answer no JSON", |_| say(b"\xff\x00\xff")),
    ("answer JSON without end", |_| say(&[b'['; MAX_MESSAGE_BYTES])),
    ("answer more than is read", |_| say(&[b' '; MAX_MESSAGE_BYTES + 1])),
    ("answer nothing, a hundred thousand times", |_| {
        for _ in 0..100_000 {
            if rustix::io::write(io::stdin().as_fd(), b"null").is_err() {
                break;
            }
        }
        Outcome::Silent
    }),
    ("close the socket and live on", |_| {
        // Its number is that of standard input.
        let _ = nix::unistd::close(0);
        loop {
            std::hint::spin_loop();
        }
    }),
];

fn product(offset: u64, bytes: u64) -> Placed {
    Placed {
        kind: VariantKind::Thumb,
        mime_type: "image/webp".to_owned(),
        width: Some(1),
        height: Some(1),
        duration_ms: None,
        offset,
        bytes,
    }
}

fn place(scene: &Scene, offset: u64, bytes: u64) -> Outcome {
    claim(scene, Made { products: vec![product(offset, bytes)], ..Made::default() })
}

fn claim(scene: &Scene, claimed: Made) -> Outcome {
    answer(&made(scene.order.number, claimed))
}

fn answer(message: &Answer) -> Outcome {
    socket::write(io::stdin().as_fd(), message).map_or_else(|error| of_error(&error), |()| Outcome::Silent)
}

fn say(text: &[u8]) -> Outcome {
    rustix::io::write(io::stdin().as_fd(), text)
        .map_or_else(|error| of_error(&error.into()), |_| Outcome::Silent)
}

fn of_error(error: &io::Error) -> Outcome {
    Outcome::Refused(error.to_string())
}
