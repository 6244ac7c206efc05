//! What a company wants done with its media.

use crate::text::string_enum;

string_enum! {
    /// What happens to media when a message arrives and when somebody looks at it.
    "media policy" MediaPolicy {
        /// Download at once and keep.
        Store = "store",
        /// Keep what somebody looked at.
        OnView = "on_view",
        /// Keep nothing but metadata; every view streams from WhatsApp.
        Stream = "stream",
    }
}

impl MediaPolicy {
    /// Whether bytes may come to rest in storage.
    pub const fn keeps_bytes(self) -> bool {
        !matches!(self, Self::Stream)
    }

    /// Whether a download is queued as soon as the message arrives.
    pub const fn downloads_on_arrival(self) -> bool {
        matches!(self, Self::Store)
    }
}

string_enum! {
    /// Who carries an account's messages between us and WhatsApp.
    "provider" Provider {
        /// Meta itself, by its Cloud API.
        Meta = "meta",
        /// AWS End User Messaging Social.
        Aws = "aws",
        /// 360dialog, which passes Meta's Cloud API on.
        Dialog360 = "dialog360",
    }
}

string_enum! {
    /// Whether a WhatsApp account can be used.
    "account status" AccountStatus {
        Active = "active",
        /// WhatsApp refused the token; downloads wait until an admin renews it.
        NeedsToken = "needs_token",
        Disabled = "disabled",
    }
}

string_enum! {
    /// What is done to a company's media files after somebody decided it, some of them at a time.
    "media task" MediaTask {
        /// Files that are not here do what the policy says that holds now.
        FollowPolicy = "follow_policy",
        /// What was kept before the policy said to keep nothing goes.
        Erase = "erase",
    }
}
