"""A small harbour at sunset, seen from a terrace."""

import numpy as np

import textures
from studio import ball, block, develop, expose, glow, lamp, lathe, material, plane, rod, rods, save, sheet, sky, tilt, tube

SUN = np.array([0.26, 1.0, 0.06])


def evening(height=1024, width=2048):
    """Lat-long light: a band of fire over the horizon, clouds lit from below."""
    theta = np.linspace(0, np.pi, height)[:, None] * np.ones((1, width))
    phi = np.linspace(-np.pi, np.pi, width)[None, :] * np.ones((height, 1))
    up = np.pi / 2 - theta
    # The picture's middle looks along +y here: the camera and the sun do the same.
    direction = np.stack([np.sin(phi) * np.cos(up), np.cos(phi) * np.cos(up), np.sin(up)], -1)
    sun = SUN / np.linalg.norm(SUN)
    near = np.clip(direction @ sun, -1, 1)
    rise = np.clip(up / (np.pi / 2), 0, 1)
    stops = [0, 0.05, 0.14, 0.3, 0.6, 1]
    tones = np.array(
        [(1.45, 0.62, 0.30), (1.25, 0.60, 0.36), (0.80, 0.52, 0.46), (0.36, 0.38, 0.50), (0.17, 0.24, 0.42), (0.09, 0.15, 0.32)]
    )
    base = np.stack([np.interp(rise, stops, tones[:, channel]) for channel in range(3)], -1)
    halo = np.exp(-(1 - near) * 26)[..., None] * np.array((2.4, 1.15, 0.42)) + np.exp(-(1 - near) * 4)[..., None] * np.array(
        (0.30, 0.11, 0.04)
    )
    light = 0.62 * base + 0.75 * halo
    # Clouds lie flat: their noise is drawn on a plane high above and gets thin towards the horizon.
    flat = 1 / np.clip(np.tan(np.clip(up, 0.02, np.pi / 2)), 0.02, 60)
    x, y = np.sin(phi) * flat, np.cos(phi) * flat
    field = textures.noise(1024, 1024, 150, 7, 12, (0.5, 1.7), 0.56)
    row, column = ((y * 120 + 300) % 1024).astype(int), ((x * 120 + 512) % 1024).astype(int)
    streaks = textures.noise(height, width, 120, 5, 13, (0.16, 2.6))
    cover = np.clip(
        0.62 * field[row, column] * np.clip(up / 0.35, 0, 1) + 0.75 * streaks * np.clip(1 - up / 0.5, 0, 1) + 0.05, 0, 1
    ) * np.clip(up / 0.06, 0, 1)
    lit = np.array((1.5, 0.55, 0.30)) * (0.25 + 1.3 * np.exp(-(1 - near) * 5))[..., None] + np.array((0.16, 0.15, 0.20))
    light = light * (1 - 0.75 * cover[..., None]) + lit * (0.75 * cover)[..., None]
    light[up < 0] = (0.05, 0.05, 0.07)
    return light


def water():
    """The basin, with a breeze on it: waves that grow smaller far away."""
    rows, columns = 900, 700
    waves = textures.noise(2400, 2400, 60, 6, 21, (0.6, 1.5), 0.62)

    def surface(u, v):
        distance = 3 + 260 * v**2.6
        x = (u - 0.5) * (14 + 2.2 * distance)
        row, column = (distance * 55) % 2400, (x * 55 + 1200) % 2400
        z = 0.035 * waves[row.astype(int), column.astype(int)] * np.clip(1.4 - distance / 90, 0.15, 1)
        return x, distance, z

    return sheet(surface, rows, columns, material((0.03, 0.06, 0.08), 0.06, spec=0.55))


def boat(at, length, turn, hull_tone, mast, seed):
    """A small sailing boat at her mooring, sails furled."""
    c, s = np.cos(turn), np.sin(turn)
    place = lambda x, y, z: (at[0] + x * c - y * s, at[1] + x * s + y * c, z)  # noqa: E731

    def hull(u, v):
        along = 2 * v - 1
        half = 0.17 * length * (1 - np.clip(along, 0, 1) ** 2.2) * (1 - 0.25 * np.clip(-along, 0, 1) ** 2)
        sheer = 0.10 * length * (1 + 0.35 * along**2 + 0.15 * along)
        angle = np.pi * u
        return place(along * length / 2, half * np.cos(angle) * (0.8 + 0.2 * np.sin(angle)), sheer * (1 - np.sin(angle)) * 1.0 - 0.02)

    def deck(u, v):
        along = 2 * v - 1
        half = 0.165 * length * (1 - np.clip(along, 0, 1) ** 2.2) * (1 - 0.25 * np.clip(-along, 0, 1) ** 2)
        return place(along * length / 2, half * (2 * u - 1), 0.10 * length * (1 + 0.35 * along**2 + 0.15 * along) - 0.03)

    white, wood = material(hull_tone, 0.35, coat=0.4), material((0.50, 0.34, 0.20), 0.5)
    foot, tip = np.array(place(0.06 * length, 0, 0.1 * length)), np.array(place(0.06 * length, 0, mast))
    boom = np.array(place(-0.38 * length, 0, 0.27 * length))
    shapes = [sheet(hull, 60, 40, white), sheet(deck, 40, 20, wood), rod(foot, tip, 0.035, material((0.75, 0.72, 0.68), 0.4, 0.6))]
    shapes.append(
        tube(
            np.linspace(foot + (0, 0, 0.16 * length), boom, 20),
            0.075 + 0.02 * np.sin(np.linspace(0, 12, 20)),
            material((0.22, 0.28, 0.42) if seed % 2 else (0.80, 0.76, 0.68), 0.9),
            12,
        )
    )
    shapes.append(
        block(
            place(0.02 * length, 0, 0.16 * length),
            (0.30 * length, 0.15 * length, 0.07 * length),
            material((0.86, 0.84, 0.80), 0.5),
            np.degrees(turn),
        )
    )
    stays = [
        (tip, place(0.49 * length, 0, 0.14 * length)),
        (tip, place(-0.49 * length, 0, 0.13 * length)),
        (tip, place(0, 0.16 * length, 0.1 * length)),
        (tip, place(0, -0.16 * length, 0.1 * length)),
    ]
    shapes.append(rods(stays, 0.009, material((0.2, 0.2, 0.2), 0.5)))
    return shapes


