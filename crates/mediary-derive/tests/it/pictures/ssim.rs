//! How alike two pictures are in structure: SSIM, as Wang and others defined it in 2004, over squares of 7 × 7 pixels.

use image::RgbImage;

const WINDOW: u32 = 7;
const LEVELS: f64 = 255.0;

/// The mean over all squares and channels; 1 of a picture and itself.
pub(crate) fn ssim(one: &RgbImage, other: &RgbImage) -> f64 {
    assert_eq!(one.dimensions(), other.dimensions());
    let (width, height) = one.dimensions();
    assert!(width >= WINDOW && height >= WINDOW, "{width} × {height} pixels are too few");
    let mut sum = 0.0;
    for channel in 0..3 {
        for top in 0..=height - WINDOW {
            for left in 0..=width - WINDOW {
                sum += of_square(one, other, (left, top), channel);
            }
        }
    }
    sum / f64::from((height - WINDOW + 1) * (width - WINDOW + 1) * 3)
}

fn of_square(one: &RgbImage, other: &RgbImage, (left, top): (u32, u32), channel: usize) -> f64 {
    let (mut sum_a, mut sum_b, mut squares_a, mut squares_b, mut products) =
        (0_u32, 0_u32, 0_u32, 0_u32, 0_u32);
    for y in top..top + WINDOW {
        for x in left..left + WINDOW {
            let a = u32::from(one.get_pixel(x, y).0[channel]);
            let b = u32::from(other.get_pixel(x, y).0[channel]);
            sum_a += a;
            sum_b += b;
            squares_a += a * a;
            squares_b += b * b;
            products += a * b;
        }
    }
    let count = f64::from(WINDOW * WINDOW);
    let (mean_a, mean_b) = (f64::from(sum_a) / count, f64::from(sum_b) / count);
    let of_sample = count / (count - 1.0);
    let variance_a = (f64::from(squares_a) / count - mean_a * mean_a) * of_sample;
    let variance_b = (f64::from(squares_b) / count - mean_b * mean_b) * of_sample;
    let covariance = (f64::from(products) / count - mean_a * mean_b) * of_sample;
    let (c1, c2) = ((0.01 * LEVELS).powi(2), (0.03 * LEVELS).powi(2));
    (2.0 * mean_a * mean_b + c1) * (2.0 * covariance + c2)
        / ((mean_a * mean_a + mean_b * mean_b + c1) * (variance_a + variance_b + c2))
}

#[test]
fn structure_of_a_picture_is_its_own_and_not_that_of_its_mirror() {
    let picture =
        RgbImage::from_fn(40, 30, |x, y| image::Rgb([(x * 6) as u8, (y * 8) as u8, ((x ^ y) * 4) as u8]));
    assert!((ssim(&picture, &picture) - 1.0).abs() < 1e-9);
    let brighter = RgbImage::from_fn(40, 30, |x, y| {
        image::Rgb(picture.get_pixel(x, y).0.map(|light| light.saturating_add(4)))
    });
    assert!(ssim(&picture, &brighter) > 0.98);
    assert!(ssim(&picture, &image::imageops::flip_horizontal(&picture)) < 0.8);
}
