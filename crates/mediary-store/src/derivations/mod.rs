//! What is made of stored files: derivations as jobs, one for a file, and variants as what they leave in storage.
//!
//! **A derivation follows its file.** The triggers of step 30 change it in the transaction that changes the file, whichever program
//! does so. It is due, or runs, only while its file is completed; it waits without a time while the file's bytes have to be fetched
//! or found; and it waits again, without its variants, once they are gone or others. Its row stays as long as its file's does, since
//! the number of its lease must never be set back: a holder from before the change could be taken for one from after it.
//! What adds rows otherwise (a viewer, `queue`) holds the file first, so that it cannot change in between.
//!
//! **No byte without a row**, and no row without bytes, with any number of nodes:
//!
//! 1. A key of a variant is made for one attempt, at random, and never given twice. Before its bytes are written it is *reserved*: an
//!    entry in the trash, due in an hour. So whatever dies before the result is recorded, the sweep removes the bytes.
//! 2. A result locks its reservations, then its file (`finish`). A sweep takes them in that order, too, and skips what is locked.
//! 3. Either the result comes first: it removes the reservations in the transaction that writes the variants. A sweep that waited
//!    for the file finds that a variant names the key, and leaves the bytes alone; other sweeps find no entry.
//! 4. Or the sweep comes first: it has written `given_up` before the lock is free, or the entry is gone. The result is then refused as
//!    a whole, and what is left of its reservations is due at once.
//! 5. The file is locked before its hash and its state are read, so no deletion, and no other file in its place, comes between that
//!    and the variants. Afterwards its triggers find the variants, and their keys go into the trash with the file's.
//! 6. Whatever deletes the row of a variant, a cascade too, puts its key into the trash in the same transaction, by a trigger.
//! 7. Who hangs for more than an hour between reservation and write may write after the sweep. Nothing ever names such bytes: the
//!    result that is refused puts their keys into the trash again, and where there is none, the daily check of the storage finds them.
//!
//! A move of a variant (`moves`) reserves its new key and records it in the same way.

mod claim;
mod finish;
mod moves;
mod queue;
mod types;
mod variants;

pub(crate) use claim::LastServed;
pub use types::*;
