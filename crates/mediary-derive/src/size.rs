//! Sizes of pictures in small.

/// The size that keeps the proportions with no side longer than `side`, and none shorter than a pixel.
pub(crate) fn size_within(width: u32, height: u32, side: u32) -> (u32, u32) {
    let longest = width.max(height);
    if longest <= side {
        return (width, height);
    }
    let scaled = |length: u32| {
        let scaled = (u64::from(length) * u64::from(side) + u64::from(longest) / 2) / u64::from(longest);
        u32::try_from(scaled).map_or(side, |scaled| scaled.max(1))
    };
    (scaled(width), scaled(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_keep_their_proportions_and_are_never_enlarged() {
        assert_eq!(size_within(4000, 3000, 320), (320, 240));
        assert_eq!(size_within(3000, 4000, 320), (240, 320));
        assert_eq!(size_within(320, 100, 320), (320, 100));
        assert_eq!(size_within(5, 7, 320), (5, 7));
        assert_eq!(size_within(65_500, 1, 1280), (1280, 1));
        assert_eq!(size_within(1001, 500, 1000), (1000, 500));
        assert_eq!(size_within(u32::MAX, u32::MAX, 1280), (1280, 1280));
    }
}
