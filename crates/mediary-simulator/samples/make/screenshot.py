"""A phone's screenshot of a parcel being followed."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from paths import BOLD, OUT, SANS

WIDTH, HEIGHT = 720, 1520
INK, GREY, TEAL, GREEN = (28, 32, 38), (124, 132, 140), (18, 106, 122), (34, 150, 92)


def font(size, bold=False):
    return ImageFont.truetype(BOLD if bold else SANS, size)


def card(page, box, radius=28):
    """A white card with a soft shadow."""
    shade = Image.new("L", page.size, 0)
    ImageDraw.Draw(shade).rounded_rectangle((box[0], box[1] + 6, box[2], box[3] + 6), radius, fill=46)
    page.paste((30, 50, 60), mask=shade.filter(ImageFilter.GaussianBlur(12)))
    ImageDraw.Draw(page).rounded_rectangle(box, radius, fill=(255, 255, 255))


def street_map(width, height):
    """Some streets, a park, a river and the way the van took."""
    image = Image.new("RGB", (width * 2, height * 2), (232, 234, 230))
    draw = ImageDraw.Draw(image)
    random = np.random.default_rng(4)
    for x in range(-60, width * 2, 118):
        for y in range(-40, height * 2, 92):
            tone = 222 + int(random.integers(-5, 6))
            draw.rectangle((x + 14, y + 12, x + 104, y + 80), fill=(tone, tone, tone - 4))
    draw.polygon([(120, 60), (470, 40), (500, 250), (150, 270)], fill=(196, 222, 188))
    draw.line([(0, 470), (300, 420), (700, 470), (1000, 400), (1400, 440)], fill=(168, 206, 226), width=70, joint="curve")
    for points in ([(0, 330), (1400, 290)], [(560, 0), (640, 620)], [(1000, 0), (960, 640)]):
        draw.line(points, fill=(255, 255, 255), width=30)
    route = [(70, 330), (600, 312), (618, 150), (990, 136), (984, 240)]
    draw.line(route, fill=(70, 150, 220), width=16, joint="curve")
    draw.ellipse((54, 314, 86, 346), fill=(255, 255, 255), outline=(70, 150, 220), width=9)
    x, y = route[-1]
    draw.polygon([(x - 26, y - 44), (x + 26, y - 44), (x, y + 8)], fill=(214, 60, 62))
    draw.ellipse((x - 32, y - 88, x + 32, y - 24), fill=(214, 60, 62))
    draw.ellipse((x - 12, y - 68, x + 12, y - 44), fill=(255, 255, 255))
    return image.resize((width, height), Image.LANCZOS)


def main():
    page = Image.new("RGB", (WIDTH, HEIGHT), (241, 244, 245))
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, WIDTH, 220), fill=TEAL)
    draw.text((44, 20), "11:01", font=font(30, True), fill=(255, 255, 255))
    for n, tall in enumerate((10, 15, 20, 25)):
        draw.rounded_rectangle((560 + 12 * n, 52 - tall, 568 + 12 * n, 52), 2, fill=(255, 255, 255))
    draw.rounded_rectangle((624, 28, 676, 52), 6, outline=(255, 255, 255), width=3)
    draw.rectangle((629, 33, 660, 47), fill=(255, 255, 255))
    draw.line((74, 118, 50, 140, 74, 162), fill=(255, 255, 255), width=6, joint="curve")
    draw.text((112, 112), "Seagull Parcel", font=font(42, True), fill=(255, 255, 255))
    card(page, (32, 196, 688, 420))
    draw.text((64, 222), "SGP 4410 0927 6120", font=font(28), fill=GREY)
    draw.text((64, 262), "Delivered", font=font(54, True), fill=GREEN)
    draw.text((64, 340), "Today, 10:42 · left in a safe place", font=font(30), fill=INK)
    draw.ellipse((576, 250, 652, 326), fill=GREEN)
    draw.line((594, 290, 610, 306, 636, 272), fill=(255, 255, 255), width=9, joint="curve")
    card(page, (32, 448, 688, 772))
    view = street_map(624, 292)
    rounded = Image.new("L", view.size, 0)
    ImageDraw.Draw(rounded).rounded_rectangle((0, 0, 623, 291), 18, fill=255)
    page.paste(view, (48, 464), rounded)
    card(page, (32, 800, 688, 1330))
    steps = [
        ("Delivered", "Today, 10:42", "Safe place"),
        ("Out for delivery", "Today, 08:15", "Van 12"),
        ("Arrived at the depot", "Yesterday, 21:07", "Shanghai East"),
        ("Left the country of origin", "Monday, 06:30", "Cork, Ireland"),
        ("Label made", "Sunday, 17:55", "Harbour & Finch"),
    ]
    for n, (what, when, where) in enumerate(steps):
        y = 836 + 98 * n
        if n < len(steps) - 1:
            draw.line((82, y + 26, 82, y + 110), fill=(190, 216, 204), width=5)
        draw.ellipse((66, y + 4, 98, y + 36), fill=GREEN if n == 0 else (150, 204, 176))
        draw.text((126, y - 6), what, font=font(32, n == 0), fill=INK)
        draw.text((126, y + 38), f"{when} · {where}", font=font(26), fill=GREY)
    draw.rounded_rectangle((32, 1366, 688, 1452), 43, fill=TEAL)
    draw.text((360, 1408), "Something is wrong", font=font(34, True), fill=(255, 255, 255), anchor="mm")
    draw.rounded_rectangle((260, 1492, 460, 1500), 4, fill=(60, 64, 70))
    page.quantize(200, dither=Image.Dither.NONE).save(OUT / "tracking-screenshot.png", optimize=True)


if __name__ == "__main__":
    main()
