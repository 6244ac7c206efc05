//! Signature Version 4, as the receiver of a call checks it: made again from the request and the secret.

use aws_lc_rs::{constant_time, digest, hmac};
use data_encoding::HEXLOWER;
use http::{HeaderMap, Method, Uri};

const SERVICE: &str = "social-messaging";

/// A call as it came.
pub(super) struct Call<'a> {
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

impl<'a> Call<'a> {
    fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn part(&self, name: &str) -> Option<&'a str> {
        let parts = self.header("authorization")?.strip_prefix("AWS4-HMAC-SHA256 ")?;
        parts.split(", ").find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
    }

    pub(super) fn key_id(&self) -> Option<&'a str> {
        self.part("Credential")?.split('/').next()
    }

    pub(super) fn is_signed_with(&self, secret: &str) -> bool {
        let given = self.part("Signature").unwrap_or_default();
        let made = self.signature(secret).unwrap_or_default();
        !made.is_empty() && constant_time::verify_slices_are_equal(made.as_bytes(), given.as_bytes()).is_ok()
    }

    fn signature(&self, secret: &str) -> Option<String> {
        let (_, scope) = self.part("Credential")?.split_once('/')?;
        let [date, region, service, "aws4_request"] = scope.split('/').collect::<Vec<_>>()[..] else {
            return None;
        };
        let hash = hex(digest::digest(&digest::SHA256, self.body).as_ref());
        if service != SERVICE || self.header("x-amz-content-sha256")? != hash {
            return None;
        }
        let request = hex(digest::digest(&digest::SHA256, self.canonical(&hash)?.as_bytes()).as_ref());
        let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{request}", self.header("x-amz-date")?);
        let keys = [date, region, service, "aws4_request", &text];
        let first = format!("AWS4{secret}").into_bytes();
        let signed = keys.iter().fold(first, |key, text| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
            hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
        });
        Some(hex(&signed))
    }

    /// The request in the one form in which it is signed.
    fn canonical(&self, hash: &str) -> Option<String> {
        let mut query: Vec<&str> = self.uri.query().unwrap_or_default().split('&').collect();
        query.sort_unstable();
        let signed = self.part("SignedHeaders")?;
        let headers = signed.split(';').map(|name| Some(format!("{name}:{}\n", self.header(name)?.trim())));
        let headers: String = headers.collect::<Option<_>>()?;
        let (method, path, query) = (self.method, self.uri.path(), query.join("&"));
        Some(format!("{method}\n{path}\n{query}\n{headers}\n{signed}\n{hash}"))
    }
}

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}
