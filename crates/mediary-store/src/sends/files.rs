//! Records of files that were uploaded here: of a message, or of the library.

use mediary_core::{
    AccountId, CompanyId, ConversationId, Integrity, MediaId, MediaPolicy, MessageId, Timestamp, UserId,
};

use super::UploadedFile;
use crate::Result;
use crate::db::Tx;
use crate::ingest::sort_name;
use crate::writes::insert;

/// What a file belongs to.
pub(crate) enum FileOwner<'a> {
    /// As this part of it: zero is the message's own media.
    Message(AccountId, ConversationId, MessageId, u32),
    /// The library of its company, under this name.
    Library(&'a str),
}

/// Adds a file, which is completed, and queues what is made of it: the trigger does so only where a file becomes completed later.
/// WhatsApp never had it under an id that its bytes could be fetched by, so they are here alone from the beginning. `None` if the
/// library has another file of this name.
pub(crate) async fn add_file(
    tx: &mut Tx,
    now: Timestamp,
    company: CompanyId,
    owner: &FileOwner<'_>,
    by: Option<UserId>,
    file: &UploadedFile,
) -> Result<Option<MediaId>> {
    let (account, conversation, message, part, library_name) = match *owner {
        FileOwner::Message(account, conversation, message, part) => {
            (Some(account), Some(conversation), Some(message), part, None)
        }
        FileOwner::Library(name) => (None, None, None, 0, Some(name)),
    };
    let (sql, args) = insert! {
        media_files {
            company_id => company,
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
            uploaded_by => by,
            uploaded => true,
            created_at => now,
            updated_at => now,
        }
        "ON CONFLICT (company_id, library_name) WHERE library_name IS NOT NULL AND is_active DO NOTHING RETURNING id"
    };
    let Some((media,)) = tx.first::<(MediaId,)>(sql, args).await? else { return Ok(None) };
    let (sql, args) = insert! { derivations { company_id => company, id => media, due_at => now } };
    tx.execute(sql, args).await?;
    Ok(Some(media))
}
