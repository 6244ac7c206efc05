"""libvips: what our small versions of pictures are measured against, and what makes the pictures."""

import os
import time

from tools.process import SERVER_CORE, need, run

PACKAGE = "libvips-tools"
PREVIEW_SIDE, THUMB_SIDE = 1280, 320
QUALITY = "[Q=75,strip]"
# One thread, as a worker has.
ONE_THREAD = {"VIPS_CONCURRENCY": "1"}
# Light and dark specks of a camera's sensor, in levels.
GRAIN = "5"


def thumbnails(folder, pictures, times):
    """Pictures per second: a preview of each and a thumb of that, as we make them, in one process for all of either."""
    os.makedirs(folder)
    names = [os.path.join(folder, f"{number}.jpg") for number in range(times * len(pictures))]
    for number, name in enumerate(names):
        os.symlink(pictures[number % len(pictures)], name)
    started = time.monotonic()
    shrink(names, PREVIEW_SIDE, f"%s.preview.webp{QUALITY}")
    shrink([name.removesuffix(".jpg") + ".preview.webp" for name in names], THUMB_SIDE, f"%s.thumb.webp{QUALITY}")
    return len(names) / (time.monotonic() - started)


def shrink(files, side, output):
    command = [need("vipsthumbnail", PACKAGE), *files, "--size", f"{side}x{side}>", "--output", output]
    run(command, SERVER_CORE, ONE_THREAD, timeout=600)


def photo(source, folder, width, height):
    """A JPEG of this size as a camera makes it: of a smaller photo, with grain. The path."""
    name = os.path.join(folder, f"{os.path.splitext(os.path.basename(source))[0]}-{width}x{height}.jpg")
    if os.path.exists(name):
        return name
    parts = [os.path.join(folder, f"{part}.v") for part in ("large", "grain", "sum", "whole")]
    large, grain, both, whole = parts
    vips = [need("vips", PACKAGE)]
    run([*vips, "thumbnail", source, large, str(width), "--height", str(height), "--crop", "centre"])
    run([*vips, "gaussnoise", grain, str(width), str(height), "--mean", "0", "--sigma", GRAIN])
    run([*vips, "add", large, grain, both])
    run([*vips, "cast", both, whole, "uchar"])
    run([*vips, "jpegsave", whole, name, "--Q", "85", "--strip"])
    for part in parts:
        os.remove(part)
    return name
