//! Questions that lists of media answer.

use mediary_core::{ConversationId, DownloadStatus, FileType, Timestamp};

use crate::PageRequest;

/// What a list of media is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MediaSort {
    #[default]
    Date,
    Size,
    Name,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    Ascending,
    #[default]
    Descending,
}

/// Which media files. Deleted ones are left out.
#[derive(Clone, Debug, Default)]
pub struct MediaQuery {
    pub conversation: Option<ConversationId>,
    /// Empty means all.
    pub file_types: Vec<FileType>,
    pub download_status: Option<DownloadStatus>,
    /// Created at or after.
    pub from: Option<Timestamp>,
    /// Created before.
    pub to: Option<Timestamp>,
    pub sort: MediaSort,
    pub order: Order,
    pub page: PageRequest,
}
