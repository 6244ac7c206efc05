//! What a media file is and which states its download goes through.

use crate::text::string_enum;

string_enum! {
    /// A part of what is made of a file, by how long it takes.
    "derivation step" DerivationStep {
        /// Seconds.
        Short = "short",
        /// All that is made of a long recording.
        Recording = "recording",
        /// A video in a form that browsers play.
        Conversion = "conversion",
    }
}

impl DerivationStep {
    /// Those that take minutes.
    pub const LONG: [Self; 2] = [Self::Recording, Self::Conversion];
}

string_enum! {
    /// Something made of a media file, by the name under which it is asked for.
    "variant" VariantKind {
        /// A small picture, 320 pixels at most.
        Thumb = "thumb",
        /// A picture of 1280 pixels at most; of a document its first page.
        Preview = "preview",
        /// A picture of a video.
        Poster = "poster",
        /// The loudness over time.
        Peaks = "peaks",
        /// The same content in a form that browsers play.
        Playable = "playable",
    }
}

string_enum! {
    /// WhatsApp's five kinds of media.
    "file type" FileType {
        Image = "image",
        Video = "video",
        Audio = "audio",
        Document = "document",
        Sticker = "sticker",
    }
}

string_enum! {
    /// Where the download of a media file stands.
    "download status" DownloadStatus {
        /// Waits for a worker, or, under `on_view` and `stream`, for somebody to look.
        Pending = "pending",
        /// A worker holds a lease on it.
        Downloading = "downloading",
        /// Key, size and hash are recorded and storage has the whole file.
        Completed = "completed",
        /// The last try did not work; the record says whether another one comes.
        Failed = "failed",
    }
}

impl DownloadStatus {
    /// Whether a media file may go from this state to `next`. `downloading → pending` is a lease that ran out,
    /// `completed → pending` a stored file that storage lost or an edit that brought other media.
    pub fn may_become(self, next: Self) -> bool {
        use DownloadStatus::{Completed, Downloading, Failed, Pending};
        matches!(
            (self, next),
            (Pending | Failed, Downloading)
                | (Downloading, Completed | Failed | Pending)
                | (Failed | Completed, Pending)
                | (Pending, Failed)
        )
    }
}

string_enum! {
    /// What is known about the stored bytes against the hash that WhatsApp declared.
    "integrity" Integrity {
        Verified = "verified",
        /// WhatsApp served the same other bytes again and again: kept, and shown with a warning.
        Mismatch = "mismatch",
        /// No usable hash was declared.
        Undeclared = "undeclared",
    }
}

string_enum! {
    /// What the content checks say about a file.
    "scan status" ScanStatus {
        /// No scanner looked at it.
        Unscanned = "unscanned",
        Clean = "clean",
        /// Held back: served to nobody until an admin releases it.
        Quarantined = "quarantined",
        /// An admin looked and let it through.
        Released = "released",
    }
}

string_enum! {
    /// Which storage holds a file's bytes.
    "storage backend" StorageBackend {
        Local = "local",
        S3 = "s3",
        R2 = "r2",
    }
}

#[cfg(test)]
mod tests {
    use super::DownloadStatus::{Completed, Downloading, Failed, Pending};

    #[test]
    fn completed_is_only_reached_by_downloading() {
        assert!(Downloading.may_become(Completed));
        for other in [Pending, Failed, Completed] {
            assert!(!other.may_become(Completed), "{other} → completed");
        }
    }

    #[test]
    fn file_can_always_get_back_to_waiting() {
        for from in [Downloading, Failed, Completed] {
            assert!(from.may_become(Pending));
        }
    }
}
