"""An old stool upside down on the bench, one leg broken off below the seat."""

import numpy as np

import textures
from studio import block, develop, expose, lamp, lathe, material, plane, rod, save, sheet, soft_sky, tube

LENGTH = 1.18


def leg(foot, top, break_at=None, keep="low", seed=3):
    """A turned leg from `foot` to `top`; broken at a share of its length it ends in splinters."""
    foot, top = np.asarray(foot, float), np.asarray(top, float)
    along = (top - foot) / np.linalg.norm(top - foot)
    side = np.cross(along, (0, 1, 0.02))
    side /= np.linalg.norm(side)
    other = np.cross(along, side)
    length = np.linalg.norm(top - foot)
    random = np.random.default_rng(seed)
    bark = textures.wood(240, 900, 1, (0.30, 0.17, 0.09), (0.48, 0.30, 0.17), 31, 0)[0]
    fresh = textures.mix((0.66, 0.48, 0.30), (0.90, 0.76, 0.56), 0.5 + 0.3 * textures.noise(200, 200, 6, 3, 4, (1, 10)))
    teeth = np.interp(np.linspace(0, 1, 241), np.linspace(0, 1, 25), np.r_[random.uniform(0, 1, 24) ** 1.6, 0]) * 0.16
    teeth[-1] = teeth[0]
    low, high = (0.0, 1.0) if break_at is None else ((0.0, break_at) if keep == "low" else (break_at, 1.0))

    def at(share, radius, turn):
        grow = 1 + 0.25 * np.sin(np.pi * share) + 0.14 * (np.abs(share - 0.55) < 0.02) + 0.10 * (np.abs(share - 0.62) < 0.012)
        r = (radius * grow)[..., None]
        point = foot + (share * length)[..., None] * along + r * (np.cos(turn)[..., None] * side + np.sin(turn)[..., None] * other)
        return point[..., 0], point[..., 1], point[..., 2]

    def jag(u):
        return np.interp(u, np.linspace(0, 1, 241), teeth)

    def wall(u, v):
        if break_at is None:
            share = v
        elif keep == "low":
            share = v * (break_at + jag(u))
        else:
            share = break_at + jag(u) + v * (1 - break_at - jag(u))
        return at(np.clip(share, low, high + 0.2), 0.062 * np.ones_like(u), 2 * np.pi * u)

    shapes = [sheet(wall, 160, 241, material(bark.swapaxes(0, 1), 0.4, coat=0.2))]

    def tip(u, v):
        return at(1 + 0.004 * (1 - v), 0.062 * v, 2 * np.pi * u)

    if break_at is None or keep == "high":
        shapes.append(sheet(tip, 12, 120, material((0.34, 0.21, 0.12), 0.6)))
    if break_at is not None:

        def wound(u, v):
            depth = jag(u) * v**0.5 + 0.10 * (1 - v) * np.abs(np.sin(9 * u + 4 * v)) * np.sin(np.pi * v)
            return at(break_at + depth, 0.061 * v, 2 * np.pi * u)

        shapes.append(sheet(wound, 60, 241, material(fresh, 0.85)))
    return shapes


