//! What stores, and proxies and CDNs in front of them, were seen to do otherwise than S3.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use s3s::dto::{ETag, GetObjectInput, GetObjectOutput, HeadObjectOutput, Range};
use s3s::{S3Result, s3_error};

/// One way to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quirk {
    /// A range is answered with 200 and the whole object.
    WholeForRange,
    /// A range is answered with the one behind it.
    OtherRange,
    /// Any `If-Match` fails with 412.
    RefusesIfMatch,
    /// Any `If-Match` is answered with 501.
    DoesNotKnowIfMatch,
    /// ETags are weakened, so that no `If-Match` fits.
    WeakTags,
    /// The next GET is answered with 403, the others are well.
    ForbiddenOnce,
    /// GET says that its body is compressed.
    Compresses,
    /// No part of an upload is taken.
    NoParts,
    /// A write of an object fails, for another writer was first.
    LosesUploads,
}

/// How the store behaves now. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Behaviour(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    quirk: Mutex<Option<Quirk>>,
    forbidden: AtomicBool,
}

impl Behaviour {
    pub(crate) fn set(&self, quirk: Option<Quirk>) {
        self.0.forbidden.store(false, Ordering::Relaxed);
        *self.0.quirk.lock() = quirk;
    }

    fn is(&self, quirk: Quirk) -> bool {
        *self.0.quirk.lock() == Some(quirk)
    }

    /// What becomes of a GET before it is answered.
    pub(crate) fn get(&self, input: &mut GetObjectInput) -> S3Result<()> {
        if self.is(Quirk::WholeForRange) {
            input.range = None;
        }
        if self.is(Quirk::OtherRange)
            && let Some(Range::Int { first, last }) = input.range
        {
            input.range = Some(Range::Int { first: first + 1, last: last.map(|last| last + 1) });
        }
        if self.is(Quirk::ForbiddenOnce) && !self.0.forbidden.swap(true, Ordering::Relaxed) {
            return Err(s3_error!(AccessDenied));
        }
        if input.if_match.is_some() {
            if self.is(Quirk::RefusesIfMatch) || self.is(Quirk::WeakTags) {
                return Err(s3_error!(PreconditionFailed));
            }
            if self.is(Quirk::DoesNotKnowIfMatch) {
                return Err(s3_error!(NotImplemented));
            }
        }
        Ok(())
    }

    /// What becomes of its answer.
    pub(crate) fn got(&self, output: &mut GetObjectOutput) {
        self.weaken(&mut output.e_tag);
        if self.is(Quirk::Compresses) {
            output.content_encoding = Some("gzip".to_owned());
        }
    }

    pub(crate) fn described(&self, output: &mut HeadObjectOutput) {
        self.weaken(&mut output.e_tag);
    }

    fn weaken(&self, tag: &mut Option<ETag>) {
        if self.is(Quirk::WeakTags) {
            *tag = tag.take().map(|tag| ETag::Weak(tag.value().to_owned()));
        }
    }

    /// What becomes of a part of an upload.
    pub(crate) fn part(&self) -> S3Result<()> {
        if self.is(Quirk::NoParts) { Err(s3_error!(InvalidRequest)) } else { Ok(()) }
    }

    /// What becomes of an object that is to be published.
    pub(crate) fn publish(&self) -> S3Result<()> {
        if self.is(Quirk::LosesUploads) { Err(s3_error!(OperationAborted)) } else { Ok(()) }
    }
}
