"""A receipt, a sketch on squared paper, and a whiteboard, as people hold their phone over them."""

import sys

import numpy as np

import flat
import textures
from studio import block, develop, disc, expose, lamp, lathe, material, plane, rod, save, sheet, soft_sky, tube

ROOM = soft_sky((0.55, 0.56, 0.6), (0.4, 0.38, 0.36), (0.2, 0.17, 0.14))


def paper(picture, size, lift, at=(0, 0), turn=0.0, rows=160):
    """A printed sheet lying on z = 0; `lift(u, v)` is how far it rises, `turn` how it lies (radians)."""

    def surface(u, v):
        x, y = (u - 0.5) * size[0], (0.5 - v) * size[1]
        return at[0] + x * np.cos(turn) - y * np.sin(turn), at[1] + x * np.sin(turn) + y * np.cos(turn), 0.004 + lift(u, v)

    return sheet(surface, rows, rows, material(picture, 0.85, spec=0.2))


def receipt():
    top, rough, relief = textures.wood(1400, 1800, 5, (0.42, 0.27, 0.15), (0.74, 0.55, 0.34), seed=8)

    def lift(u, v):
        crease = 0.018 * np.exp(-(((v - 0.52) / 0.012) ** 2)) + 0.012 * np.exp(-(((v - 0.26) / 0.02) ** 2))
        curl = 0.30 * np.clip(v - 0.72, 0, 1) ** 2 * 4 + 0.10 * np.clip(0.16 - v, 0, 1) * 3
        wave = 0.016 * np.sin(5 * v + 3 * u) + 0.012 * np.sin(9 * u * v + 1)
        return 0.035 + crease + curl + wave

    cup = material((0.90, 0.88, 0.84), 0.15, coat=0.5)
    coffee = material((0.16, 0.09, 0.05), 0.08, coat=0.6)
    saucer = [(0, 0), (0.34, 0), (0.62, 0.07), (0.66, 0.1), (0.63, 0.105), (0.36, 0.05), (0, 0.045)]
    bowl = [(0.2, 0.05), (0.34, 0.12), (0.44, 0.34), (0.455, 0.5), (0.44, 0.505), (0.42, 0.36), (0.40, 0.3)]
    at = (1.12, 0.95, 0)
    angle = np.linspace(-1.4, 1.4, 30)
    handle = np.stack([at[0] - (0.42 + 0.2 * np.cos(angle)), at[1] - 0.02 + 0 * angle, 0.29 + 0.15 * np.sin(angle)], 1)
    shapes = [
        plane((0, 0, 0), (8, 6.2), material(top, rough, bump=relief, depth=0.004)),
        paper(flat.receipt(), (1.24, 2.48), lift, turn=0.06),
        lathe(saucer, cup, at),
        lathe(bowl, cup, at),
        disc((at[0], at[1], 0.4), 0.425, coffee),
        tube(handle, 0.04, cup),
        # A key on a ring, half out of the picture.
        tube(
            [(-1.25 + 0.16 * np.cos(a), -1.0 + 0.16 * np.sin(a), 0.03) for a in np.linspace(0, 6.2, 40)],
            0.014,
            material((0.75, 0.74, 0.72), 0.25, 1.0),
        ),
        block((-1.02, -0.66, 0.03), (0.07, 0.5, 0.025), material((0.80, 0.72, 0.45), 0.3, 1.0), -32),
        rod((-1.19, -0.93, 0.015), (-1.19, -0.93, 0.045), 0.12, material((0.80, 0.72, 0.45), 0.3, 1.0)),
        lamp((-2.6, 2.6, 3.4), (0, 0, 0), (1.6, 1.6), (13, 13.2, 14)),
        ROOM,
    ]
    light = expose(shapes, (1080, 1440), (0.10, -1.15, 3.6), (0.06, -0.02, 0), fov=49, aperture=0.02, samples=9, up=(0, 1, 0))
    save(develop(light, 0.95, warmth=0.02, seed=4), "receipt.jpg", 150_000)


