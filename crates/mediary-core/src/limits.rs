//! Every fixed bound in one place, each with what it protects. What an operator may change is in [`crate::RetryRules`]
//! or in the configuration; these are the defaults and the hard stops.

use std::time::Duration;

use crate::FileType;

/// Meta sends bodies of up to 3 MB; anything larger is not from Meta.
pub const WEBHOOK_BODY_BYTES: usize = 3 * 1024 * 1024;
/// JSON bodies of the API.
pub const API_BODY_BYTES: usize = 256 * 1024;
/// Requests of the API that may be worked on at once, until the head of their answer, before new ones get 503.
pub const API_REQUESTS_IN_FLIGHT: usize = 1024;
/// What a company has of requests under way, listeners, uploads in parts and links to archives: one of its people or keys has at most one
/// in so many, so that nobody takes what the others need.
pub const MEMBER_SHARE: usize = 2;
/// Files of one company that are on their way into storage at once, to be sent, before the next one gets 429; and of all companies,
/// before the next one gets 503. With S3 each has a part of some megabytes in memory, for as long as a slow client takes.
pub const UPLOADS_IN_FLIGHT_PER_COMPANY: usize = 8;
pub const UPLOADS_IN_FLIGHT: usize = 64;
/// Files of one company that come in several requests and are not over, before the next one gets 429.
pub const PARTIAL_UPLOADS_PER_COMPANY: usize = 32;
/// Parts of such a file, each what came in one request or 8 MiB of it: a line that breaks all the time makes many.
pub const UPLOAD_PARTS: i64 = 1000;
pub const UPLOAD_PART_BYTES: u64 = 8 * 1024 * 1024;
/// Connections open at once, where the process may have so many open files.
pub const CONNECTIONS: usize = 8192;
/// Stored files kept open for the next view, where the process may have so many open files.
pub const FILES_KEPT_OPEN: usize = 1024;
/// Webhook bodies that may wait for their commit before new ones are refused with 503.
pub const WEBHOOK_QUEUE: usize = 1024;
/// Webhook bodies committed together.
pub const WEBHOOK_BATCH: usize = 256;
/// Bytes of webhook bodies that may be in memory at once, waiting for their rest or their commit; of these, some are kept for
/// bodies of the usual size, so that a few large ones that never end do not hold up all others.
pub const WEBHOOK_BYTES_IN_FLIGHT: usize = 64 * 1024 * 1024;
pub const SMALL_WEBHOOK_BYTES_IN_FLIGHT: usize = 16 * 1024 * 1024;
pub const SMALL_WEBHOOK_BYTES: usize = 64 * 1024;

/// Items on a page of a list, unless the caller says otherwise, and at most.
pub const PAGE_DEFAULT: u32 = 20;
pub const PAGE_MAX: u32 = 100;
/// JSON of the items on a page, which ends earlier where they are large. One item is there in any case.
pub const PAGE_BYTES: usize = 512 * 1024;
/// A hit of a search has no more of a text than WhatsApp takes of one, and of the places of words in a field no more than people look at.
pub const SEARCH_TEXT_CHARS: usize = 4096;
pub const SEARCH_MARKS: usize = 32;
/// Files of one message besides its own media: a form takes 30 photos and as many documents, a carousel has 10 cards.
pub const ATTACHMENTS: usize = 64;
/// Characters of a search text, a name or another short field.
pub const SHORT_TEXT_CHARS: usize = 200;

/// How far WhatsApp's clock, or another node's, may be ahead of ours.
pub const CLOCKS_DIFFER_BY: Duration = Duration::from_secs(300);
/// No answer of WhatsApp makes us wait longer than this, whatever it says.
pub const PROVIDER_WAIT_MAX: Duration = Duration::from_secs(24 * 3600);

/// A line of an import: one message with its raw payload.
pub const IMPORT_LINE_BYTES: usize = 256 * 1024;
/// How far ahead the clock of an older system may have been.
pub const IMPORT_CLOCK_SKEW: Duration = Duration::from_secs(24 * 3600);

/// WhatsApp takes files of up to 100 MB from its users; above that it reports error 131052 and sends no media id.
pub const INBOUND_FILE_BYTES: u64 = 100 * 1024 * 1024;
/// A Graph API answer that is not media.
pub const GRAPH_ANSWER_BYTES: usize = 1024 * 1024;
/// How long WhatsApp keeps media that a webhook announced, counted from the message's own time.
pub const PROVIDER_MEDIA_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);
/// A temporary media URL lives five minutes; we trust one for less, so that it does not die under way.
pub const PROVIDER_URL_TRUST: Duration = Duration::from_secs(4 * 60);

/// Downloads in all and per company, unless configured.
pub const WORKERS_DEFAULT: usize = 16;
pub const DOWNLOADS_PER_COMPANY_DEFAULT: usize = 4;

/// Processes that read media files at once, where the machine has so many processors, and the memory of all of them together. A
/// large photo may take 512 MiB, a recording 224.
pub const MEDIA_WORKERS: usize = 8;
pub const MEDIA_WORKERS_MEMORY_BYTES: u64 = 1024 * 1024 * 1024;

/// Live events of a company remembered for clients that come back with `Last-Event-ID`; of all companies together, which
/// share that; and companies that have any.
pub const EVENT_HISTORY: usize = 4096;
pub const EVENT_HISTORY_IN_ALL: usize = 16 * EVENT_HISTORY;
pub const EVENT_HISTORY_COMPANIES: usize = 1024;
/// Live-event listeners per company.
pub const EVENT_LISTENERS_PER_COMPANY: usize = 512;
/// Silence on an event stream before a heartbeat.
pub const EVENT_HEARTBEAT: Duration = Duration::from_secs(10);

