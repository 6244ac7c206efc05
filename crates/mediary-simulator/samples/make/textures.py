"""Surfaces drawn from noise: wood, brick, cardboard, stone, paper. Colours are as seen on a screen, 0..1."""

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates


def noise(height, width, cell=64, octaves=5, seed=0, stretch=(1, 1), fade=0.5):
    """Smooth random hills around 0, about -1..1; `cell` is the size of the largest in pixels."""
    random = np.random.default_rng(seed)
    total = np.zeros((height, width))
    weight = 1.0
    for octave in range(octaves):
        step = cell / 2**octave
        rows = max(4, int(np.ceil(height / (step * stretch[0]))) + 3)
        columns = max(4, int(np.ceil(width / (step * stretch[1]))) + 3)
        grid = random.normal(size=(rows, columns))
        y = np.linspace(1, rows - 2, height)
        x = np.linspace(1, columns - 2, width)
        total += weight * map_coordinates(grid, np.meshgrid(y, x, indexing="ij"), order=3, mode="reflect")
        weight *= fade
    return total / 1.6


def mix(low, high, amount):
    """Blends two colours (or pictures) by an array of 0..1."""
    amount = np.clip(amount, 0, 1)[..., None]
    return np.asarray(low) * (1 - amount) + np.asarray(high) * amount


def wood(height=1024, width=1024, planks=5, dark=(0.36, 0.22, 0.12), light=(0.66, 0.46, 0.28), seed=0, gap=3):
    """Boards along x. Gives colour, roughness and height."""
    random = np.random.default_rng(seed)
    image, relief = np.zeros((height, width, 3)), np.zeros((height, width))
    edges = np.linspace(0, height, planks + 1).astype(int)
    for plank, (top, bottom) in enumerate(zip(edges[:-1], edges[1:])):
        rows = bottom - top
        warp = noise(rows, width, 300, 3, seed * 97 + plank, (1, 4))
        y = np.arange(rows)[:, None] / rows
        rings = np.sin((y * random.uniform(5, 9) + warp * 0.9 + random.uniform(0, 9)) * 2 * np.pi)
        fibre = noise(rows, width, 5, 3, seed * 89 + plank, (1, 40))
        pores = noise(rows, width, 3, 2, seed * 83 + plank, (1, 12)) > 1.75
        tone = 0.5 + 0.22 * rings + 0.16 * fibre + random.normal(0, 0.1)
        image[top:bottom] = mix(dark, light, tone) * (1 - 0.18 * pores[..., None])
        relief[top:bottom] = 0.3 * fibre + 0.2 * rings - 0.6 * pores
        if gap and plank:
            image[top : top + gap] *= 0.25
            relief[top : top + gap] -= 6
    rough = np.clip(0.42 + 0.06 * noise(height, width, 90, 4, seed + 5) + 0.03 * relief, 0.2, 0.8)
    return image, rough, relief


def bricks(height=1400, width=2000, rows=22, columns=12, seed=3):
    """A running-bond wall. Gives colour and height."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    y += 1.5 * noise(height, width, 40, 3, seed)
    x += 1.5 * noise(height, width, 40, 3, seed + 1)
    brick_height, brick_width = height / rows, width / columns
    row = np.floor(y / brick_height).astype(int)
    shifted = x / brick_width + 0.5 * (row % 2)
    column = np.floor(shifted).astype(int)
    edge_y = np.minimum(y % brick_height, brick_height - y % brick_height)
    inside = (shifted % 1) * brick_width
    edge = np.minimum(edge_y, np.minimum(inside, brick_width - inside))
    joint = np.clip((edge - 3.5) / 4, 0, 1)
    hue = random.normal(0, 1, (rows + 4, columns + 4))[np.clip(row + 1, 0, rows + 3), np.clip(column + 1, 0, columns + 3)]
    shade = random.normal(0, 1, (rows + 4, columns + 4))[np.clip(row + 1, 0, rows + 3), np.clip(column + 1, 0, columns + 3)]
    grit = noise(height, width, 24, 5, seed + 2)
    red = mix((0.45, 0.29, 0.25), (0.66, 0.47, 0.38), 0.5 + 0.2 * hue) * (1 + 0.10 * shade + 0.10 * grit)[..., None]
    mortar = np.array((0.62, 0.60, 0.56)) * (1 + 0.10 * grit)[..., None]
    stain = 1 - 0.12 * np.clip(noise(height, width, 500, 4, seed + 3), 0, 1)
    image = mix(mortar, red, joint) * stain[..., None]
    return np.clip(image, 0, 1), joint + 0.12 * grit


def slabs(height=1024, width=1024, rows=4, columns=4, tone=(0.56, 0.54, 0.51), seed=5, joint=6, groove=0.45):
    """Paving stones or tiles. Gives colour and height."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    tall, wide = height / rows, width / columns
    edge = np.minimum.reduce([y % tall, tall - y % tall, x % wide, wide - x % wide])
    inside = np.clip((edge - joint / 2) / 3, 0, 1)
    each = random.normal(0, 0.05, (rows, columns))[
        np.minimum((y / tall).astype(int), rows - 1), np.minimum((x / wide).astype(int), columns - 1)
    ]
    grain = noise(height, width, 10, 4, seed + 1)
    cloud = noise(height, width, 200, 4, seed + 2)
    image = np.array(tone) * (1 + each + 0.07 * grain + 0.06 * cloud)[..., None]
    return np.clip(mix(image * groove, image, inside), 0, 1), inside + 0.08 * grain


def cardboard(height=900, width=1200, seed=7):
    """Brown board with its flutes and fibres. Gives colour and height."""
    flutes = np.sin(np.arange(width) / 9 * 2 * np.pi)[None, :] * np.ones((height, 1))
    fibre = noise(height, width, 7, 3, seed, (1, 5))
    cloud = noise(height, width, 260, 4, seed + 1)
    scuff = np.clip(noise(height, width, 120, 6, seed + 2, fade=0.7) - 1.2, 0, 1)
    tone = 1 + 0.010 * flutes + 0.018 * fibre + 0.03 * cloud + 0.10 * scuff
    return np.clip(np.array((0.67, 0.54, 0.40)) * tone[..., None], 0, 1), 0.4 * flutes + 0.2 * fibre


def plaster(height=1024, width=1024, tone=(0.88, 0.86, 0.82), seed=9):
    """A painted wall. Gives colour and height."""
    bumps = noise(height, width, 16, 4, seed)
    cloud = noise(height, width, 500, 3, seed + 1)
    return np.clip(np.array(tone) * (1 + 0.012 * bumps + 0.02 * cloud)[..., None], 0, 1), bumps


def speckle(height, width, ground, dots, count=2600, seed=11, size=(0.6, 2.6)):
    """A glaze with iron spots that melted a little into it."""
    random = np.random.default_rng(seed)
    spots = np.zeros((height, width))
    y, x = random.integers(0, height, count), random.integers(0, width, count)
    for group in range(4):
        layer = np.zeros((height, width))
        pick = slice(group, None, 4)
        layer[y[pick], x[pick]] = 1
        radius = size[0] + (size[1] - size[0]) * group / 3
        spots = np.maximum(spots, gaussian_filter(layer, radius, mode="wrap") * (2 * np.pi * radius**2) * 0.9)
    cloud = noise(height, width, 180, 4, seed + 1)
    return np.clip(mix(np.array(ground) * (1 + 0.04 * cloud)[..., None], np.broadcast_to(dots, (height, width, 3)), spots * 0.85), 0, 1)
