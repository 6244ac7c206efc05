//! Whether the bytes that arrived are the ones that WhatsApp declared.

use mediary_core::{Integrity, Sha256};

use super::decide::{Problem, SAME_MISMATCHES_TO_KEEP};

/// What WhatsApp declared about a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DeclaredContent {
    pub(super) sha256: Option<Sha256>,
    pub(super) size: Option<u64>,
}

/// The wrong bytes of earlier attempts, and how often in a row they came.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct EarlierMismatch {
    pub(super) sha256: Option<Sha256>,
    pub(super) times: i64,
}

/// Judges a complete body. If a hash was declared, it alone decides, else the length. An empty file is never kept, whatever was
/// declared and however often it comes.
pub(super) fn judge(
    size: u64,
    sha256: Sha256,
    declared: DeclaredContent,
    earlier: EarlierMismatch,
) -> Result<Integrity, Problem> {
    let zero_is_right = match declared.size {
        Some(declared) => declared == 0,
        None => declared.sha256.is_none_or(|declared| declared == Sha256::EMPTY),
    };
    if size == 0 {
        return Err(if zero_is_right { Problem::Empty } else { Problem::WrongBytes { sha256 } });
    }
    let as_declared = match (declared.sha256, declared.size) {
        (Some(declared), _) => sha256 == declared,
        (None, Some(declared)) => size == declared,
        (None, None) => true,
    };
    if as_declared {
        let verified = declared.sha256.is_some();
        return Ok(if verified { Integrity::Verified } else { Integrity::Undeclared });
    }
    let times = if earlier.sha256 == Some(sha256) { earlier.times + 1 } else { 1 };
    if times >= SAME_MISMATCHES_TO_KEEP {
        Ok(Integrity::Mismatch)
    } else {
        Err(Problem::WrongBytes { sha256 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: Sha256 = Sha256([1; 32]);
    const OTHER: Sha256 = Sha256([2; 32]);

    fn declared(sha256: Option<Sha256>, size: Option<u64>) -> DeclaredContent {
        DeclaredContent { sha256, size }
    }

    #[test]
    fn declared_hash_decides() {
        let never = EarlierMismatch::default();
        assert_eq!(judge(5, RIGHT, declared(Some(RIGHT), Some(5)), never), Ok(Integrity::Verified));
        assert_eq!(judge(5, RIGHT, declared(Some(RIGHT), Some(6)), never), Ok(Integrity::Verified));
        let wrong = Err(Problem::WrongBytes { sha256: OTHER });
        assert_eq!(judge(5, OTHER, declared(Some(RIGHT), Some(5)), never), wrong);
    }

    #[test]
    fn declared_length_decides_where_no_hash_is_declared() {
        let never = EarlierMismatch::default();
        assert_eq!(judge(5, OTHER, declared(None, Some(5)), never), Ok(Integrity::Undeclared));
        assert_eq!(judge(5, OTHER, declared(None, None), never), Ok(Integrity::Undeclared));
        let wrong = Err(Problem::WrongBytes { sha256: OTHER });
        assert_eq!(judge(4, OTHER, declared(None, Some(5)), never), wrong);
    }

    #[test]
    fn wrong_bytes_are_kept_the_third_time_running() {
        let declared = declared(Some(RIGHT), None);
        let after =
            |sha256, times| judge(5, OTHER, declared, EarlierMismatch { sha256: Some(sha256), times });
        let wrong = Err(Problem::WrongBytes { sha256: OTHER });
        assert_eq!(after(OTHER, 1), wrong);
        assert_eq!(after(OTHER, 2), Ok(Integrity::Mismatch));
        assert_eq!(after(Sha256([3; 32]), 2), wrong, "another wrong hash starts the count again");
        let right = judge(5, RIGHT, declared, EarlierMismatch { sha256: Some(OTHER), times: 2 });
        assert_eq!(right, Ok(Integrity::Verified));
    }

    #[test]
    fn empty_file_is_never_kept_however_often_it_comes() {
        for times in [0, 1, 2, 3, 1000] {
            let earlier = EarlierMismatch { sha256: Some(Sha256::EMPTY), times };
            for declared in [
                declared(Some(RIGHT), None),
                declared(Some(RIGHT), Some(5)),
                declared(None, Some(5)),
                declared(Some(Sha256::EMPTY), Some(5)),
            ] {
                let wrong = Err(Problem::WrongBytes { sha256: Sha256::EMPTY });
                assert_eq!(judge(0, Sha256::EMPTY, declared, earlier), wrong, "{declared:?} after {times}");
            }
            for declared in [declared(None, None), declared(None, Some(0)), declared(Some(RIGHT), Some(0))] {
                assert_eq!(judge(0, Sha256::EMPTY, declared, earlier), Err(Problem::Empty), "{declared:?}");
            }
        }
    }

    #[test]
    fn empty_file_is_final_only_where_nothing_was_declared() {
        let never = EarlierMismatch::default();
        let zero = Some(0);
        for none in [
            declared(None, None),
            declared(None, zero),
            declared(Some(Sha256::EMPTY), None),
            declared(Some(RIGHT), zero),
        ] {
            assert_eq!(judge(0, Sha256::EMPTY, none, never), Err(Problem::Empty), "{none:?}");
        }
        let wrong = Err(Problem::WrongBytes { sha256: Sha256::EMPTY });
        for something in
            [declared(None, Some(5)), declared(Some(RIGHT), None), declared(Some(RIGHT), Some(5))]
        {
            assert_eq!(judge(0, Sha256::EMPTY, something, never), wrong, "{something:?}");
        }
    }
}