def main():
    bench, rough, relief = textures.wood(1400, 1800, 4, (0.46, 0.34, 0.22), (0.72, 0.57, 0.40), seed=44)
    scratches = np.clip(textures.noise(1400, 1800, 50, 5, 45, (0.15, 3)) - 1.4, 0, 1)
    bench = np.clip(bench * (1 - 0.5 * scratches[..., None]), 0, 1)
    disc_wood = textures.wood(900, 900, 3, (0.33, 0.19, 0.10), (0.50, 0.32, 0.18), 33, 2)
    seat = material(disc_wood[0], 0.38, coat=0.2, bump=disc_wood[2], depth=0.002)

    def underside(u, v):
        # A square stretched to a round, so that the boards run straight.
        x, y = 2 * u - 1, 1 - 2 * v
        return 0.615 * x * np.sqrt(1 - y * y / 2), 0.615 * y * np.sqrt(1 - x * x / 2), 0.149 + 0 * u

    edge_picture = textures.wood(120, 1600, 1, (0.30, 0.17, 0.09), (0.46, 0.29, 0.16), 35, 0)[0]
    shapes = [
        plane((0, 0.5, 0), (7, 5), material(bench, rough, bump=relief, depth=0.004)),
        lathe([(0.56, 0.0), (0.62, 0.03), (0.64, 0.075), (0.62, 0.135), (0.60, 0.15)], material(edge_picture, 0.38, coat=0.2), steps=160),
        sheet(underside, 120, 120, seat),
    ]
    turns = np.radians([100, 215, 335])
    feet = [np.array([0.36 * np.cos(a), 0.36 * np.sin(a), 0.14]) for a in turns]
    tops = [np.array([0.60 * np.cos(a), 0.60 * np.sin(a), 0.14 + LENGTH]) for a in turns]
    shapes += leg(feet[0], tops[0]) + leg(feet[2], tops[2]) + leg(feet[1], tops[1], 0.16, "low", 5)
    # The broken piece lies beside it, its splinters towards the stool.
    shapes += leg((-1.02, -1.28, 0.075), (0.12, -1.02, 0.075), 0.14, "high", 5)
    a, b = feet[0] + 0.52 * (tops[0] - feet[0]), feet[2] + 0.52 * (tops[2] - feet[2])
    shapes.append(rod(a, b, 0.034, material((0.40, 0.25, 0.14), 0.4, coat=0.2)))
    # Glue, a clamp's bar and shavings: this is a workshop.
    shapes += [
        lathe(
            [(0, 0), (0.15, 0), (0.16, 0.05), (0.16, 0.42), (0.12, 0.5), (0.05, 0.54), (0.045, 0.66), (0.015, 0.72)],
            material((0.92, 0.86, 0.62), 0.35),
            (1.35, 0.95, 0),
        ),
        lathe([(0.162, 0.12), (0.163, 0.14), (0.163, 0.34), (0.162, 0.36)], material((0.16, 0.30, 0.52), 0.5), (1.35, 0.95, 0)),
        block((-1.5, 1.15, 0.05), (1.5, 0.09, 0.05), material((0.62, 0.62, 0.62), 0.35, 1.0), 24),
        block((-1.9, 0.96, 0.14), (0.12, 0.14, 0.34), material((0.66, 0.16, 0.12), 0.5), 24),
    ]
    random = np.random.default_rng(10)
    for _ in range(16):
        x, y, spin = random.uniform(-1.5, 1.7), random.uniform(-1.5, 0.2), random.uniform(0, 6)
        if np.hypot(x, y) < 0.75:
            continue
        t = np.linspace(0, 1, 40)
        curl = 0.03 + 0.05 * t
        path = np.stack(
            [x + 0.22 * t * np.cos(spin) + curl * np.cos(9 * t), y + 0.22 * t * np.sin(spin), 0.05 + curl * 0.6 * np.sin(9 * t) + 0.02], 1
        )
        shapes.append(tube(path, 0.02, material((0.86, 0.72, 0.52), 0.8), 6, 0.12))
    # Pegboard wall with a shelf, far out of focus.
    wall, bumps = textures.plaster(900, 1400, (0.55, 0.58, 0.56), 51)
    shapes += [
        plane((0, 3.4, 1.6), (12, 7), material(wall, 0.9, bump=bumps, depth=0.01), (0, -1, 0), (0, 0, 1)),
        block((0.4, 3.1, 1.75), (4.4, 0.5, 0.08), material((0.50, 0.36, 0.22), 0.6)),
    ]
    for n, tone in enumerate([(0.70, 0.22, 0.16), (0.88, 0.80, 0.62), (0.20, 0.36, 0.46), (0.80, 0.62, 0.22), (0.36, 0.44, 0.30)]):
        shapes.append(
            lathe(
                [(0, 0), (0.2, 0), (0.2, 0.36 + 0.08 * (n % 3)), (0.1, 0.42 + 0.08 * (n % 3))],
                material(tone, 0.4, coat=0.3),
                (-1.0 + 0.62 * n, 3.05, 1.79),
            )
        )
    shapes += [
        lamp((-2.8, -1.6, 3.6), (0, 0, 0.3), (1.1, 1.1), (30, 28, 25)),
        lamp((3.4, 0.6, 3.0), (0, 0, 0.4), (1.5, 2.2), (5.5, 6.2, 7.2)),
        soft_sky((0.34, 0.34, 0.36), (0.26, 0.25, 0.25), (0.14, 0.12, 0.10)),
    ]
    light = expose(
        shapes, (1080, 1440), (-0.55, -4.0, 2.75), (-0.03, -0.12, 0.45), fov=45, focus=(-0.3, -0.6, 0.3), aperture=0.03, samples=9
    )
    save(develop(light, 0.85, warmth=0.015, seed=18), "stool.jpg", 170_000)


if __name__ == "__main__":
    main()