/// A session ends after this long without use, and in any case after `SESSION_LIFE_MAX`.
pub const SESSION_IDLE: Duration = Duration::from_secs(14 * 24 * 3600);
pub const SESSION_LIFE_MAX: Duration = Duration::from_secs(90 * 24 * 3600);
/// A signed link lives at most this long.
pub const SIGNED_LINK_MAX: Duration = Duration::from_secs(7 * 24 * 3600);
/// Wrong log-ins a minute before the next wrong ones are told to wait.
pub const WRONG_LOGINS_PER_EMAIL: u32 = 10;
pub const WRONG_LOGINS_PER_ADDRESS: u32 = 50;
/// Wrong log-ins a minute before no further password is looked at: from one address for one e-mail, from one address at
/// all, and for one e-mail from everywhere. Up to here a right password still gets in.
pub const UNCHECKED_LOGINS_PER_EMAIL_AND_ADDRESS: u32 = 2 * WRONG_LOGINS_PER_EMAIL;
pub const UNCHECKED_LOGINS_PER_ADDRESS: u32 = 2 * WRONG_LOGINS_PER_ADDRESS;
pub const UNCHECKED_LOGINS_PER_EMAIL: u32 = 200;
/// Checks of one WhatsApp account in a minute, each of which asks WhatsApp three times or a few more.
pub const ACCOUNT_CHECKS_PER_MINUTE: u32 = 6;
/// Links to archives that one user or key makes in a minute.
pub const ARCHIVE_LINKS_PER_MINUTE: u32 = 20;
/// Log-ins that may be under way at once, in all and from one address. Their bodies come from strangers and their
/// passwords take a core's time, so they may not take every place there is for requests.
pub const LOGINS_IN_FLIGHT: usize = 256;
pub const LOGINS_IN_FLIGHT_PER_ADDRESS: usize = 16;

/// Files of a company that no record names and that are remembered from one daily look to the next.
pub const UNTRACKED_REMEMBERED: u64 = 100_000;
/// Where the daily look finds more such files than this, and more than files with a record, it removes none: somebody else's storage, or
/// somebody else's database, is likelier then than that much litter.
pub const UNTRACKED_UNSUSPECTED: u64 = 100;

/// Statuses, edits and revocations of an account that wait for their message. Programs that send past Mediary leave one for each
/// message that never comes here.
pub const WAITING_UPDATES_PER_ACCOUNT: u32 = 50_000;

/// Files that a company keeps to send them again.
pub const LIBRARY_FILES: u64 = 1000;
/// Files of one request that sends messages. Each lies in a temporary file, or in an unfinished upload, until the last one is whole.
pub const FILES_SENT_AT_ONCE: usize = 10;
/// And their bytes together, where they come in a form.
pub const BYTES_SENT_AT_ONCE: u64 = 250_000_000;

/// Conversations that a message is sent on to at once, and messages that one request queues at most.
pub const FORWARDED_TO_AT_ONCE: usize = 20;
pub const SENT_AT_ONCE: usize =
    if FORWARDED_TO_AT_ONCE > FILES_SENT_AT_ONCE { FORWARDED_TO_AT_ONCE } else { FILES_SENT_AT_ONCE };

/// Files that are chosen for an archive, and files of an archive: what is known of each is in memory while it is sent.
pub const ARCHIVE_CHOSEN_FILES: usize = 1000;
pub const ARCHIVE_FILES: usize = 10_000;
/// Archives that are sent at once, before the next one gets 429: to one reader (a user, a key, or all who have one link), by all links of
/// one company, and of one company; and of all companies, before the next one gets 503. Each may take hours, so none of them may take
/// all that there is for the one after it.
pub const ARCHIVES_AT_ONCE_PER_READER: usize = 2;
pub const ARCHIVES_AT_ONCE_BY_LINKS: usize = 4;
pub const ARCHIVES_AT_ONCE_PER_COMPANY: usize = 8;
pub const ARCHIVES_AT_ONCE: usize = 64;
/// Who reads an archive slower than this, on average over about a minute, is cut off, and may continue it by range.
pub const ARCHIVE_READER_BYTES_PER_SECOND: u64 = 16 * 1024;
/// Links to archives of one company that have not ended, each a row with as many as [`ARCHIVE_CHOSEN_FILES`] ids, before the next one gets
/// 429 until the first of them ends.
pub const ARCHIVE_LINKS_PER_COMPANY: u64 = 1000;
/// How long a link to an archive lives: long enough for a large one over a slow line.
pub const ARCHIVE_LINK_LIFE: Duration = Duration::from_secs(24 * 3600);

/// How long one entry of the audit log stands for all that its viewer reads of a file: a player reads it in hundreds of parts.
pub const AUDITED_VIEW_PERIOD: Duration = Duration::from_secs(15 * 60);

/// Days of a retention, at most: a hundred years. Longer is for ever.
pub const RETENTION_DAYS_MAX: i64 = 36_500;

/// The largest file WhatsApp takes from a business, in bytes of 10^6 (Meta does not say which megabyte it means).
pub const fn outbound_file_bytes(kind: FileType, animated: bool) -> u64 {
    match kind {
        FileType::Image => 5_000_000,
        FileType::Video | FileType::Audio => 16_000_000,
        FileType::Document => 100_000_000,
        FileType::Sticker if animated => 500_000,
        FileType::Sticker => 100_000,
    }
}
