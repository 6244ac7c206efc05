"""A cake in two tiers: by day for the photo, and by candle light for the video."""

import numpy as np

import textures
from studio import ball, balls, block, develop, disc, expose, glow, lamp, lathe, material, plane, rod, save, sheet, soft_sky, tube

CANDLES = [(0.30 * np.cos(a), 0.30 * np.sin(a)) for a in np.linspace(0.35, 0.35 + 2 * np.pi, 6, endpoint=False)]
TOP = 1.52  # where the upper tier ends, above the table
WICK = TOP + 0.42


def tier(radius, bottom, height, tone, seed):
    """Butter cream spread with a knife: low ridges round the wall, swirls on top."""
    ridges = textures.noise(400, 1600, 46, 4, seed, (0.6, 6))
    cream = np.clip(np.array(tone) * (1 + 0.012 * ridges)[..., None], 0, 1)
    coat = material(cream, 0.5, spec=0.35)

    def surface(u, v):
        wander = ridges[np.minimum((v * 399).astype(int), 399), np.minimum((u * 1599).astype(int), 1599)]
        edge = 0.05
        run = v * (height + radius)
        up = np.minimum(run, height)
        inwards = np.clip(run - height, 0, radius)
        soft = np.clip(1 - np.abs(run - height) / edge, 0, 1) ** 2 * 0.5 * edge
        r = radius - inwards - soft + 0.0075 * wander * np.clip(1 - inwards * 9, 0, 1)
        z = bottom + up - soft + 0.006 * wander * np.clip(inwards * 9, 0, 1)
        angle = 2 * np.pi * u
        return r * np.cos(angle), r * np.sin(angle), z

    return sheet(surface, 260, 320, coat)


