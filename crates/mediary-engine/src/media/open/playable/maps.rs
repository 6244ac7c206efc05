//! Maps in memory: each is made once, however many ask for it, and there once, however many read it.
//!
//! - A map that is being made is found by who asks for the same (`making`). It is made to its end where nobody waits for it any more:
//!   then the next one finds it.
//! - The maps of a moment ago are cached, as many as fit.
//! - A map that is read is lent to the answers that read it. It is found again (`lent`) where the cache has given it up: a slow reader
//!   keeps the one copy, not one for each.
//! - What is lent is counted for the company whose file it is, and each company may have so much lent and no more. Who reads slowly
//!   from many files stops nobody but their own company.
//!
//! So what one company may have in memory is: its part of the cache, [`LENT_BYTES_PER_COMPANY`], and two maps in the making.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use mediary_core::{CompanyId, Error, ErrorCode, Result, Sha256};
use mediary_derive::VirtualFile;
use moka::sync::Cache;
use parking_lot::Mutex;

use super::Family;
use super::places::Places;

/// Bytes of memory for all cached maps.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// What a map takes in memory beside its own bytes, at least.
const MAP_BYTES: usize = 1024;
/// Bytes of maps that a company's viewers read at once: four of the largest, a hundred of those that people have.
const LENT_BYTES_PER_COMPANY: usize = 4 * mediary_derive::served::MAX_MAP_BYTES;
/// How long a map may take; where storage is slow, the original is there all the same.
const WITHIN: Duration = Duration::from_secs(20);
/// When there may be room again.
const COME_BACK_AFTER: Duration = Duration::from_secs(5);

/// A company's stored bytes, by their hash, and what they are.
pub(super) type Key = (CompanyId, Sha256, Family);

/// How a file is played.
#[derive(Clone, Debug)]
pub(super) enum Playable<M> {
    AsItIs,
    Mapped(M),
    /// It would have to be encoded again.
    Unplayable,
    /// It cannot be, for this reason.
    Not(Arc<str>),
}

type Made = Playable<Arc<VirtualFile>>;
/// A map in the making; the error is for all who wait.
type Making = Shared<BoxFuture<'static, Result<Made, Arc<Error>>>>;

impl Made {
    fn weight(&self) -> u32 {
        let bytes = match self {
            Self::AsItIs | Self::Unplayable => 0,
            Self::Mapped(map) => map.memory_bytes(),
            Self::Not(reason) => reason.len(),
        };
        u32::try_from(bytes + MAP_BYTES).unwrap_or(u32::MAX)
    }
}

/// A map that is read: counted for its company until the last reader has it no more.
#[derive(Debug)]
pub struct LentMap {
    map: Arc<VirtualFile>,
    key: Key,
    table: Arc<Mutex<Table>>,
}

impl Deref for LentMap {
    type Target = VirtualFile;

    fn deref(&self) -> &VirtualFile {
        &self.map
    }
}

impl LentMap {
    fn bytes(map: &VirtualFile) -> usize {
        map.memory_bytes() + MAP_BYTES
    }
}

impl Drop for LentMap {
    fn drop(&mut self) {
        self.table.lock().give_back(&self.key, Self::bytes(&self.map));
    }
}

#[derive(Debug, Default)]
struct Table {
    making: HashMap<Key, Making>,
    lent: HashMap<Key, Weak<LentMap>>,
    /// Of what is lent, by company; none of them is zero.
    lent_bytes: HashMap<CompanyId, usize>,
}

impl Table {
    fn give_back(&mut self, key: &Key, bytes: usize) {
        // Between the end of the last reader and this, another one may have been given a new one: that stays.
        if self.lent.get(key).is_some_and(|lent| lent.strong_count() == 0) {
            self.lent.remove(key);
        }
        if let Some(lent) = self.lent_bytes.get_mut(&key.0) {
            *lent -= bytes;
            if *lent == 0 {
                self.lent_bytes.remove(&key.0);
            }
        }
    }
}

/// Where the map of a file is.
enum Found {
    Lent(Arc<LentMap>),
    Made(Made),
    Making(Making),
}

#[derive(Debug)]
pub(super) struct Maps {
    cached: Cache<Key, Made>,
    places: Arc<Places>,
    table: Arc<Mutex<Table>>,
}

