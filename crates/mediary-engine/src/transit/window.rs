//! The window of an inbound file in memory while it has viewers: a bounded piece that moves along with the slowest viewer who keeps
//! up. It is dropped with the last viewer.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::line::Line;

/// The most bytes of one file, and of all files together. Beyond that nobody can join from the beginning any more, and a viewer who is
/// too far behind resumes alone.
const FILE_BYTES: u64 = 4 * 1024 * 1024;
const ALL_BYTES: u64 = 8 * 1024 * 1024;

/// The bytes in all windows of a process.
#[derive(Debug, Default)]
pub(crate) struct WindowMemory(AtomicU64);

/// The id of a viewer of a window.
pub(crate) type ViewerId = u64;

/// The result of a read at a viewer's offset.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum WindowRead {
    Bytes(Bytes),
    /// It has not come yet.
    NotYet,
    /// It is no longer here.
    Gone,
}

#[derive(Debug)]
pub(crate) struct Window {
    /// Each with the offset of its first byte.
    chunks: VecDeque<(u64, Bytes)>,
    /// The offset of the first byte of the window, and of its end.
    start: u64,
    end: u64,
    viewers: HashMap<ViewerId, Viewer>,
    next_viewer: ViewerId,
    held: Arc<WindowMemory>,
    line: Line,
}

#[derive(Debug, Default)]
struct Viewer {
    /// The offset of their next byte, and what it was when the others began to wait for them.
    at: u64,
    was_at: u64,
}

impl Window {
    pub(crate) fn new(held: Arc<WindowMemory>, line: Line) -> Self {
        Self {
            chunks: VecDeque::new(),
            start: 0,
            end: 0,
            viewers: HashMap::new(),
            next_viewer: 0,
            held,
            line,
        }
    }

    /// A viewer from the first byte on; `None` if that is gone.
    pub(crate) fn join(&mut self) -> Option<ViewerId> {
        if self.start > 0 {
            return None;
        }
        self.next_viewer += 1;
        self.viewers.insert(self.next_viewer, Viewer::default());
        Some(self.next_viewer)
    }

    pub(crate) fn leave(&mut self, viewer: ViewerId) {
        self.viewers.remove(&viewer);
        self.trim();
    }

    /// The chunk at the viewer's offset, which advances behind it.
    pub(crate) fn take(&mut self, viewer: ViewerId) -> WindowRead {
        let Some(viewer) = self.viewers.get_mut(&viewer) else { return WindowRead::Gone };
        let index = self.chunks.partition_point(|(start, _)| *start < viewer.at);
        let Some((_, chunk)) = self.chunks.get(index) else { return WindowRead::NotYet };
        viewer.at += chunk.len() as u64;
        let chunk = chunk.clone();
        self.trim();
        WindowRead::Bytes(chunk)
    }

    /// Adds received bytes.
    pub(crate) fn push(&mut self, chunk: Bytes) {
        let len = chunk.len() as u64;
        self.chunks.push_back((self.end, chunk));
        self.end += len;
        self.held.0.fetch_add(len, Ordering::Relaxed);
        self.trim();
    }

    /// Whether it holds as much as it may.
    pub(crate) fn is_full(&self) -> bool {
        let len = self.end - self.start;
        len > 0 && (len >= FILE_BYTES || self.held.0.load(Ordering::Relaxed) >= ALL_BYTES)
    }

    /// Starts to observe which viewers keep up.
    pub(crate) fn watch(&mut self) {
        for viewer in self.viewers.values_mut() {
            viewer.was_at = viewer.at;
        }
    }

    /// Detaches those who have taken nothing since then although there was something to take.
    pub(crate) fn detach_slow(&mut self) {
        let end = self.end;
        self.viewers.retain(|_, viewer| viewer.at == end || viewer.at > viewer.was_at);
        self.drop_what_all_have();
    }