def sketch():
    top, bumps = textures.plaster(1024, 1024, (0.36, 0.38, 0.40), 21)

    def lift(u, v):
        return (
            0.008
            + 0.10 * np.clip(u + v - 1.72, 0, 1) ** 1.6 * 3
            + 0.012 * np.exp(-(((u - 0.5) / 0.015) ** 2))
            + 0.006 * np.sin(6 * u + 4 * v)
        )

    blue, tip = material((0.10, 0.20, 0.55), 0.25, coat=0.6), material((0.78, 0.78, 0.76), 0.25, 1.0)
    start, end = np.array([1.16, -1.0, 0.07]), np.array([1.86, 0.4, 0.07])
    along = (end - start) / np.linalg.norm(end - start)
    shapes = [
        plane((0, 0, 0), (9, 7), material(top, 0.4, bump=bumps, depth=0.001)),
        paper(flat.parking_sketch(), (3.0, 2.24), lift, turn=-0.05),
        rod(start, end, 0.055, blue),
        rod(start - 0.16 * along, start, 0.035, tip),
        rod(start - 0.24 * along, start - 0.16 * along, 0.014, tip),
        rod(end - 0.35 * along, end + 0.02 * along, 0.062, material((0.93, 0.93, 0.92), 0.3)),
        rod(end - 0.5 * along + (0, 0, 0.07), end + (0, 0, 0.07), 0.014, tip),
        lamp((2.8, 2.6, 3.2), (0, 0, 0), (2.2, 1.6), (9, 8.6, 7.8)),
        ROOM,
    ]
    light = expose(shapes, (1280, 960), (-0.12, -1.9, 3.35), (0.03, -0.08, 0), fov=47, aperture=0.02, samples=9)
    save(develop(light, 0.95, warmth=0.03, seed=6), "parking-sketch.jpg", 150_000)


def whiteboard():
    wall, bumps = textures.plaster(1024, 1600, (0.80, 0.77, 0.70), 31)
    metal = material((0.80, 0.81, 0.82), 0.32, 1.0)
    board = material(flat.whiteboard(), 0.16, spec=0.35, coat=0.25)
    shapes = [
        plane((0, 0.06, 0), (12, 8), material(wall, 0.9, bump=bumps, depth=0.01), (0, -1, 0), (0, 0, 1)),
        plane((0, -0.02, 0), (4.0, 2.48), board, (0, -1, 0), (0, 0, 1)),
        block((0, 0, 1.27), (4.14, 0.08, 0.06), metal),
        block((0, 0, -1.27), (4.14, 0.08, 0.06), metal),
        block((-2.04, 0, 0), (0.06, 0.08, 2.6), metal),
        block((2.04, 0, 0), (0.06, 0.08, 2.6), metal),
        block((0.3, -0.10, -1.31), (2.2, 0.24, 0.025), metal),
        plane((0, -4, -3.2), (20, 12), material((0.45, 0.36, 0.28), 0.6)),
        # A window with bars, seen as a pale glare on the board, and a lamp for the room.
        lamp((-5.2, -3.2, 1.6), (-0.4, 0, 0), (1.6, 2.6), (9, 9.6, 10.5)),
        lamp((2.5, -3.5, 3.4), (0, 0, 0), (3, 1.2), (4.2, 3.9, 3.4)),
        soft_sky((0.35, 0.35, 0.36), (0.3, 0.29, 0.28), (0.2, 0.17, 0.14)),
    ]
    for n, tone in enumerate([(0.15, 0.26, 0.55), (0.74, 0.19, 0.2), (0.15, 0.47, 0.3)]):
        x = -0.3 + 0.42 * n
        shapes += [
            rod((x, -0.12, -1.255), (x + 0.22, -0.11, -1.255), 0.035, material((0.9, 0.9, 0.9), 0.4)),
            rod((x + 0.22, -0.11, -1.255), (x + 0.34, -0.105, -1.255), 0.037, material(tone, 0.4)),
        ]
    shapes.append(block((1.1, -0.12, -1.25), (0.34, 0.13, 0.09), material((0.2, 0.22, 0.25), 0.8), 6))
    for x, z, tone in [(1.86, 1.08, (0.9, 0.72, 0.15)), (1.72, 1.1, (0.15, 0.47, 0.6))]:
        shapes.append(rod((x, -0.06, z), (x, -0.02, z), 0.05, material(tone, 0.35)))
    light = expose(shapes, (1440, 954), (-0.75, -3.75, -0.18), (-0.03, 0, -0.04), fov=59, samples=9)
    save(develop(light, 0.92, warmth=-0.005, seed=8), "whiteboard.jpg", 160_000)


if __name__ == "__main__":
    for name in sys.argv[1:] or ["receipt", "sketch", "whiteboard"]:
        globals()[name]()
