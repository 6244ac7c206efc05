//! The stable codes by which every failure is known: in answers, in records, in logs and in the inbox.

use crate::text::string_enum;

string_enum! {
    /// A failure, by its stable code. HTTP statuses are chosen by the server alone.
    "error code" ErrorCode {
        ValidationError = "validation_error",
        Unauthorized = "unauthorized",
        Forbidden = "forbidden",
        NotFound = "not_found",
        Conflict = "conflict",
        MediaExpired = "media_expired",
        MediaDeleted = "media_deleted",
        PayloadTooLarge = "payload_too_large",
        UnsupportedMediaType = "unsupported_media_type",
        RangeNotSatisfiable = "range_not_satisfiable",
        LinkExpired = "link_expired",
        RateLimited = "rate_limited",
        ProviderUnauthorized = "provider_unauthorized",
        ProviderRateLimited = "provider_rate_limited",
        ProviderUnavailable = "provider_unavailable",
        ProviderTimeout = "provider_timeout",
        IntegrityMismatch = "integrity_mismatch",
        MediaQuarantined = "media_quarantined",
        StorageError = "storage_error",
        StorageFull = "storage_full",
        Internal = "internal",
    }
}

impl ErrorCode {
    /// Whether trying the same again can help without anybody doing something first.
    pub const fn retryable(self) -> bool {
        matches!(
            self,
            Self::RateLimited
                | Self::ProviderRateLimited
                | Self::ProviderUnavailable
                | Self::ProviderTimeout
                | Self::IntegrityMismatch
                | Self::StorageError
                | Self::StorageFull
                | Self::Internal
        )
    }

    /// What happened and what to do, for the person who sees it.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::ValidationError => "Something in the request is not right; see the named fields.",
            Self::Unauthorized => "Please log in, or send a valid API key.",
            Self::Forbidden => "Your role does not allow this; ask an administrator.",
            Self::NotFound => "There is nothing here, or it is not yours to see.",
            Self::Conflict => "This has already been done.",
            Self::MediaExpired => {
                "WhatsApp no longer has this file, and no copy was kept. Ask the sender to send it again."
            }
            Self::MediaDeleted => "This file was deleted.",
            Self::PayloadTooLarge => "This is larger than what is allowed.",
            Self::UnsupportedMediaType => {
                "WhatsApp does not carry this kind of file, or the file is not what its name says."
            }
            Self::RangeNotSatisfiable => "The requested part lies beyond the end of the file.",
            Self::LinkExpired => "This link has ended. Ask for a new one.",
            Self::RateLimited => "Too many requests. Please wait a moment.",
            Self::ProviderUnauthorized => {
                "WhatsApp refused the access token. An administrator has to renew it; downloads resume by themselves then."
            }
            Self::ProviderRateLimited => "WhatsApp asks us to slow down. It will be tried again by itself.",
            Self::ProviderUnavailable => {
                "WhatsApp could not be reached or answered with an error. It will be tried again by itself."
            }
            Self::ProviderTimeout => "WhatsApp took too long to answer. It will be tried again by itself.",
            Self::IntegrityMismatch => {
                "The file that arrived is not the one WhatsApp announced. It was not kept and will be fetched again."
            }
            Self::MediaQuarantined => {
                "This file is held back because its content is not what it claims to be. An administrator can release it."
            }
            Self::StorageError => "Our storage did not answer. Nothing was lost; it will be tried again.",
            Self::StorageFull => {
                "Our storage is full. Nothing was lost; storing resumes as soon as there is room."
            }
            Self::Internal => "Something went wrong on our side. The request id finds it in the log.",
        }
    }
}
