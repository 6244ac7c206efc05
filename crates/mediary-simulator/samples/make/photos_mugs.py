"""Three mugs on a wooden table by a window."""

import numpy as np

import textures
from studio import develop, expose, lamp, lathe, material, plane, save, soft_sky, tube

CLAY = (0.72, 0.60, 0.47)


def mug(at, glaze, turn, seed):
    """A thrown mug: a glazed wall over a bare foot, and a pulled handle."""
    wall = textures.speckle(700, 1600, glaze, (0.20, 0.13, 0.08), seed=seed)
    line = 236 + 9 * np.sin(np.linspace(0, 2 * np.pi, 1600) * 2 + seed)[None, :] + 3 * textures.noise(700, 1600, 60, 3, seed)
    bare = np.clip((line - np.arange(700)[:, None]) / 3, 0, 1)
    clay = np.array(CLAY) * (1 + 0.05 * textures.noise(700, 1600, 8, 3, seed + 1))[..., None]
    coat = material(textures.mix(wall, clay, bare), rough=0.16 + 0.55 * bare, coat=0.3, spec=0.55)
    inside = material(textures.speckle(500, 1200, glaze, (0.2, 0.13, 0.08), 900, seed + 2), rough=0.14, coat=0.4)
    outside = [
        (0.0, 0.0),
        (0.33, 0.0),
        (0.37, 0.02),
        (0.405, 0.12),
        (0.42, 0.3),
        (0.422, 0.5),
        (0.415, 0.7),
        (0.41, 0.86),
        (0.405, 0.885),
        (0.392, 0.89),
    ]
    cavity = [(0.392, 0.89), (0.380, 0.885), (0.375, 0.86), (0.38, 0.5), (0.375, 0.2), (0.3, 0.07), (0.0, 0.05)]
    angle = np.linspace(-1.45, 1.45, 40)
    reach = 0.37 + 0.29 * np.cos(angle) ** 0.7
    height = 0.47 + 0.25 * np.sin(angle * 1.1)
    path = np.stack([at[0] + reach * np.cos(turn), at[1] + reach * np.sin(turn), at[2] + height], 1)
    handle = material(textures.speckle(300, 200, glaze, (0.2, 0.13, 0.08), 110, seed + 3), rough=0.16, coat=0.3)
    width = 0.052 + 0.016 * (angle / 1.45) ** 2
    return [lathe(outside, coat, at), lathe(cavity, inside, at), tube(path, width, handle, squash=1.25)]


def main():
    top, rough, relief = textures.wood(1400, 1800, 4, (0.34, 0.21, 0.12), (0.62, 0.43, 0.26), seed=2)
    wall, bumps = textures.plaster(tone=(0.80, 0.80, 0.76))
    shapes = [
        plane((0, 0.6, 0), (6, 4.6), material(top, rough, bump=relief, depth=0.004)),
        plane((0, 3.4, 1), (12, 8), material(wall, 0.9, bump=bumps, depth=0.01), (0, -1, 0), (0, 0, 1)),
        lamp((-3.6, 0.2, 2.3), (0.2, 0.2, 0.4), (1.5, 2.4), (19, 20, 22)),
        lamp((3.0, -2.5, 2.6), (0, 0, 0.4), (2.0, 2.0), (1.3, 1.15, 0.95)),
        soft_sky((0.30, 0.32, 0.36), (0.22, 0.21, 0.20), (0.10, 0.08, 0.06)),
    ]
    shapes += mug((-0.62, 0.10, 0), (0.56, 0.66, 0.60), -2.75, 3)
    shapes += mug((0.32, -0.34, 0), (0.90, 0.88, 0.83), -0.5, 14)
    shapes += mug((0.78, 0.78, 0), (0.80, 0.69, 0.52), 0.35, 25)
    # A linen cloth and a jar behind, out of focus, so that the table is somebody's.
    jar = material((0.24, 0.33, 0.40), 0.2, coat=0.5)
    shapes += [lathe([(0, 0), (0.42, 0), (0.6, 0.3), (0.55, 0.8), (0.3, 1.15), (0.26, 1.3), (0.3, 1.36)], jar, (-1.3, 1.9, 0))]
    random = np.random.default_rng(4)
    for stem in range(16):
        lean = random.normal(0, 0.34, 2)
        t = np.linspace(0, 1, 14)[:, None]
        path = np.array([-1.3, 1.9, 1.2]) + t * np.array([*lean, 0.95 + random.uniform(-0.3, 0.3)]) + t**2 * np.array([*lean * 0.5, -0.12])
        shapes.append(tube(path, 0.012, material((0.35, 0.42, 0.22), 0.7), 8))
        bud = material([(0.88, 0.80, 0.55), (0.86, 0.62, 0.52), (0.55, 0.60, 0.35)][stem % 3], 0.8)
        shapes.append({"type": "sphere", "center": [float(c) for c in path[-1]], "radius": float(random.uniform(0.06, 0.11)), "bsdf": bud})
    light = expose(
        shapes, (1600, 1200), (-0.25, -3.5, 1.75), (0.06, 0.15, 0.42), fov=40, focus=(0.2, -0.55, 0.5), aperture=0.055, samples=32
    )
    save(develop(light, exposure=0.85, warmth=0.015), "mugs.jpg")


if __name__ == "__main__":
    main()