impl Default for Maps {
    fn default() -> Self {
        let weight = |_: &Key, made: &Made| made.weight();
        let cached = Cache::builder().max_capacity(CACHE_BYTES).weigher(weight).build();
        Self { cached, places: Arc::default(), table: Arc::default() }
    }
}

impl Maps {
    /// How a file is played, and the map where there is one. What `make` does blocks; it is called where nobody else makes the same.
    ///
    /// # Errors
    /// `storage_error` with the time to come back: storage is slow, or the company has too much lent or waiting.
    pub(super) async fn get<F>(self: &Arc<Self>, key: Key, make: F) -> Result<Playable<Arc<LentMap>>>
    where
        F: FnOnce() -> Result<Made> + Send + 'static,
    {
        let made = match self.find(key, make) {
            Found::Lent(map) => return Ok(Playable::Mapped(map)),
            Found::Made(made) => made,
            Found::Making(making) => {
                let made = tokio::time::timeout(WITHIN, making).await;
                let made = made.map_err(|_| busy("the file could not be read in time"))?;
                made.map_err(|error| error.for_another())?
            }
        };
        Ok(match made {
            Playable::Mapped(map) => Playable::Mapped(self.lend(key, map)?),
            Playable::AsItIs => Playable::AsItIs,
            Playable::Unplayable => Playable::Unplayable,
            Playable::Not(reason) => Playable::Not(reason),
        })
    }

    /// Under one lock, so that of two who find nothing one makes it and the other waits.
    fn find<F>(self: &Arc<Self>, key: Key, make: F) -> Found
    where
        F: FnOnce() -> Result<Made> + Send + 'static,
    {
        let mut table = self.table.lock();
        if let Some(lent) = table.lent.get(&key).and_then(Weak::upgrade) {
            return Found::Lent(lent);
        }
        if let Some(made) = self.cached.get(&key) {
            return Found::Made(made);
        }
        if let Some(making) = table.making.get(&key) {
            return Found::Making(making.clone());
        }
        let maps = self.clone();
        // A task of its own: who began it may leave, and others wait for it.
        let task = tokio::spawn(async move {
            let made = maps.make(key.0, make).await.map_err(Arc::new);
            let mut table = maps.table.lock();
            // An error of storage is no word on the file.
            if let Ok(made) = &made {
                maps.cached.insert(key, made.clone());
            }
            table.making.remove(&key);
            made
        });
        let making = task.map(|ended| ended.unwrap_or_else(|error| Err(Arc::new(failed(error)))));
        let making = making.boxed().shared();
        table.making.insert(key, making.clone());
        Found::Making(making)
    }

    async fn make<F>(&self, company: CompanyId, make: F) -> Result<Made>
    where
        F: FnOnce() -> Result<Made> + Send + 'static,
    {
        let place = self.places.take(company).await;
        let place = place.ok_or_else(|| busy("too many files of this company wait to be read"))?;
        let made = move || {
            let _place = place;
            make()
        };
        tokio::task::spawn_blocking(made).await.map_err(failed)?
    }

    /// The same one to all who read it at the same time.
    fn lend(&self, key: Key, map: Arc<VirtualFile>) -> Result<Arc<LentMap>> {
        let mut table = self.table.lock();
        if let Some(lent) = table.lent.get(&key).and_then(Weak::upgrade) {
            return Ok(lent);
        }
        let bytes = LentMap::bytes(&map);
        let lent = table.lent_bytes.get(&key.0).copied().unwrap_or_default();
        if lent + bytes > LENT_BYTES_PER_COMPANY {
            return Err(busy("too many large files of this company are being played"));
        }
        table.lent_bytes.insert(key.0, lent + bytes);
        let map = Arc::new(LentMap { map, key, table: self.table.clone() });
        table.lent.insert(key, Arc::downgrade(&map));
        Ok(map)
    }
}

fn busy(reason: &str) -> Error {
    let wait = COME_BACK_AFTER.as_secs();
    Error::refused(ErrorCode::StorageError, format!("{reason}; try again in {wait} seconds"))
        .after(Some(COME_BACK_AFTER))
}

fn failed(error: tokio::task::JoinError) -> Error {
    Error::new(ErrorCode::Internal, "read a file's index").because(error)
}

#[cfg(test)]
mod tests;
