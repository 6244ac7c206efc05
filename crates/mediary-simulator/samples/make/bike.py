"""A city bicycle: the whole of it by a brick wall, and its front wheel alone."""

import numpy as np

import textures
from studio import ball, balls, block, develop, expose, lamp, lathe, material, plane, ring, rod, rods, save, sheet, sky, tube

REAR, FRONT, WHEEL = np.array([0.0, 0, 0.345]), np.array([1.04, 0, 0.345]), 0.345
PAINT = (0.10, 0.34, 0.42)


def steel(rough=0.22):
    return material((0.80, 0.80, 0.79), rough, 1.0)


def wheel(hub, spin=0.0, wobble=0.0, spokes=32):
    """Tyre, rim, spokes and hub round y; `wobble` is how far the rim runs out sideways."""
    lean = np.array([wobble * np.sin(spin), 1.0, wobble * np.cos(spin)])
    rubber, wall = material((0.05, 0.05, 0.055), 0.75, spec=0.3), material((0.62, 0.50, 0.34), 0.8)
    rim_radius = WHEEL - 0.046
    shapes = [
        ring(hub, lean, WHEEL - 0.019, 0.019, rubber),
        ring(hub, lean, WHEEL - 0.030, 0.0165, wall),
        ring(hub, lean, rim_radius, 0.012, steel(0.2)),
        rod(hub - (0, 0.038, 0), hub + (0, 0.038, 0), 0.016, steel()),
        rod(hub - (0, 0.06, 0), hub + (0, 0.06, 0), 0.005, steel()),
    ]
    shapes += [rod(hub + (0, side * 0.030, 0), hub + (0, side * 0.034, 0), 0.028, steel()) for side in (-1, 1)]
    ends = []
    for n in range(spokes):
        side = 1 if n % 2 else -1
        out = spin + 2 * np.pi * n / spokes
        inner = out + (0.95 if (n // 2) % 2 else -0.95)
        rim = np.array([rim_radius * np.cos(out), 0, rim_radius * np.sin(out)])
        rim[1] = -(rim[0] * lean[0] + rim[2] * lean[2])
        ends.append((hub + (0.026 * np.cos(inner), side * 0.032, 0.026 * np.sin(inner)), hub + rim))
    shapes.append(rods(ends, 0.0013, steel(0.25)))
    valve = np.array([np.cos(spin + 0.1), 0, np.sin(spin + 0.1)])
    shapes.append(rod(hub + valve * (rim_radius - 0.045), hub + valve * rim_radius, 0.003, steel()))
    for turn in (0.55, 0.55 + np.pi):
        middle = hub + 0.19 * np.array([np.cos(spin + turn), 0, np.sin(spin + turn)])
        across = np.array([-np.sin(spin + turn), 0, np.cos(spin + turn)])
        shapes.append(
            tube([middle + across * t for t in np.linspace(-0.03, 0.03, 6)], 0.011, material((0.95, 0.42, 0.05), 0.2, coat=0.8), 10, 0.4)
        )
    return shapes


def fender(hub, start, end, bsdf):
    """A curved guard over a wheel, from one angle to another in degrees."""
    a = np.radians(np.linspace(start, end, 50))
    radius = WHEEL + 0.016

    def surface(u, v):
        angle, across = np.radians(start + (end - start) * v), (u - 0.5) * 0.056
        r = radius - 26 * across**2
        return hub[0] + r * np.cos(angle), hub[1] + across, hub[2] + r * np.sin(angle)

    stay = hub + radius * np.array([np.cos(a[6]), 0, np.sin(a[6])])
    return [sheet(surface, 60, 12, bsdf), rods([(hub + (0, s * 0.045, 0), stay + (0, s * 0.02, 0)) for s in (-1, 1)], 0.0025, steel())]


def frame():
    """Tubes, saddle, handlebar, crank and chain."""
    paint, leather = material(PAINT, 0.22, coat=0.9), material((0.36, 0.20, 0.11), 0.45, coat=0.15)
    crank, seat, head_top, head_low = (
        np.array([0.44, 0, 0.285]),
        np.array([0.285, 0, 0.79]),
        np.array([0.885, 0, 0.86]),
        np.array([0.925, 0, 0.71]),
    )

    def pipe(a, b, r=0.0155):
        return rod(a, b, r, paint)

    shapes = [
        pipe(crank, seat),
        pipe(seat + (0.006, 0, -0.05), head_top - (-0.005, 0, 0.03)),
        pipe(crank, head_low - (0.008, 0, -0.02), 0.018),
        pipe(head_low, head_top, 0.019),
    ]
    for side in (-1, 1):
        out = np.array([0, side * 0.055, 0])
        shapes += [pipe(REAR + out, crank + out * 0.5, 0.009), pipe(REAR + out, seat + out * 0.25 - (0, 0, 0.04), 0.008)]
        t = np.linspace(0, 1, 24)[:, None]
        blade = head_low + out * 0.9 + t * (FRONT - head_low) + t**2 * (1 - t) * np.array([-0.13, 0, 0.0])
        shapes += [tube(blade, np.linspace(0.012, 0.008, 24), paint, 16), ball(blade[0], 0.012, paint)]
    shapes.append(rod(head_low + (0, -0.06, 0), head_low + (0, 0.06, 0), 0.012, paint))
    post = seat + (seat - crank) / np.linalg.norm(seat - crank) * 0.10
    shapes.append(rod(seat, post, 0.0125, steel()))

    def saddle(u, v):
        wide = 0.012 + 0.066 * np.clip(1.25 * (1 - v), 0, 1) ** 1.7
        ends = np.sqrt(np.clip(1 - np.clip(np.abs(2 * v - 1) - 0.8, 0, 1) ** 2 / 0.04, 0, 1))
        angle = 2 * np.pi * u
        thick = np.where(np.sin(angle) > 0, 0.022, 0.022 + 0.022 * (1 - v))
        z = post[2] + 0.026 + (thick * np.sin(angle) + 0.016 * (2 * v - 0.9) ** 2) * (0.3 + 0.7 * ends)
        return post[0] - 0.125 + 0.27 * v, post[1] + wide * ends * np.cos(angle), z

    shapes.append(sheet(saddle, 60, 40, leather))
    shapes += [ball(post + (-0.06, s * 0.035, -0.03), 0.014, steel()) for s in (-1, 1)]
    stem = head_top + (head_top - head_low) / np.linalg.norm(head_top - head_low) * 0.11
    shapes += [rod(head_top, stem, 0.0125, steel()), rod(stem, stem + (0.05, 0, 0.015), 0.012, steel())]
    t = np.linspace(-1, 1, 60)
    bar = np.stack(
        [
            stem[0] + 0.05 - 0.24 * np.clip(np.abs(t) - 0.25, 0, 1) ** 1.4 * 1.4,
            stem[1] + 0.29 * np.sin(t * 1.45),
            stem[2] + 0.015 + 0.05 * np.abs(t) ** 1.5,
        ],
        1,
    )
    shapes.append(tube(bar, 0.011, steel()))
    shapes += [tube(bar[part], 0.0155, leather) for part in (slice(0, 13), slice(-13, None))]
    bell = bar[42] + (0, 0, 0.028)
    shapes.append(
        lathe([(0.026, 0), (0.026, 0.008), (0.018, 0.02), (0, 0.025)], material((0.82, 0.68, 0.32), 0.2, 1.0), bell - (0, 0, 0.012), 40)
    )
    plate = crank + (0, -0.05, 0)
    shapes += [
        ring(plate, (0, 1, 0), 0.088, 0.004, steel()),
        rods(
            [(plate, plate + 0.086 * np.array([np.cos(a), 0, np.sin(a)])) for a in np.linspace(0, 2 * np.pi, 5, endpoint=False)],
            0.006,
            steel(),
        ),
        rod(crank - (0, 0.06, 0), crank + (0, 0.06, 0), 0.017, steel()),
        ring(REAR - (0, 0.045, 0), (0, 1, 0), 0.036, 0.005, steel()),
    ]
    for side, angle in ((-1, -0.5), (1, np.pi - 0.5)):
        foot = crank + (0.165 * np.cos(angle), side * 0.075, 0.165 * np.sin(angle))
        shapes += [
            rod(crank + (0, side * 0.065, 0), foot, 0.008, steel()),
            block(foot + (0, side * 0.05, 0), (0.085, 0.085, 0.024), material((0.08, 0.08, 0.09), 0.7)),
        ]
    links = []
    for sign in (1, -1):
        a, b = REAR + (0, -0.05, sign * 0.038), plate + (0, 0, sign * 0.09)
        links += [a + (b - a) * t for t in np.linspace(0, 1, 60)]
    links += [plate + 0.09 * np.array([np.cos(a), 0, np.sin(a)]) for a in np.linspace(-1.6, 1.6, 38)]
    shapes.append(balls(links, 0.0052, material((0.42, 0.42, 0.42), 0.35, 1.0), 6))
    return shapes


def crate():
    """A wooden box over the front wheel, with a loaf and flowers in it."""
    slat = material(textures.wood(200, 800, 1, (0.50, 0.35, 0.20), (0.76, 0.58, 0.38), 5, 0)[0], 0.6)
    middle = np.array([1.06, 0, 0.86])
    shapes = []
    for row in range(3):
        z = middle[2] - 0.075 + 0.068 * row
        for side in (-1, 1):
            shapes += [
                block((middle[0], side * 0.13, z), (0.34, 0.010, 0.055), slat),
                block((middle[0] + side * 0.165, 0, z), (0.010, 0.25, 0.055), slat),
            ]
    shapes += [block(middle + (sx * 0.155, sy * 0.12, -0.01), (0.018, 0.018, 0.2), slat) for sx in (-1, 1) for sy in (-1, 1)]
    shapes.append(block(middle - (0, 0, 0.105), (0.34, 0.26, 0.010), slat))
    crust = textures.mix((0.52, 0.28, 0.11), (0.84, 0.62, 0.36), 0.5 + 0.4 * textures.noise(200, 300, 30, 4, 4))
    shapes.append(
        tube(
            [(middle[0] - 0.13 + 0.3 * t, 0.03 + 0.05 * t, middle[2] + 0.03 + 0.16 * t) for t in np.linspace(0, 1, 20)],
            0.034 * np.sqrt(np.clip(1 - (2 * np.linspace(0, 1, 20) - 1) ** 6, 0.02, 1)),
            material(crust, 0.8),
        )
    )
    random = np.random.default_rng(6)
    heads = np.array(
        [
            (middle[0] - 0.08 + random.normal(0, 0.05), -0.05 + random.normal(0, 0.04), middle[2] + random.uniform(0.12, 0.24))
            for _ in range(26)
        ]
    )
    foot = np.array([middle[0] - 0.07, -0.04, middle[2] - 0.1])
    shapes += [
        rods([(foot, head) for head in heads], 0.0022, material((0.25, 0.42, 0.16), 0.7)),
        balls(heads[:15], 0.019, material((0.93, 0.78, 0.25), 0.8)),
        balls(heads[15:], 0.024, material((0.90, 0.88, 0.92), 0.8)),
        balls(heads * (1, 1, 0.97) + random.normal(0, 0.015, heads.shape), 0.015, material((0.30, 0.48, 0.20), 0.8)),
    ]
    return shapes


def photo():
    wall, joints = textures.bricks(2400, 3600, 54, 27)
    paving, gaps = textures.slabs(1400, 2000, 3, 6, (0.55, 0.53, 0.50), 5, 7)
    blue = np.array((0.16, 0.32, 0.55)) * (1 + 0.04 * textures.noise(900, 500, 20, 4, 6, (4, 0.4)))[..., None]
    door = material(blue, 0.35, coat=0.2)
    gradient = np.zeros((64, 128, 3))
    gradient[:32] = np.linspace((0.55, 0.75, 1.15), (0.95, 1.0, 1.05), 32)[:, None]
    gradient[32:] = (0.3, 0.28, 0.25)
    bicycle = (
        wheel(REAR, 0.3)
        + wheel(FRONT, 1.1)
        + frame()
        + crate()
        + fender(REAR, 10, 195, material(PAINT, 0.25, coat=0.9))
        + fender(FRONT, 20, 165, material(PAINT, 0.25, coat=0.9))
    )
    shapes = bicycle + [
        plane((0.8, 0.34, 1.5), (6.0, 4.0), material(wall, 0.9, bump=joints, depth=0.01), (0, -1, 0), (0, 0, 1)),
        plane((0.8, -1.2, 0), (7, 3.2), material(paving, 0.75, bump=gaps, depth=0.006)),
        block((0.8, 0.34, 0.06), (6, 0.05, 0.12), material((0.35, 0.34, 0.33), 0.8)),
        block((-0.78, 0.36, 1.0), (0.95, 0.1, 2.3), door),
        block((-0.78, 0.34, 0.52), (0.6, 0.1, 0.62), door),
        block((-0.78, 0.34, 1.4), (0.6, 0.1, 0.85), door),
        block((-1.28, 0.32, 1.0), (0.08, 0.14, 2.4), material((0.86, 0.85, 0.81), 0.5)),
        block((-0.28, 0.32, 1.0), (0.08, 0.14, 2.4), material((0.86, 0.85, 0.81), 0.5)),
        ball((-0.42, 0.27, 0.98), 0.028, material((0.82, 0.68, 0.32), 0.2, 1.0)),
        lathe(
            [(0, 0), (0.15, 0), (0.20, 0.32), (0.215, 0.33), (0.205, 0.36), (0.19, 0.35)],
            material((0.66, 0.36, 0.25), 0.85),
            (1.72, 0.05, 0),
        ),
        lamp((-2.6, -4.6, 5.4), (0.7, 0, 0.4), (0.55, 0.55), (260, 236, 200)),
        sky(gradient, 0.75),
    ]
    random = np.random.default_rng(3)
    bush = np.array([(1.72 + random.normal(0, 0.11), 0.05 + random.normal(0, 0.08), 0.46 + random.normal(0, 0.10)) for _ in range(420)])
    shapes.append(balls(bush, random.uniform(0.008, 0.026, 420), material((0.24, 0.40, 0.18), 0.7), 6))
    shapes.append(balls(bush[:46] + (0, -0.03, 0.03), 0.018, material((0.80, 0.28, 0.38), 0.7), 6))
    light = expose(shapes, (1440, 1080), (0.30, -3.15, 1.05), (0.50, 0, 0.58), fov=42, focus=(0.5, -0.05, 0.5), aperture=0.012, samples=9)
    save(develop(light, 0.62, warmth=0.01, seed=16), "bike.jpg", 210_000)


if __name__ == "__main__":
    photo()
