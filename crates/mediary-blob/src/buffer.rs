//! Reused buffers. First touch of fresh memory costs more than the copy into it, so buffers come back here.

use std::fmt;
use std::ops::{Deref, DerefMut, Range};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

/// The largest buffer.
pub(crate) const LARGEST: usize = 256 * 1024;

/// Sizes of buffers, and how many of each are kept for reuse: 14 MiB in all.
const CLASSES: [(usize, usize); 3] = [(16 * 1024, 128), (64 * 1024, 64), (LARGEST, 32)];

/// A bounded stock of buffers of 16, 64 and 256 KiB. Clones share it.
#[derive(Clone, Default)]
pub struct BufferPool(Arc<[Mutex<Vec<Vec<u8>>>; CLASSES.len()]>);

impl BufferPool {
    /// A buffer of the smallest size that holds `len` bytes; of the largest size if none does.
    /// Its content is whatever was in it.
    pub fn take(&self, len: usize) -> PooledBuffer {
        let class = CLASSES.iter().position(|(size, _)| len <= *size).unwrap_or(CLASSES.len() - 1);
        let kept = self.0[class].lock().pop();
        let bytes = kept.unwrap_or_else(|| vec![0; CLASSES[class].0]);
        PooledBuffer { bytes, class, pool: self.clone() }
    }

    fn put_back(&self, class: usize, bytes: Vec<u8>) {
        let mut kept = self.0[class].lock();
        if kept.len() < CLASSES[class].1 {
            kept.push(bytes);
        }
    }

    #[cfg(test)]
    fn kept(&self, class: usize) -> usize {
        self.0[class].lock().len()
    }
}

impl fmt::Debug for BufferPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BufferPool")
    }
}

/// A buffer that goes back to its pool when it is dropped.
pub struct PooledBuffer {
    bytes: Vec<u8>,
    class: usize,
    pool: BufferPool,
}

impl PooledBuffer {
    /// A part of it as [`Bytes`]; the buffer goes back when the last clone is gone.
    pub fn into_bytes(self, range: Range<usize>) -> Bytes {
        Bytes::from_owner(self).slice(range)
    }
}

impl Deref for PooledBuffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl DerefMut for PooledBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl AsRef<[u8]> for PooledBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for PooledBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PooledBuffer({} bytes)", self.bytes.len())
    }
}

impl Drop for PooledBuffer {
    fn drop(&mut self) {
        self.pool.put_back(self.class, std::mem::take(&mut self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_return_and_are_used_again() {
        let pool = BufferPool::default();
        let mut buffer = pool.take(10_000);
        assert_eq!(buffer.len(), 16 * 1024);
        buffer[3] = 7;
        let bytes = buffer.into_bytes(2..5);
        let clone = bytes.clone();
        drop(bytes);
        assert_eq!((pool.kept(0), &clone[..]), (0, &[0, 7, 0][..]));
        drop(clone);
        assert_eq!(pool.kept(0), 1);
        assert_eq!(pool.take(1)[3], 7, "the same buffer");
        assert_eq!(pool.take(16 * 1024 + 1).len(), 64 * 1024);
        assert_eq!(pool.take(usize::MAX).len(), LARGEST);
    }

    #[test]
    fn stock_is_bounded() {
        let pool = BufferPool::default();
        let taken: Vec<_> = (0..CLASSES[2].1 + 5).map(|_| pool.take(LARGEST)).collect();
        drop(taken);
        assert_eq!(pool.kept(2), CLASSES[2].1);
    }
}
