//! The closed sets of words, as the API description names them. The words themselves stand in `mediary_core` alone.

use std::borrow::Cow;

use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

macro_rules! word_schemas {
    ($($name:ident),+ $(,)?) => { $(
        /// Describes the words of the type of the same name.
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let words = mediary_core::$name::ALL.iter().map(|word| word.as_str());
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )+ };
}

word_schemas! {
    AccountStatus, Direction, DownloadStatus, ErrorCode, FileType, Integrity, MediaPolicy, MessageStatus, MessageType,
    OutgoingType, Provider, RetentionMode, Role, ScanStatus,
}