    /// Drops chunks that all viewers have read, if the room is needed and nobody is about to join.
    fn trim(&mut self) {
        if self.line.is_empty() {
            self.drop_what_all_have();
        }
    }

    fn drop_what_all_have(&mut self) {
        let slowest = self.viewers.values().map(|viewer| viewer.at).min();
        while self.is_full()
            && let Some((start, first)) = self.chunks.front()
            && slowest.is_none_or(|at| start + first.len() as u64 <= at)
            && self.drop_first()
        {}
    }

    fn drop_first(&mut self) -> bool {
        let Some((start, first)) = self.chunks.pop_front() else { return false };
        self.start = start + first.len() as u64;
        self.held.0.fetch_sub(first.len() as u64, Ordering::Relaxed);
        true
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        while self.drop_first() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNK: usize = 64 * 1024;

    fn window() -> (Window, Arc<WindowMemory>) {
        let held = Arc::new(WindowMemory::default());
        (Window::new(held.clone(), Line::default()), held)
    }

    fn chunk(number: usize) -> Bytes {
        vec![u8::try_from(number % 251).unwrap(); CHUNK].into()
    }

    #[test]
    fn late_reader_gets_the_beginning_while_it_is_kept() {
        let (mut window, held) = window();
        let first = window.join().unwrap();
        for number in 0..3 {
            window.push(chunk(number));
            assert_eq!(window.take(first), WindowRead::Bytes(chunk(number)));
        }
        let second = window.join().unwrap();
        for number in 0..3 {
            assert_eq!(window.take(second), WindowRead::Bytes(chunk(number)));
        }
        assert_eq!((window.take(first), window.take(second)), (WindowRead::NotYet, WindowRead::NotYet));
        drop(window);
        assert_eq!(held.0.load(Ordering::Relaxed), 0, "nothing is left");
    }

    #[test]
    fn long_file_passes_through_a_bounded_window() {
        let (mut window, held) = window();
        let viewer = window.join().unwrap();
        for number in 0..1000 {
            assert!(!window.is_full() || window.end - window.start <= FILE_BYTES);
            window.push(chunk(number));
            assert_eq!(window.take(viewer), WindowRead::Bytes(chunk(number)));
            assert!(held.0.load(Ordering::Relaxed) <= FILE_BYTES);
        }
        assert_eq!(window.end, 1000 * CHUNK as u64);
        assert!(window.join().is_none(), "the beginning is gone");
    }

    #[test]
    fn slow_reader_is_detached_and_fast_reader_continues() {
        let (mut window, _) = window();
        let [fast, slow, stopped] = [(); 3].map(|()| window.join().unwrap());
        let mut number = 0;
        while !window.is_full() {
            window.push(chunk(number));
            assert_eq!(window.take(fast), WindowRead::Bytes(chunk(number)));
            number += 1;
        }
        window.watch();
        assert_eq!(window.take(slow), WindowRead::Bytes(chunk(0)), "all of it is still there for him");
        window.detach_slow();
        assert!(!window.is_full());
        assert_eq!(window.take(stopped), WindowRead::Gone);
        assert_eq!(window.take(slow), WindowRead::Bytes(chunk(1)));
        window.push(chunk(number));
        assert_eq!(window.take(fast), WindowRead::Bytes(chunk(number)));
    }

    #[test]
    fn windows_are_bounded_together() {
        let held = Arc::new(WindowMemory::default());
        let mut windows: Vec<_> = (0..64).map(|_| Window::new(held.clone(), Line::default())).collect();
        let viewers: Vec<_> = windows.iter_mut().map(|window| window.join().unwrap()).collect();
        for number in 0..20 {
            for (window, viewer) in windows.iter_mut().zip(&viewers) {
                window.push(chunk(number));
                assert_eq!(window.take(*viewer), WindowRead::Bytes(chunk(number)));
            }
        }
        assert!(held.0.load(Ordering::Relaxed) <= ALL_BYTES);
        assert!(windows.last_mut().unwrap().join().is_none());
    }
}
