//! Records of files that were uploaded here: of a message, or of the library.

use mediary_core::{
    AccountId, CompanyId, ConversationId, Integrity, MediaId, MediaPolicy, MessageId, Timestamp, UserId,
};

use super::UploadedFile;
use crate::Result;
use crate::bulk::Bulk;
use crate::db::Tx;
use crate::ingest::sort_name;
use crate::writes::{Row, row};

/// What a file belongs to.
pub(crate) enum FileOwner<'a> {
    /// As this part of it: zero is the message's own media.
    Message(AccountId, ConversationId, MessageId, u32),
    /// The library of its company, under this name.
    Library(&'a str),
}

/// A file that is to be recorded.
pub(crate) struct NewFile<'a> {
    pub(crate) company: CompanyId,
    pub(crate) owner: FileOwner<'a>,
    pub(crate) by: Option<UserId>,
    pub(crate) file: &'a UploadedFile,
}

/// Adds files, which are completed, and queues what is made of them: the trigger does so only where a file becomes completed later.
/// WhatsApp never had them under an id that their bytes could be fetched by, so they are here alone from the beginning. Returns their ids
/// with those of their messages; one is left out whose library has another file of its name.
pub(crate) async fn add_files(
    tx: &mut Tx,
    now: Timestamp,
    new: &[NewFile<'_>],
) -> Result<Vec<(MediaId, Option<MessageId>)>> {
    let mut insert = Bulk::insert(
        "media_files",
        "ON CONFLICT (company_id, library_name) WHERE library_name IS NOT NULL AND is_active DO NOTHING
            RETURNING company_id, id, message_id",
    );
    new.iter().for_each(|file| insert.push(row_of(file, now)));
    let added: Vec<(CompanyId, MediaId, Option<MessageId>)> = insert.run(tx).await?;
    let mut derive = Bulk::insert("derivations", "");
    for (company, media, _) in &added {
        derive.push(row! { company_id => *company, id => *media, due_at => now });
    }
    derive.execute(tx).await?;
    Ok(added.into_iter().map(|(_, media, message)| (media, message)).collect())
}

fn row_of(NewFile { company, owner, by, file }: &NewFile<'_>, now: Timestamp) -> Row {
    let (account, conversation, message, part, library_name) = match *owner {
        FileOwner::Message(account, conversation, message, part) => {
            (Some(account), Some(conversation), Some(message), part, None)
        }
        FileOwner::Library(name) => (None, None, None, 0, Some(name)),
    };
    row! {
        company_id => *company,
        account_id => account,
        conversation_id => conversation,
        message_id => message,
        part => part,
        library_name => library_name,
        policy => MediaPolicy::Store,
        file_type => file.file_type,
        mime_type => file.mime_type.as_str(),
        detected_mime_type => file.detected_mime_type.as_deref(),
        file_name => file.file_name.as_deref(),
        sort_name => sort_name(file.file_name.as_deref()),
        file_size => file.file_size,
        declared_size => file.file_size,
        sha256 => file.sha256,
        voice => file.voice,
        animated => file.animated,
        storage_key => file.storage_key.as_str(),
        storage_backend => file.storage_backend,
        file_url => file.file_url.as_str(),
        stored_at => now,
        download_status => "completed",
        bytes_downloaded => file.file_size,
        integrity => Integrity::Undeclared,
        scan_status => file.scan_status,
        expires_at => now,
        uploaded_by => *by,
        uploaded => true,
        created_at => now,
        updated_at => now,
    }
}
