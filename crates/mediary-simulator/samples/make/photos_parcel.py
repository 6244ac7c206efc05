"""A parcel that had a hard journey, and its label."""

import sys

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter, laplace

import flat
import textures
from studio import block, develop, expose, lamp, material, plane, save, sheet, soft_sky

SIZE = np.array([1.5, 1.1, 0.82])


def paste(picture, patch, box):
    """Lays `patch` into `picture` at pixel box x0, y0, x1, y1."""
    x0, y0, x1, y1 = box
    picture[y0:y1, x0:x1] = (
        np.asarray(Image.fromarray((patch * 255).astype(np.uint8)).resize((x1 - x0, y1 - y0), Image.LANCZOS), float) / 255
    )


def tape(picture, x0, x1):
    """A strip of brown tape down the picture, a little see-through and wrinkled."""
    strip = picture[:, x0:x1]
    shine = textures.noise(picture.shape[0], x1 - x0, 60, 4, 17, (2, 0.4))
    picture[:, x0:x1] = np.clip(strip * np.array((0.84, 0.72, 0.52)) * (1 + 0.05 * shine)[..., None] + 0.03, 0, 1)


def this_way_up(picture, box):
    """Two arrows over a line, stamped in dark ink."""
    width, height = box[2] - box[0], box[3] - box[1]
    stamp = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(stamp)
    for x in (0.27, 0.73):
        tip = [(x, 0.04), (x + 0.2, 0.34), (x + 0.08, 0.34), (x + 0.08, 0.78), (x - 0.08, 0.78), (x - 0.08, 0.34), (x - 0.2, 0.34)]
        draw.polygon([(px * width, py * height) for px, py in tip], fill=255)
    draw.rectangle((0.06 * width, 0.86 * height, 0.94 * width, 0.95 * height), fill=255)
    ink = np.asarray(stamp) / 255 * (0.85 - 0.25 * np.clip(textures.noise(height, width, 12, 3, 3), 0, 1))
    area = picture[box[1] : box[3], box[0] : box[2]]
    picture[box[1] : box[3], box[0] : box[2]] = textures.mix(area, (0.16, 0.13, 0.12), ink)


# The blow came from the near right top: the way it pushed, and the flat facets the board folded into.
BLOW = np.array([-0.62, 0.45, -0.64])
FACETS = [
    ((0.75, -0.40, 0.53), 0.80),
    ((0.30, -0.55, 0.78), 0.68),
    ((0.86, -0.48, -0.12), 0.815),
    ((0.45, -0.80, 0.40), 0.79),
    ((0.55, -0.15, 0.82), 0.645),
]


def depth_of_blow(points):
    """How far each point was pushed: past every facet, and along the creases between."""
    pushed = np.zeros(points.shape[:-1])
    for normal, reach in FACETS:
        normal = np.array(normal) / np.linalg.norm(normal)
        pushed = np.maximum(pushed, (points @ normal - reach) / -(BLOW @ normal))
    fold = np.abs((points @ (3.1, 1.7, -2.3)) % 1 - 0.5) + 0.6 * np.abs((points @ (-2.2, 3.7, 3.3)) % 1 - 0.5)
    pushed = np.where(pushed > 0, pushed + 0.22 * np.minimum(pushed * 2.5, 0.45) * fold, 0)
    edge = np.clip(
        0.06 - np.abs(points[..., 0] + 0.42) * 0.34 - (SIZE[2] / 2 - points[..., 2]) * 0.42 - (points[..., 1] + SIZE[1] / 2) * 0.42, 0, 1
    )
    return np.maximum(pushed, edge)


def crush(points):
    """Pushes the corner in: cardboard folds rather than bends."""
    points = points + depth_of_blow(points)[..., None] * BLOW
    middle = np.cos(np.clip(points[..., 0] / SIZE[0], -0.5, 0.5) * np.pi) * np.cos(np.clip(points[..., 2] / SIZE[2], -0.5, 0.5) * np.pi)
    points[..., 1] -= 0.025 * middle * (points[..., 1] < 0.05 - SIZE[1] / 2)
    return points


def wear(picture, flatly):
    """Pale broken fibres where the board was folded hard."""
    height, width = picture.shape[:2]
    v, u = np.meshgrid(np.linspace(0, 1, height), np.linspace(0, 1, width), indexing="ij")
    pushed = gaussian_filter(depth_of_blow(np.stack(flatly(u, v), -1)), 1.2)
    crease = np.clip(np.abs(laplace(pushed)) * 5200, 0, 1) * np.clip(0.6 + 0.5 * textures.noise(height, width, 14, 4, 61), 0, 1)
    return textures.mix(picture, (0.80, 0.72, 0.60), gaussian_filter(crease, 1.4))