def house(x, y, width, height, tone, seed):
    """A gabled house on the far quay, some of its windows lit."""
    random = np.random.default_rng(seed)
    wall, roof = material(tone, 0.8), material((0.22, 0.15, 0.14), 0.8)
    shapes = [block((x, y, 0.9 + height / 2), (width, 3, height), wall)]
    # A gable is a box on its corner; a second one, a little larger and further back, is the roof's edge.
    for side, deep, skin in [(0.70, 2.98, wall), (0.76, 2.86, roof)]:
        gable = block((x, y, 0.9 + height), (width * side, deep, width * side), skin)
        gable["to_world"] = gable["to_world"] @ tilt(45)
        shapes.append(gable)
    for floor in range(int(height / 1.15)):
        for n in range(int(width / 0.9)):
            at = (x - width / 2 + 0.55 + 0.9 * n, y - 1.51, 1.65 + 1.15 * floor)
            lit = random.random() < 0.38
            pane = plane(
                at, (0.36, 0.56), material((0.10, 0.11, 0.14), 0.1), (0, -1, 0), (0, 0, 1), glow((3.2, 1.9, 0.75)) if lit else None
            )
            shapes.append(pane)
    return shapes


def hills(distance, height, tone, seed):
    """A ridge far off, already half the colour of the sky."""
    line = height * (0.55 + 0.3 * textures.noise(4, 400, 60, 6, seed)[1])

    def surface(u, v):
        top = np.clip(line[np.minimum((u * 399).astype(int), 399)], 0.4, None)
        return (u - 0.5) * distance * 3, distance + 0 * u, (1 - v) * top

    return sheet(
        surface,
        6,
        400,
        {"type": "twosided", "bsdf": {"type": "diffuse", "reflectance": {"type": "rgb", "value": list(tone)}}},
        smooth=False,
    )


def terrace():
    """The near side: an iron rail."""
    iron = material((0.06, 0.06, 0.07), 0.4, 0.5)
    ends = [((x, 1.65, 0.8), (x, 1.65, 1.74)) for x in np.arange(-3, 3.1, 0.21)]
    return [rods(ends, 0.010, iron), rod((-4, 1.65, 1.75), (4, 1.65, 1.75), 0.024, iron)]


def main():
    paints = [
        (0.80, 0.52, 0.42),
        (0.86, 0.78, 0.60),
        (0.52, 0.62, 0.70),
        (0.78, 0.74, 0.70),
        (0.70, 0.42, 0.36),
        (0.62, 0.70, 0.60),
        (0.84, 0.66, 0.44),
    ]
    shapes = [water(), sky(evening(), 1.0, 180), hills(240, 17, (0.16, 0.12, 0.15), 5), hills(170, 7.5, (0.07, 0.06, 0.085), 8)]
    random = np.random.default_rng(5)
    x = -52.0
    n = 0
    while x < -9:
        width, height = random.uniform(3.4, 5.2), random.uniform(3.2, 6.4)
        shapes += house(x + width / 2, 46 + random.uniform(-1, 1), width, height, paints[n % 7], n)
        x += width + random.uniform(0, 0.5)
        n += 1
    stone = material((0.30, 0.28, 0.27), 0.8)
    shapes += [block((-32, 46, 0.4), (48, 8, 1.0), stone), block((26, 62, 0.5), (46, 2.4, 1.3), stone)]
    # A lighthouse at the end of the mole.
    shapes += [
        lathe(
            [(0.9, 0), (0.62, 4.6), (0.85, 4.65), (0.85, 4.9), (0.5, 4.95), (0.5, 5.7), (0.62, 5.75), (0, 6.3)],
            material((0.85, 0.82, 0.80), 0.6),
            (5.0, 62, 1.1),
        ),
        ball((5.0, 61.3, 6.4), 0.22, material((1, 1, 1))),
    ]
    shapes[-1]["emitter"] = glow((22, 15, 7))
    for at, length, turn, tone, mast, seed in [
        ((-4.4, 13), 4.2, 0.35, (0.85, 0.84, 0.82), 5.6, 1),
        ((2.9, 17), 4.8, 2.9, (0.18, 0.26, 0.38), 6.4, 2),
        ((-9.5, 22), 5.0, 0.1, (0.80, 0.78, 0.74), 6.6, 3),
        ((8.5, 26), 5.2, 2.7, (0.72, 0.24, 0.20), 7.0, 4),
        ((-1.5, 31), 4.6, 0.5, (0.88, 0.87, 0.84), 6.2, 5),
        ((14.5, 36), 5.4, 3.0, (0.84, 0.82, 0.8), 7.2, 6),
    ]:
        shapes += boat(at, length, turn, tone, mast, seed)
    shapes += terrace() + [lamp((1.5, -1.5, 4.5), (0.5, 1.2, 1.8), (1.2, 1.2), (1.6, 1.1, 0.7))]
    light = expose(shapes, (1600, 900), (0, -0.7, 2.42), (0.0, 20, 2.15), fov=56, samples=36, depth=6)
    save(develop(light, 0.88, contrast=1.05, seed=20), "harbour.jpg", 170_000)


if __name__ == "__main__":
    main()
