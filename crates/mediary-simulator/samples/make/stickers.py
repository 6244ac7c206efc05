"""Two stickers: a finch that says thank you, and a teacup that dances."""

import math

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from paths import BOLD, OUT

SIZE, FINE = 512, 3  # drawn three times as large, then reduced


class Art:
    """A drawing in sticker coordinates (512 wide)."""

    def __init__(self):
        self.image = Image.new("RGBA", (SIZE * FINE, SIZE * FINE), (0, 0, 0, 0))
        self.draw = ImageDraw.Draw(self.image)

    def blob(self, points, fill):
        """A closed shape, its corners rounded by a smooth curve through them."""
        n, curve = len(points), []
        for i in range(n):
            p0, p1, p2, p3 = (points[(i + k - 1) % n] for k in range(4))
            for step in range(24):
                t = step / 24
                curve.append(
                    tuple(
                        FINE * 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t**3)
                        for a, b, c, d in zip(p0, p1, p2, p3)
                    )
                )
        self.draw.polygon(curve, fill=fill)

    def poly(self, points, fill):
        self.draw.polygon([(FINE * x, FINE * y) for x, y in points], fill=fill)

    def round(self, x, y, rx, ry, fill):
        self.draw.ellipse([FINE * (x - rx), FINE * (y - ry), FINE * (x + rx), FINE * (y + ry)], fill=fill)

    def stroke(self, points, width, fill):
        points = [(FINE * x, FINE * y) for x, y in points]
        self.draw.line(points, fill=fill, width=int(FINE * width), joint="curve")
        half = FINE * width / 2
        for x, y in points:
            self.draw.ellipse([x - half, y - half, x + half, y + half], fill=fill)

    def arc(self, x, y, rx, ry, start, end, width, fill):
        self.stroke(
            [(x + rx * math.cos(math.radians(a)), y + ry * math.sin(math.radians(a))) for a in range(start, end + 1, 4)], width, fill
        )

    def finish(self, edge=9):
        """Adds the white rim of a cut sticker and reduces to size."""
        wide = self.image.getchannel("A").filter(ImageFilter.MaxFilter(3))
        for _ in range(edge):
            wide = wide.filter(ImageFilter.MaxFilter(5))
        rim = Image.new("RGBA", self.image.size, (255, 255, 255, 255))
        rim.putalpha(wide.filter(ImageFilter.GaussianBlur(FINE)))
        return Image.alpha_composite(rim, self.image).resize((SIZE, SIZE), Image.LANCZOS)


def finch():
    art = Art()
    art.poly([(96, 372), (40, 330), (28, 352), (120, 404)], (72, 60, 66))
    art.blob([(110, 360), (118, 250), (190, 160), (290, 120), (372, 160), (396, 240), (370, 330), (290, 392), (180, 400)], (226, 138, 92))
    art.blob([(200, 390), (250, 300), (340, 250), (390, 262), (366, 334), (290, 392)], (246, 206, 168))
    art.blob([(236, 150), (262, 104), (330, 92), (388, 132), (402, 196), (360, 196), (310, 170)], (86, 108, 132))
    art.blob([(104, 352), (150, 262), (236, 232), (270, 282), (222, 350), (150, 388)], (104, 72, 62))
    art.blob([(120, 344), (160, 286), (226, 262), (240, 290), (200, 336), (150, 366)], (140, 100, 82))
    art.stroke([(140, 352), (214, 300)], 7, (246, 232, 214))
    art.poly([(396, 178), (462, 206), (394, 226)], (92, 92, 104))
    art.poly([(394, 204), (462, 206), (394, 226)], (66, 66, 78))
    art.round(346, 178, 21, 22, (30, 28, 34))
    art.round(353, 170, 7, 7, (255, 255, 255))
    art.round(330, 224, 20, 13, (238, 120, 100))
    for x in (240, 290):
        art.stroke([(x, 392), (x - 4, 430)], 8, (92, 70, 64))
        art.stroke([(x - 24, 436), (x - 4, 430), (x + 20, 438)], 7, (92, 70, 64))
    art.draw.rounded_rectangle([FINE * 84, FINE * 424, FINE * 428, FINE * 496], radius=FINE * 34, fill=(23, 84, 102))
    art.draw.text((FINE * 256, FINE * 459), "Thank you!", font=ImageFont.truetype(BOLD, FINE * 44), fill=(255, 255, 255), anchor="mm")
    art.blob([(430, 92), (448, 64), (476, 76), (470, 106), (434, 138), (396, 110), (390, 78), (414, 64)], (222, 74, 92))
    art.finish().save(OUT / "sticker-thanks.webp", "WEBP", quality=88, method=6)


def teacup(phase):
    """One frame of the dance; `phase` runs from 0 to 1."""
    turn = 2 * math.pi * phase
    sway, hop = 16 * math.sin(turn), 14 * abs(math.sin(turn))
    art = Art()
    steam = (150, 184, 196, 235)
    for n, x in enumerate((206, 256, 306)):
        rise = [(x + sway * 0.5 + 13 * math.sin(0.09 * y + turn + 2 * n), 150 - y) for y in range(0, 84, 4)]
        art.stroke(rise, 12, steam)
    art.round(256, 424, 168 - hop, 27, (214, 152, 104))
    art.round(256, 416, 150 - hop, 20, (240, 190, 140))

    def at(x, y):
        lean = (430 - y) / 430
        return x + sway * lean * 1.6, y - hop

    art.arc(*at(376, 276), 62, 56, -100, 110, 27, (52, 128, 146))
    left, right = [(122, 190), (128, 290), (160, 366), (214, 408)], [(298, 408), (352, 366), (384, 290), (390, 190)]
    art.blob([at(*p) for p in left + right], (62, 146, 164))
    art.blob([at(*p) for p in [(150, 214), (156, 290), (180, 346), (206, 366), (190, 290), (186, 214)]], (112, 184, 196))
    art.round(*at(256, 192), 137, 30, (238, 246, 246))
    art.round(*at(256, 194), 120, 22, (150, 86, 48))
    art.round(*at(246, 191), 60, 8, (186, 118, 72))
    blink = abs(phase - 0.5) < 0.05
    for x in (218, 302):
        if blink:
            art.stroke([at(x - 15, 276), at(x + 15, 276)], 8, (24, 40, 48))
        else:
            art.round(*at(x, 276), 15, 19, (24, 40, 48))
            art.round(*at(x + 5, 268), 5, 6, (255, 255, 255))
        art.round(*at(x + (-26 if x < 260 else 26), 306), 17, 10, (238, 138, 122))
    art.arc(*at(260, 298), 24, 20, 10, 170, 8, (24, 40, 48))
    wave = 28 * math.sin(2 * turn)
    art.stroke([at(130, 300), at(84, 268 - wave), at(58, 224 - wave)], 18, (52, 128, 146))
    art.round(*at(56, 218 - wave), 17, 17, (52, 128, 146))
    for x, lift in ((220, hop), (292, hop)):
        art.stroke([at(x, 402), (x + sway * 0.2, 430 - 0.3 * lift)], 16, (44, 104, 120))
    return art.finish()


def dance():
    frames = [teacup(n / 16) for n in range(16)]
    frames[0].save(
        OUT / "sticker-teacup.webp",
        "WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=70,
        loop=0,
        quality=62,
        method=4,
        minimize_size=True,
    )


if __name__ == "__main__":
    finch()
    dance()
