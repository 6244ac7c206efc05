#!/usr/bin/env python3
"""Makes the pictures and documents of this folder; README.md says what each is for.

pip install pillow pillow-heif pyvips pyvips-binary numpy; apt install imagemagick qpdf libheif-examples
python3 make.py PROFILE   (a CMYK profile under CC0: CGATS001Compat-v2-micro.icc of saucecontrol/Compact-ICC-Profiles)
"""
import io
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pillow_heif
import pyvips
from PIL import Image, ImageDraw, ImageOps

HERE = Path(__file__).parent
WIDTH, HEIGHT = 480, 320
RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 180, 40), (30, 50, 210), (235, 215, 40)


def scene(width=WIDTH, height=HEIGHT):
    """Something like a photograph: soft light and a few edges; red, green, blue and yellow corners (clockwise from the left: red,
    green, yellow, blue)."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    u, v = x / width, y / height
    light = np.stack([0.35 + 0.5 * u, 0.3 + 0.4 * v, 0.65 - 0.4 * u * v], axis=-1)
    light += 0.08 * np.sin(u * 23 + v * 9)[..., None] + 0.05 * np.cos(v * 31 - u * 5)[..., None]
    picture = Image.fromarray((light.clip(0, 1) * 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    draw.ellipse([width * 0.35, height * 0.25, width * 0.6, height * 0.7], fill=(240, 200, 170))
    draw.rectangle([width * 0.55, height * 0.55, width * 0.8, height * 0.8], fill=(60, 70, 90))
    corner_w, corner_h = width // 6, height // 6
    for (left, top), colour in zip([(0, 0), (1, 0), (0, 1), (1, 1)], [RED, GREEN, BLUE, YELLOW]):
        x0, y0 = left * (width - corner_w), top * (height - corner_h)
        draw.rectangle([x0, y0, x0 + corner_w - 1, y0 + corner_h - 1], fill=colour)
    return picture


def exif(orientation):
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010F] = "Maker of cameras"
    data.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 29.0), 3: "E", 4: (2.0, 17.0, 40.0)})
    return data.tobytes()


# How the stored picture is made so that a viewer who follows the orientation sees the scene.
STORED = {
    1: lambda p: p,
    2: ImageOps.mirror,
    3: lambda p: p.transpose(Image.Transpose.ROTATE_180),
    4: ImageOps.flip,
    5: lambda p: p.transpose(Image.Transpose.TRANSPOSE),
    6: lambda p: p.transpose(Image.Transpose.ROTATE_90),
    7: lambda p: p.transpose(Image.Transpose.TRANSVERSE),
    8: lambda p: p.transpose(Image.Transpose.ROTATE_270),
}


def save(name, picture, **options):
    picture.save(HERE / name, **options)


def jpegs():
    for orientation, stored in STORED.items():
        save(f"orientation-{orientation}.jpg", stored(scene()), quality=85, exif=exif(orientation))
    save("progressive.jpg", scene(1600, 1200), quality=60, progressive=True)
    save("grey.jpg", scene().convert("L"), quality=85)
    save("full-colour.jpg", scene(333, 217), quality=85, subsampling=0)


def without_segment(jpeg, marker):
    out, at = bytearray(jpeg[:2]), 2
    while jpeg[at + 1] != 0xDA:
        end = at + 2 + struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
        if jpeg[at + 1] != marker:
            out += jpeg[at:end]
        at = end
    return bytes(out + jpeg[at:])


def inks(profile):
    rgb = np.asarray(scene()).astype(float) / 255
    black = 1 - rgb.max(axis=-1, keepdims=True) * 0.999
    cmy = (1 - rgb - black) / (1 - black)
    cmyk = Image.fromarray((np.concatenate([cmy, black], axis=-1).clip(0, 1) * 255).astype(np.uint8), "CMYK")
    save("cmyk-adobe.jpg", cmyk, quality=90)
    marked = (HERE / "cmyk-adobe.jpg").read_bytes()
    (HERE / "cmyk-unmarked.jpg").write_bytes(without_segment(marked, 0xEE))
    save("cmyk-profile.jpg", cmyk, quality=90, icc_profile=Path(profile).read_bytes())
    subprocess.run(["/usr/bin/convert", HERE / "cmyk-adobe.jpg", "-quality", "90", HERE / "ycck-adobe.jpg"], check=True)


def display_p3():
    return bytes(pyvips.Operation.call("profile_load", "p3"))


def profiles():
    p3 = display_p3()
    save("display-p3.jpg", scene(), quality=85, icc_profile=p3)
    save("display-p3.png", scene(240, 160), icc_profile=p3)


def pngs():
    small = scene(240, 160)
    tiny = scene(120, 80)
    wide = np.asarray(tiny).astype(np.uint16) * 257
    pyvips.Image.new_from_memory(wide.tobytes(), 120, 80, 3, "ushort").copy(interpretation="rgb16").pngsave(
        str(HERE / "rgb-16.png"))
    alpha = small.convert("RGBA")
    alpha.putalpha(Image.linear_gradient("L").resize(small.size))
    save("alpha.png", alpha)
    deep = np.asarray(alpha.resize((120, 80))).astype(np.uint16) * 257
    pyvips.Image.new_from_memory(deep.tobytes(), 120, 80, 4, "ushort").copy(interpretation="rgb16").pngsave(
        str(HERE / "rgba-16.png"), interlace=True)
    save("grey-alpha.png", alpha.convert("LA"))
    save("palette.png", small.quantize(32), transparency=0)
    save("scene.bmp", scene(96, 64))
    save("oriented.png", STORED[6](small), exif=exif(6))
    return alpha


def webps(alpha):
    save("lossy.webp", scene(), quality=80, exif=exif(1))
    save("alpha.webp", alpha, lossless=True)
    sticker = scene(512, 512).convert("RGBA")
    frames = [sticker.rotate(turn) for turn in range(0, 360, 45)]
    save("animated.webp", frames[0], save_all=True, append_images=frames[1:], duration=80, quality=40)
    whole = (HERE / "animated.webp").read_bytes()
    (HERE / "animated-broken.webp").write_bytes(whole[: len(whole) // 2])


def gifs():
    small = scene(160, 120)
    frames = [small.rotate(turn).quantize(64) for turn in range(0, 360, 30)]
    save("animated.gif", frames[0], save_all=True, append_images=frames[1:], duration=70, loop=0)
    see_through = small.convert("RGBA")
    ImageDraw.Draw(see_through).rectangle([60, 40, 100, 80], fill=(0, 0, 0, 0))
    save("still.gif", see_through)


def heics(alpha):
    source = HERE / "source.png"
    save("source.png", scene())
    subprocess.run(["heif-enc", "-q", "60", "-o", HERE / "plain.heic", source], check=True, stdout=subprocess.DEVNULL)
    source.unlink()
    pillow_heif.register_heif_opener()
    save("alpha.heic", alpha, quality=60)
    for orientation in (3, 6, 8):
        save(f"orientation-{orientation}.heic", STORED[orientation](scene()), quality=50, exif=exif(orientation))
    save("display-p3.heic", scene(), quality=60,
         icc_profile=display_p3())
    subprocess.run(["heif-enc", "-q", "60", "-b", "10", "-o", HERE / "ten-bits.heic", HERE / "rgb-16.png"], check=True,
                   stdout=subprocess.DEVNULL)


def pdf(objects, name):
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, 2)
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    for place in places:
        out.write(b"%010d 00000 n \n" % place)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    (HERE / name).write_bytes(out.getvalue())


def pdfs():
    draw = (b"0.86 0.12 0.12 rg 0 642 100 200 re f 0.12 0.7 0.16 rg 495 642 100 200 re f "
            b"BT /F1 36 Tf 0 g 120 400 Td (Invoice 2026-11) Tj ET")
    pdf([b"<< /Type /Catalog /Pages 2 0 R >>",
         b"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>",
         b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources << /Font << /F1 6 0 R >> >> >>",
         b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
         b"<< /Length %d >>\nstream\n%s\nendstream" % (len(draw), draw),
         b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"], "two-pages.pdf")
    for name, user in [("encrypted.pdf", "secret"), ("encrypted-open.pdf", "")]:
        subprocess.run(["qpdf", "--encrypt", user, "owner", "256", "--", HERE / "two-pages.pdf", HERE / name], check=True)


if __name__ == "__main__":
    jpegs()
    inks(sys.argv[1])
    profiles()
    transparent = pngs()
    webps(transparent)
    gifs()
    heics(transparent)
    pdfs()
