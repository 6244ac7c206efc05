//! What a worker has left of the files of another company.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;

use mediary_core::CompanyId;

use super::{Attempt, NEEDS, job, made, pool_of};
use crate::pool::Settings;
use crate::protocol::answer::Made;
use crate::protocol::socket;
use crate::recipe::Needs;
use crate::worker::{self, Order};
use crate::{Error, ErrorKind, Result};

pub(super) const NAME: &str = "find the file of another company";

/// Keeps all bytes and descriptors that it is given, and answers how many files it has of earlier jobs, as the number of pages.
pub(super) fn attack() -> io::Result<()> {
    let mut kept: Vec<(Vec<u8>, File)> = Vec::new();
    while let Some(Order { number, mut input, .. }) = worker::next()? {
        let pages = u32::try_from(kept.len()).ok();
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes)?;
        kept.push((bytes, input));
        socket::write(io::stdin().as_fd(), &made(number, Made { pages, ..Made::default() }))?;
    }
    Ok(())
}

/// One file of a company, two of another one. The second of those shows that the attacker does keep what it is given.
pub(super) async fn attempt(settings: &Settings) -> Result<Attempt> {
    let pool = pool_of(&Settings { max_workers: 1, ..settings.clone() }, NAME)?;
    let (first, second) = (CompanyId(1), CompanyId(2));
    let mut kept = Vec::new();
    for company in [first, second, second] {
        let job = job(company, b"a secret", Needs { alone: false, ..NEEDS }).await?;
        kept.push(pool.run(job).await?.facts.pages);
    }
    match kept.as_slice() {
        [Some(0), Some(of_another), Some(1..)] => Ok(Attempt {
            name: NAME,
            refused: *of_another == 0,
            how: format!("a worker of another company has {of_another} files of the first one"),
        }),
        _ => Err(Error::new(ErrorKind::Worker, "the attacker keeps nothing")),
    }
}