def box(bend, turn):
    """The six sides of the carton, standing on z = 0, turned by `turn` radians."""
    half = SIZE / 2
    front, relief = textures.cardboard(900, 1640, 7)
    this_way_up(front, (1190, 480, 1400, 760))
    paste(front, flat.parcel_label(), (150, 250, 900, 775))
    top, top_relief = textures.cardboard(1200, 1640, 27)
    tape(top.swapaxes(0, 1), 540, 660)
    top[598:602] *= 0.55
    side, side_relief = textures.cardboard(900, 1200, 47)
    tape(side[:300], 540, 660)
    faces = [
        (front, relief, lambda u, v: ((u - 0.5) * SIZE[0], -half[1] + 0 * u, (0.5 - v) * SIZE[2])),
        (top, top_relief, lambda u, v: ((u - 0.5) * SIZE[0], (0.5 - v) * SIZE[1], half[2] + 0 * u)),
        (side, side_relief, lambda u, v: (half[0] + 0 * u, (u - 0.5) * SIZE[1], (0.5 - v) * SIZE[2])),
        (side, side_relief, lambda u, v: (-half[0] + 0 * u, (0.5 - u) * SIZE[1], (0.5 - v) * SIZE[2])),
        (side, side_relief, lambda u, v: ((0.5 - u) * SIZE[0], half[1] + 0 * u, (0.5 - v) * SIZE[2])),
    ]
    c, s = np.cos(turn), np.sin(turn)
    made = []
    for picture, bumps, flatly in faces:
        picture = wear(picture, flatly) if bend is crush else picture

        def surface(u, v, flatly=flatly):
            points = bend(np.stack(flatly(u, v), -1))
            x, y, z = points[..., 0], points[..., 1], points[..., 2]
            return x * c - y * s, x * s + y * c, z + half[2]

        made.append(sheet(surface, 180, 240, material(picture, 0.8, spec=0.2, bump=bumps, depth=0.0015)))
    return made


def doorstep():
    """Tiles, a coir mat, a door and its frame."""
    tiles, joints = textures.slabs(1600, 1600, 6, 6, (0.60, 0.50, 0.42), 3)
    coir = np.array((0.42, 0.31, 0.19)) * (1 + 0.22 * textures.noise(900, 1400, 5, 3, 5))[..., None]
    coir[60:80, 60:-60] = coir[-80:-60, 60:-60] = coir[60:-60, 60:80] = coir[60:-60, -80:-60] = (0.12, 0.10, 0.09)
    green = np.array((0.17, 0.29, 0.27)) * (1 + 0.03 * textures.noise(900, 900, 30, 4, 6, (3, 0.4)))[..., None]
    door, pale = material(green, 0.35, coat=0.3), material((0.86, 0.84, 0.79), 0.6)
    return [
        plane((0, 0, 0), (9, 9), material(tiles, 0.5, bump=joints, depth=0.01)),
        plane((0.0, 0.25, 0.03), (2.9, 1.9), material(coir, 0.95, bump=textures.noise(900, 1400, 4, 2, 8), depth=0.01)),
        block((0, 1.5, 2.1), (2.9, 0.1, 4.2), door),
        block((0, 1.42, 0.16), (2.9, 0.1, 0.3), material((0.66, 0.58, 0.38), 0.3, 0.9)),
        block((-0.72, 1.42, 1.25), (0.95, 0.06, 1.5), door),
        block((0.72, 1.42, 1.25), (0.95, 0.06, 1.5), door),
        block((-1.62, 1.42, 2.1), (0.32, 0.34, 4.2), pale),
        block((1.62, 1.42, 2.1), (0.32, 0.34, 4.2), pale),
        plane((0, 1.62, 2), (12, 8), material((0.72, 0.66, 0.58), 0.9), (0, -1, 0), (0, 0, 1)),
    ]


def damaged():
    shapes = box(crush, -0.5) + doorstep()
    shapes += [
        lamp((-3.2, -3.4, 4.6), (0, 0.2, 0.3), (1.7, 1.7), (20, 18.5, 16.0)),
        soft_sky((0.75, 0.82, 0.95), (0.55, 0.57, 0.6), (0.2, 0.18, 0.16)),
    ]
    light = expose(shapes, (1080, 1440), (0.30, -3.30, 2.15), (0.02, 0.0, 0.46), fov=42, aperture=0.02, samples=9)
    save(develop(light, 0.72, warmth=0.01, seed=10), "parcel-damaged.jpg", 170_000)


def label():
    shapes = box(lambda points: points, 0.0) + doorstep()
    shapes += [
        lamp((-2.5, -3.4, 3.0), (0, 0.0, 0.3), (1.2, 1.2), (16, 15.5, 15)),
        soft_sky((0.6, 0.66, 0.75), (0.5, 0.52, 0.55), (0.22, 0.2, 0.18)),
    ]
    light = expose(
        shapes, (1280, 960), (-0.52, -1.62, 0.62), (-0.24, -0.55, 0.36), fov=46, focus=(-0.24, -0.55, 0.4), aperture=0.02, samples=9
    )
    save(develop(light, 0.8, seed=12), "parcel-label.jpg", 150_000)


if __name__ == "__main__":
    for name in sys.argv[1:] or ["damaged", "label"]:
        globals()[name]()
