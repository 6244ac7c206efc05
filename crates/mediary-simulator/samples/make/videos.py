"""Two short films: a wheel that runs out of true, and the candles on a cake."""

import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

import bike
import cake
import sounds
import textures
from paths import OUT
from studio import DRAFT, ball, block, develop, expose, glow, lamp, lathe, material, plane, rod, soft_sky

RATE = 24


def handheld(picture, frame, size, sway=6.0):
    """Cuts a frame out of a larger picture the way a hand holds a phone: never quite still."""
    t = frame / RATE
    dx = sway * (np.sin(1.3 * t) + 0.5 * np.sin(2.9 * t + 1) + 0.2 * np.sin(6.1 * t + 2))
    dy = sway * (np.sin(1.1 * t + 2) + 0.4 * np.sin(3.3 * t) + 0.2 * np.sin(7.0 * t))
    left, top = (picture.width - size[0]) / 2 + dx, (picture.height - size[1]) / 2 + dy
    roll = 0.004 * np.sin(0.9 * t)
    return picture.transform(size, Image.Transform.AFFINE, (1, -roll, left, roll, 1, top), Image.Resampling.BICUBIC)


def film(name, frames, size, sound, quality):
    """Joins frames and sound to an MP4 that can start before it has wholly arrived."""
    with tempfile.TemporaryDirectory() as folder:
        count = 0
        for count, picture in enumerate(frames, 1):
            picture.save(f"{folder}/{count:04}.png", compress_level=1)
        sound(f"{folder}/sound.wav", count / RATE)
        subprocess.run(
            [
                "ffmpeg",
                "-v",
                "error",
                "-y",
                "-framerate",
                str(RATE),
                "-i",
                f"{folder}/%04d.png",
                "-i",
                f"{folder}/sound.wav",
                "-c:v",
                "libx264",
                "-profile:v",
                "main",
                "-preset",
                "slow",
                "-crf",
                str(quality),
                "-pix_fmt",
                "yuv420p",
                "-c:a",
                "aac",
                "-b:a",
                "64k",
                "-ac",
                "1",
                "-shortest",
                "-movflags",
                "+faststart",
                "-map_metadata",
                "-1",
                "-fflags",
                "+bitexact",
                str(OUT / name),
            ],
            check=True,
        )
    print(name, (OUT / name).stat().st_size, f"bytes, {count} frames of {size[0]}x{size[1]}")


def workshop():
    """What stands behind the wheel: a wall with tools, a bench, a window's light."""
    wall, bumps = textures.plaster(900, 1400, (0.62, 0.60, 0.55), 71)
    floor, rough, relief = textures.wood(1600, 1400, 24, (0.28, 0.20, 0.14), (0.48, 0.37, 0.27), seed=72)
    bench = material(textures.wood(300, 1200, 2, (0.42, 0.29, 0.17), (0.66, 0.49, 0.32), 73)[0], 0.6)
    shapes = [
        plane((-1.9, 1.5, 1.2), (11, 5), material(wall, 0.9, bump=bumps, depth=0.003), (1, 0, 0), (0, 0, 1)),
        plane((0, 0, -0.55), (9, 11), material(floor, rough, bump=relief, depth=0.004)),
        block((-1.55, 0.5, 0.18), (0.6, 3.4, 0.07), bench),
        lamp((0.6, -2.4, 2.0), (1.0, 0, 0.4), (1.3, 1.3), (15, 15.5, 16.5)),
        lamp((1.2, 2.2, 2.4), (0.8, 0, 0.4), (0.8, 0.8), (7, 6.2, 5)),
        soft_sky((0.36, 0.36, 0.38), (0.3, 0.29, 0.28), (0.16, 0.14, 0.12)),
    ]
    # The stand that holds the bicycle off the floor.
    shapes += [
        rod((0.52, 0.42, -0.55), (0.52, 0.42, 1.2), 0.024, bike.steel(0.4)),
        rod((0.52, 0.45, 0.815), (0.52, 0.0, 0.815), 0.022, bike.steel(0.4)),
        block((0.52, 0.0, 0.815), (0.09, 0.06, 0.075), material((0.72, 0.16, 0.12), 0.5)),
        rod((0.15, 0.42, -0.53), (0.95, 0.42, -0.53), 0.022, bike.steel(0.4)),
        rod((0.52, 0.1, -0.53), (0.52, 0.8, -0.53), 0.022, bike.steel(0.4)),
    ]
    random = np.random.default_rng(2)
    for n in range(9):
        y, tall = -1.4 + 0.36 * n, random.uniform(0.22, 0.42)
        tone = [(0.70, 0.18, 0.14), (0.16, 0.32, 0.52), (0.80, 0.62, 0.16), (0.25, 0.25, 0.26)][n % 4]
        shapes += [
            rod((-1.85, y, 1.25), (-1.85, y, 1.25 - tall / 2), 0.022, material(tone, 0.4)),
            rod((-1.85, y, 1.25 - tall / 2), (-1.85, y, 1.25 - tall), 0.012, bike.steel()),
        ]
    for n, tone in enumerate([(0.86, 0.30, 0.16), (0.20, 0.42, 0.36), (0.82, 0.80, 0.74), (0.22, 0.24, 0.30)]):
        shapes.append(
            lathe(
                [(0, 0), (0.085, 0), (0.085, 0.2 + 0.04 * n), (0.04, 0.24 + 0.04 * n)],
                material(tone, 0.35, coat=0.4),
                (-1.5, -0.75 + 0.5 * n, 0.215),
            )
        )
    return shapes


