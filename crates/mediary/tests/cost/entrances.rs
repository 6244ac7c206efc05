//! What an entrance is: a place where strangers' input comes in, and one dimension in which it can grow.

use std::cell::LazyCell;

use crate::house::House;
use crate::{files, imports, requests, webhooks};

/// What is done with the input, once it is made.
pub(crate) type Enter<'h> = Box<dyn FnMut() + 'h>;
/// Makes the input. Most need no house, and a house takes long to build.
type Prepare = fn(&LazyCell<House>, usize) -> Enter<'_>;

pub(crate) struct Entrance {
    pub(crate) name: &'static str,
    /// The smaller of the two inputs, in units of the dimension. With 0 there is next to none.
    pub(crate) size: usize,
    pub(crate) way: Way,
}

/// Who enters, and how.
pub(crate) enum Way {
    /// Somebody whose signature or key was looked at.
    Known(Prepare),
    Anybody(Prepare),
    /// Anybody with the body of a webhook: the accounts that it is for.
    UnsignedBody(fn(usize) -> Vec<u8>),
    /// Anybody with the body of a webhook, sent to the server.
    WronglySignedBody(fn(usize) -> Vec<u8>),
}

impl Entrance {
    /// What is counted for one size.
    pub(crate) fn prepare<'h>(&self, house: &'h LazyCell<House>, size: usize) -> Enter<'h> {
        match self.way {
            Way::Known(prepare) | Way::Anybody(prepare) => prepare(house, size),
            Way::UnsignedBody(body) => {
                let body = body(size);
                Box::new(move || webhooks::look(&body))
            }
            Way::WronglySignedBody(body) => {
                let body = body(size);
                house.accounts(20);
                house.forget_accounts();
                Box::new(move || webhooks::send(house, &body))
            }
        }
    }

    /// What is measured in times of its hash.
    pub(crate) fn body(&self) -> Option<fn(usize) -> Vec<u8>> {
        match self.way {
            Way::Known(_) | Way::Anybody(_) => None,
            Way::UnsignedBody(body) | Way::WronglySignedBody(body) => Some(body),
        }
    }
}

pub(crate) const fn known(name: &'static str, size: usize, prepare: Prepare) -> Entrance {
    Entrance { name, size, way: Way::Known(prepare) }
}

pub(crate) const fn anybody(name: &'static str, size: usize, prepare: Prepare) -> Entrance {
    Entrance { name, size, way: Way::Anybody(prepare) }
}

/// By the two processes that look at them, so that they take about as long: what is asked of the server, and the rest.
pub(crate) fn all() -> [Vec<Entrance>; 2] {
    let asked = [webhooks::wrongly_signed(), requests::anonymous(), requests::with_a_key()];
    let others = [
        webhooks::before_a_signature(),
        webhooks::signed(),
        files::all(),
        webhooks::recorded(),
        imports::all(),
    ];
    [asked.into_iter().flatten().collect(), others.into_iter().flatten().collect()]
}