def drips(radius, top, tone, seed, count=26):
    """Berry sauce that ran over the rim and stopped."""
    random = np.random.default_rng(seed)
    sauce = material(tone, 0.08, spec=0.6, coat=0.8)
    phase = (np.arange(720) * count / 720) % 1
    reach = 0.03 + np.abs(np.sin(np.pi * phase)) ** 1.6 * random.uniform(0.04, 0.26, count)[(np.arange(720) * count // 720) % count]

    def surface(u, v):
        drop = reach[np.minimum((u * 719).astype(int), 719)]
        run = v * (radius + drop)
        inwards = np.clip(radius - run, 0, None)
        down = np.clip(run - radius, 0, None)
        over = 0.022 * np.sqrt(np.clip(1 - (down / drop) ** 4, 0, 1))
        angle = 2 * np.pi * u
        r = np.where(down > 0, radius + over, radius + 0.022 - inwards)
        z = top + 0.016 - down - 0.012 * np.clip(1 - inwards / 0.05, 0, 1) ** 2
        return r * np.cos(angle), r * np.sin(angle), z

    return sheet(surface, 160, 720, sauce)


def raspberries(places, seed):
    """Berries of little drupelets, each tipped its own way."""
    random = np.random.default_rng(seed)
    centres, radii = [], []
    for place in places:
        size = random.uniform(0.075, 0.092)
        tip = random.normal(0, 0.5, 3) + (0, 0, 1)
        tip /= np.linalg.norm(tip)
        side = np.cross(tip, (0.3, 0.9, 0.1))
        side /= np.linalg.norm(side)
        other = np.cross(tip, side)
        for row, (level, width, count) in enumerate(
            [(-0.45, 0.80, 10), (-0.12, 0.84, 11), (0.22, 0.74, 10), (0.52, 0.54, 8), (0.76, 0.28, 4), (0.86, 0.0, 1)]
        ):
            for n in range(count):
                angle = 2 * np.pi * (n + 0.5 * (row % 2)) / count
                centres.append(np.asarray(place) + size * (1.15 * level * tip + width * (np.cos(angle) * side + np.sin(angle) * other)))
                radii.append(size * random.uniform(0.25, 0.29))
    return balls(centres, radii, material((0.70, 0.10, 0.17), 0.28, spec=0.5, coat=0.3))


def leaf(at, turn, size, lift=0.35):
    """A mint leaf with a fold along its middle."""
    vein = np.abs(np.sin(np.linspace(0, 9 * np.pi, 120)))[:, None] * np.ones((1, 60))
    green = textures.mix((0.20, 0.42, 0.16), (0.36, 0.58, 0.24), 0.5 + 0.3 * vein + 0.1 * textures.noise(120, 60, 20, 3, 2))

    def surface(u, v):
        width = 0.36 * np.sin(np.pi * v**0.8) * (1 + 0.05 * np.sin(40 * v))
        along, across = v, (u - 0.5) * 2 * width
        z = 0.02 + lift * v * (1 - 0.6 * v) + 0.25 * np.abs(across)
        x, y = along * size, across * size
        return at[0] + x * np.cos(turn) - y * np.sin(turn), at[1] + x * np.sin(turn) + y * np.cos(turn), at[2] + z * size

    return sheet(surface, 40, 20, material(green, 0.45, spec=0.4))


def cake(candles):
    """The cake on its stand, with or without candles."""
    white = material((0.92, 0.91, 0.89), 0.12, coat=0.5)
    stand = [
        (0.0, 0),
        (0.42, 0),
        (0.40, 0.03),
        (0.16, 0.09),
        (0.11, 0.2),
        (0.16, 0.34),
        (0.5, 0.38),
        (1.02, 0.40),
        (1.05, 0.43),
        (1.02, 0.44),
        (0.0, 0.43),
    ]
    shapes = [
        lathe(stand, white),
        tier(0.82, 0.43, 0.56, (0.93, 0.66, 0.68), 5),
        tier(0.50, 0.98, 0.52, (0.96, 0.91, 0.80), 9),
        drips(0.50, TOP - 0.02, (0.55, 0.05, 0.13), 3, 18),
    ]
    ring = [(0.66 * np.cos(a), 0.66 * np.sin(a), 1.06) for a in np.linspace(0, 2 * np.pi, 22, endpoint=False)]
    crown = [(0.40 * np.cos(a), 0.40 * np.sin(a), TOP + 0.06) for a in np.linspace(0.1, 2 * np.pi + 0.1, 12, endpoint=False)]
    middle = (
        []
        if candles
        else [
            (0.02, 0.0, TOP + 0.06),
            (-0.12, 0.1, TOP + 0.06),
            (0.1, 0.13, TOP + 0.06),
            (0.14, -0.1, TOP + 0.06),
            (-0.1, -0.12, TOP + 0.06),
            (0.02, 0.01, TOP + 0.17),
        ]
    )
    shapes.append(raspberries(ring + crown + middle, 4))
    shapes += [
        leaf((0.10, -0.20, TOP + 0.06), -0.7, 0.24),
        leaf((-0.14, -0.16, TOP + 0.06), -2.2, 0.22),
        leaf((0.62, -0.34, 1.04), -0.5, 0.26),
        leaf((-0.6, -0.36, 1.04), -2.4, 0.26),
    ]
    pearls = [(0.835 * np.cos(a), 0.835 * np.sin(a), 0.46) for a in np.linspace(0, 2 * np.pi, 84, endpoint=False)]
    shapes.append(balls(pearls, 0.031, material((0.96, 0.91, 0.80), 0.4)))
    tones = [(0.93, 0.80, 0.42), (0.52, 0.72, 0.78), (0.90, 0.56, 0.55)]
    for n, (x, y) in enumerate(CANDLES if candles else []):
        shapes.append(rod((x, y, TOP - 0.02), (x, y, WICK - 0.05), 0.021, material(tones[n % 3], 0.5, spec=0.4)))
        shapes.append(disc((x, y, WICK - 0.05), 0.021, material(tones[n % 3], 0.5)))
        shapes.append(rod((x, y, WICK - 0.05), (x, y, WICK - 0.01), 0.004, material((0.05, 0.04, 0.04), 0.9)))
    return shapes


def photo():
    marble = textures.noise(1200, 1600, 500, 6, 41, fade=0.6)
    veins = np.exp(-np.abs(marble) * 9)
    counter = textures.mix((0.90, 0.89, 0.88), (0.62, 0.62, 0.64), 0.55 * veins)
    tiles, joints = textures.slabs(1600, 1600, 20, 9, (0.82, 0.86, 0.85), 6, 7, 0.86)
    shapes = cake(candles=False) + [
        plane((0, 0.6, 0), (9, 5), material(counter, 0.16, coat=0.4)),
        plane((0, 3.1, 2.2), (12, 6.5), material(tiles, 0.18, bump=joints, depth=0.006), (0, -1, 0), (0, 0, 1)),
        block((1.9, 2.7, 2.62), (3.2, 0.55, 0.09), material((0.55, 0.38, 0.23), 0.5)),
        lathe(
            [(0, 0), (0.3, 0), (0.34, 0.1), (0.34, 0.6), (0.28, 0.7), (0.3, 0.72)],
            material((0.85, 0.80, 0.70), 0.3, coat=0.4),
            (1.35, 2.65, 2.67),
        ),
        lathe([(0, 0), (0.22, 0), (0.36, 0.3), (0.4, 0.5), (0.38, 0.52)], material((0.30, 0.46, 0.52), 0.2, coat=0.5), (2.25, 2.65, 2.67)),
        lathe(
            [(0, 0), (0.22, 0), (0.26, 0.5), (0.24, 1.0), (0.12, 1.2), (0.11, 1.4)],
            material((0.24, 0.36, 0.22), 0.1, coat=0.8),
            (-1.75, 2.2, 0),
        ),
        lathe([(0, 0), (0.4, 0), (0.48, 0.35), (0.52, 0.62), (0.5, 0.63)], material((0.72, 0.45, 0.33), 0.7), (-2.5, 2.3, 0)),
        lamp((-3.8, -0.6, 2.9), (0, 0, 0.9), (2.0, 2.6), (13, 13.6, 15)),
        lamp((3.6, -2.4, 3.2), (0, 0, 0.8), (2, 2), (2.2, 2.0, 1.7)),
        soft_sky((0.5, 0.5, 0.52), (0.36, 0.34, 0.33), (0.18, 0.15, 0.13)),
    ]
    light = expose(shapes, (1080, 1350), (0.35, -4.3, 2.25), (0.02, 0, 0.90), fov=38, focus=(0, -0.7, 0.95), aperture=0.06, samples=9)
    save(develop(light, 0.86, warmth=0.02, seed=14), "cake.jpg", 150_000)


def party():
    """The same cake in a dark room. Gives the shapes without the candle light, and where the flames are."""
    table, rough, relief = textures.wood(1200, 1600, 4, (0.30, 0.19, 0.11), (0.52, 0.36, 0.22), seed=12)
    random = np.random.default_rng(8)
    shapes = cake(candles=True) + [
        plane((0, 0.6, 0), (9, 6), material(table, rough, bump=relief, depth=0.004)),
        plane((0, 4.6, 2), (16, 9), material((0.30, 0.27, 0.33), 0.9), (0, -1, 0), (0, 0, 1)),
    ]
    for n in range(5):
        x, y = [(-1.55, -0.5), (1.6, -0.3), (-1.9, 1.0), (1.95, 1.1), (1.1, -1.1)][n]
        shapes.append(lathe([(0, 0.0), (0.25, 0.02), (0.42, 0.03), (0.45, 0.05)], material((0.85, 0.85, 0.86), 0.2, coat=0.4), (x, y, 0)))
    wire = [(x, 4.3, 2.15 - 0.35 * np.cos(x * 1.4) + 0.1 * np.sin(3 * x)) for x in np.linspace(-4, 4, 60)]
    shapes.append(tube(wire, 0.012, material((0.06, 0.08, 0.06), 0.8), 6))
    for n in range(1, 60, 3):
        x, y, z = wire[n]
        tone = [(1, 0.72, 0.36), (1, 0.55, 0.4), (0.75, 0.8, 1)][random.integers(0, 3)]
        shapes.append({**ball((x, y - 0.06, z - 0.07), 0.05, material((1, 1, 1))), "emitter": glow([4 * c for c in tone])})
    return shapes


if __name__ == "__main__":
    photo()
