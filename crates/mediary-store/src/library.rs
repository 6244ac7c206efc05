//! Files that a company keeps to send them again.
//!
//! Each is a file of `media_files` that belongs to no message and has a name, which no other file in the company's library has. What
//! is sent gets a copy of its bytes, so neither the deletion of the one nor of the other changes anything for its twin.

use mediary_core::{CompanyId, MediaId, Scope, UserId, limits};
use sqlx::AssertSqlSafe;

use crate::people::audit;
use crate::record::Record as _;
use crate::reservations::Reservations;
use crate::scope::and_seen;
use crate::sends::{FileOwner, NewFile, add_files};
use crate::transaction::transaction;
use crate::value::args;
use crate::{
    Actor, Cursor, Error, ErrorKind, MediaFile, Page, PageRequest, Result, Store, UploadedFile, trash,
};

/// A file that is to be kept.
#[derive(Clone, Debug)]
pub struct NewLibraryFile {
    pub name: String,
    pub file: UploadedFile,
    pub added_by: Option<UserId>,
}

/// What became of the wish to keep a file.
#[derive(Clone, Debug)]
pub enum AddedToLibrary {
    Added(Box<MediaFile>),
    /// Another one has this name. The reservation of the key was given up.
    NameTaken,
    /// There are as many as there may be. The reservation of the key was given up.
    Full,
}

/// A condition on files `f` of a company.
const KEPT: &str = "f.library_name IS NOT NULL AND f.is_active";

impl Store {
    /// The library, newest first. It belongs to no conversation, so who sees only some of them does not see it.
    pub async fn library(&self, scope: &Scope, page: &PageRequest) -> Result<Page<MediaFile>> {
        let mut args = args![scope.company()];
        let after = match &page.cursor {
            Some(cursor) => {
                args.extend(args![cursor.as_number()?, cursor.id]);
                " AND (f.created_at, f.id) < ($2, $3)"
            }
            None => "",
        };
        args.push(page.row_count().into());
        let sql = format!(
            "SELECT {} FROM media_files f WHERE f.company_id = $1{} AND {KEPT}{after}
                ORDER BY f.created_at DESC, f.id DESC LIMIT ${}",
            MediaFile::SELECT,
            and_seen(scope, "f.conversation_id"),
            args.len()
        );
        let files: Vec<MediaFile> = self.db().all(AssertSqlSafe(sql), args).await?;
        let cursor = |file: &MediaFile| Cursor::number(file.created_at.millis(), file.id.0);
        Ok(Page::from_rows(files, page.limit, cursor))
    }

    /// A file of the library.
    pub async fn library_file(&self, scope: &Scope, id: MediaId) -> Result<Option<MediaFile>> {
        let file = self.media(scope, id).await?;
        Ok(file.filter(|file| file.library_name.is_some() && file.is_active))
    }

    /// Whether the library has a file of this name. [`Store::add_to_library`] looks again.
    pub async fn library_has(&self, company: CompanyId, name: &str) -> Result<bool> {
        let sql = format!(
            "SELECT f.id FROM media_files f WHERE f.company_id = $1 AND {KEPT} AND f.library_name = $2"
        );
        Ok(self.db().first::<(MediaId,)>(AssertSqlSafe(sql), args![company, name]).await?.is_some())
    }

    /// Keeps a file whose bytes are stored under a reserved key. Fails with `Unrecordable` where the key is not reserved any more: its
    /// bytes are deleted.
    pub async fn add_to_library(
        &self,
        scope: &Scope,
        new: &NewLibraryFile,
        by: &Actor,
    ) -> Result<AddedToLibrary> {
        let (now, company) = (self.now(), scope.company());
        let keys = [(new.file.storage_backend, new.file.storage_key.as_str())];
        let added = transaction!(self.db(), |tx| {
            let reserved = Reservations::hold(tx, company, keys).await?;
            if !reserved.are_complete() {
                reserved.drop_bytes(tx, now, MediaId(0)).await?;
                return Ok(Err(Error::new(
                    ErrorKind::Unrecordable,
                    "the file was deleted again, because more than an hour went by; upload it again",
                )));
            }
            // Two that come at once may pass the limit by one: it is there to bound the library, not to count it.
            let sql = format!(
                "SELECT CAST(COUNT(*) AS BIGINT) FROM media_files f WHERE f.company_id = $1 AND {KEPT}"
            );
            let kept =
                tx.first::<(u64,)>(AssertSqlSafe(sql), args![company]).await?.map_or(0, |(kept,)| kept);
            if kept >= limits::LIBRARY_FILES {
                reserved.are_due(tx, now).await?;
                return Ok(Ok(Err(AddedToLibrary::Full)));
            }
            // Another transaction that adds the same name now, on any node, waits for the end of this one at the unique key.
            let owner = FileOwner::Library(&new.name);
            let file = NewFile { company, owner, by: new.added_by, file: &new.file };
            let Some((media, _)) = add_files(tx, now, &[file]).await?.pop() else {
                reserved.are_due(tx, now).await?;
                return Ok(Ok(Err(AddedToLibrary::NameTaken)));
            };
            reserved.keep_bytes(tx).await?;
            audit::note(tx, now, company, by, "library.added", &format!("media:{media}")).await?;
            Ok(Ok(Ok(media)))
        })?;
        let media = match added? {
            Ok(media) => media,
            Err(refused) => return Ok(refused),
        };
        let file = self.media(&Scope::system(company), media).await?;
        let file = file.ok_or_else(|| Error::internal("a file vanished after it was added"))?;
        Ok(AddedToLibrary::Added(Box::new(file)))
    }

    /// Deletes a file of the library: its record stays and says so, its bytes go with the next sweep. False if there is none.
    pub async fn remove_from_library(
        &self,
        scope: &Scope,
        id: MediaId,
        user: Option<UserId>,
        by: &Actor,
    ) -> Result<bool> {
        // A file of the library stays one until it is deleted, which is decided by the statement that does it.
        if self.library_file(scope, id).await?.is_none() {
            return Ok(false);
        }
        let (now, company) = (self.now(), scope.company());
        transaction!(self.db(), |tx| {
            let removed = trash::delete_media(tx, now, company, id, user).await?;
            if removed {
                audit::note(tx, now, company, by, "library.removed", &format!("media:{id}")).await?;
            }
            Ok(removed)
        })
    }
}
