//! What the number and the people of a test are called, and their secrets: none of them may be found in a log or an answer.

/// WhatsApp's id of our number.
pub const PHONE_NUMBER_ID: &str = "106540352242922";
/// The number itself, as webhooks write it.
pub const DISPLAY_PHONE_NUMBER: &str = "15550783881";
pub const WABA_ID: &str = "102290129340398";
pub const APP_SECRET: &str = "the-app-secret-of-the-tests";
pub const ACCESS_TOKEN: &str = "the-access-token-of-the-tests";
pub const VERIFY_TOKEN: &str = "the-verify-token-of-the-tests";
pub const PASSWORD: &str = "correct horse battery";
/// The number of Ana, who writes to us.
pub const ANA: &str = "15550100001";