def wheel():
    """One turn is rendered, and runs six times."""
    size, turn = (480, 848), 24
    still = workshop() + bike.frame() + bike.wheel(bike.REAR, 0.2)
    taken = []
    for n in range(4 if DRAFT else turn):
        spin = -2 * np.pi * n / turn
        light = expose(
            still + bike.wheel(bike.FRONT, spin, 0.045),
            (508, 880),
            (2.42, -1.02, 0.92),
            (0.98, 0.02, 0.46),
            fov=43,
            focus=bike.FRONT,
            aperture=0.012,
            samples=4,
            depth=4,
            seed=n,
        )
        taken.append(light)

    def frames():
        for n in range(6 * turn):
            # A turning wheel smears a little in the time the shutter is open.
            light = 0.72 * taken[n % len(taken)] + 0.28 * taken[(n + 1) % len(taken)]
            yield handheld(develop(light, 0.95, warmth=0.01, grain=0.006, seed=n).resize((508, 880)), n, size)

    film("wheel.mp4", frames(), size, lambda path, seconds: sounds.ticking(path, seconds, RATE / turn), 27)


def flames(frame):
    """How strongly each candle burns, and how it leans, in one frame."""
    t = frame / RATE
    n = np.arange(len(cake.CANDLES))
    strength = 1 + 0.10 * np.sin(9.1 * t + 2.3 * n) + 0.07 * np.sin(17.3 * t + 4.1 * n) + 0.05 * np.sin(31 * t + n)
    lean = 0.10 * np.sin(2.1 * t + 0.8 * n) + 0.06 * np.sin(7.7 * t + 2 * n)
    return strength, lean


def candle_light(only):
    """The flames as lamps: of the even candles or of the odd ones."""
    return [
        {**ball((x, y, cake.WICK + 0.03), 0.012, material((1, 1, 1))), "emitter": glow((2300, 1180, 420))}
        for n, (x, y) in enumerate(cake.CANDLES)
        if n % 2 == only
    ]


def candles():
    """The light of the room and of two groups of candles is rendered once; the film mixes them by flicker."""
    size, large, seconds = (848, 480), (896, 512), 6.5
    eye, look, fov = np.array([0.5, -4.5, 2.15]), np.array([0.0, 0, 1.25]), 48
    dark, spots = cake.party(), 9 if DRAFT else 16
    shot = dict(size=large, eye=eye, look=look, fov=fov, focus=(0, -0.5, 1.3), aperture=0.05, samples=spots)
    evening = [
        lamp((-3.4, -2.6, 2.8), (0, 0, 0.9), (1.6, 1.6), (1.1, 0.78, 0.5)),
        lamp((3.0, 1.6, 2.6), (0, 0, 1.2), (1, 1), (0.5, 0.55, 0.75)),
        soft_sky((0.03, 0.03, 0.05), (0.03, 0.028, 0.035), (0.02, 0.02, 0.02)),
    ]
    room = expose(dark + evening, **shot)
    lit = [
        expose([shape for shape in dark if not (isinstance(shape, dict) and "emitter" in shape)] + candle_light(only), **shot)
        for only in (0, 1)
    ]
    height, width = room.shape[:2]
    forward = (look - eye) / np.linalg.norm(look - eye)
    right = np.cross(forward, (0, 0, 1))
    right /= np.linalg.norm(right)
    above = np.cross(right, forward)
    y, x = np.mgrid[0:height, 0:width].astype(float)

    def place(point):
        ray = np.asarray(point) - eye
        scale = width / 2 / np.tan(np.radians(fov / 2)) / (ray @ forward)
        return width / 2 + (ray @ right) * scale, height / 2 - (ray @ above) * scale, scale

    def flame(point, strength, lean):
        px, py, scale = place(point)
        tall = 0.11 * scale * strength
        up = (py + 0.35 * tall - y) / tall
        side = (x - px - lean * tall * np.clip(up, 0, 1.2) ** 1.5) / (0.21 * tall)
        body = np.clip(
            1.15 - (side / np.clip(1.05 - np.clip(up, 0, 1) ** 1.6, 0.05, 1)) ** 2 - np.clip(-up * 5, 0, 9) - np.clip((up - 1) * 6, 0, 9),
            0,
            1,
        )
        halo = np.exp(-((x - px) ** 2 + (y - py) ** 2) / (0.34 * scale * 0.5) ** 2)
        core = body[..., None] * np.array((3.4, 2.1, 0.85)) - (body * np.clip(0.35 - up, 0, 1))[..., None] * np.array((3.0, 1.6, 0.1))
        return np.clip(core, 0, None) * 1.6 + halo[..., None] * np.array((0.16, 0.075, 0.022)) * strength

    def frames():
        for n in range(int(seconds * RATE)):
            strength, lean = flames(n)
            light = room + lit[0] * strength[0::2].mean() ** 2 + lit[1] * strength[1::2].mean() ** 2
            for (cx, cy), power, drift in zip(cake.CANDLES, strength, lean):
                light = light + flame((cx, cy, cake.WICK + 0.03), power, drift)
            yield handheld(develop(light, 1.35, vignette=0.4, grain=0.009, seed=n).resize(large), n, size, 4.5)

    film("candles.mp4", frames(), size, sounds.birthday, 28)


if __name__ == "__main__":
    for name in sys.argv[1:] or ["candles", "wheel"]:
        globals()[name]()
