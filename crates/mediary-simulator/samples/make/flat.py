"""Printed and handwritten things, drawn flat: they become the textures of paper, card and board."""

import unicodedata

import numpy as np
from HersheyFonts import HersheyFonts
from PIL import Image, ImageDraw, ImageFilter, ImageFont

import textures
from paths import BOLD, MONO, MONO_BOLD, SANS

ACCENTS = {
    "\u0300": [(-0.08, -0.2), (0.08, -0.1)],
    "\u0301": [(-0.06, -0.1), (0.1, -0.2)],
    "\u0302": [(-0.12, -0.09), (0, -0.2), (0.13, -0.1)],
}


def font(path, size):
    return ImageFont.truetype(path, size)


class Pen:
    """Handwriting with single strokes: a hand that wanders a little, with ink or marker."""

    def __init__(self, image, width, ink, seed=1, shake=1.0):
        self.image, self.width, self.ink, self.shake = image, width, ink, shake
        self.random = np.random.default_rng(seed)
        self.letters = HersheyFonts()
        self.letters.load_default_font("futural")

    def line(self, points, width=None, closed=False):
        """One stroke through `points`, wobbling, its pressure changing along the way."""
        points = [tuple(p) for p in points] + ([tuple(points[0])] if closed else [])
        width = width or self.width
        dense = []
        for (x0, y0), (x1, y1) in zip(points[:-1], points[1:]):
            steps = max(2, int(np.hypot(x1 - x0, y1 - y0) / 4))
            dense += [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t) for t in np.linspace(0, 1, steps, endpoint=False)]
        dense = np.array(dense + [points[-1]])
        if len(dense) > 3:
            wander = self.random.normal(size=(max(4, len(dense) // 14 + 4), 2))
            place = np.linspace(0, len(wander) - 1, len(dense))
            smooth = np.stack([np.interp(place, np.arange(len(wander)), wander[:, axis]) for axis in (0, 1)], 1)
            dense = dense + smooth * self.shake
        draw = ImageDraw.Draw(self.image)
        press = 1 + 0.12 * np.sin(np.linspace(0, self.random.uniform(3, 9), len(dense)))
        for (x, y), force in zip(dense, press):
            half = width * force / 2
            draw.ellipse((x - half, y - half, x + half, y + half), fill=self.ink)

    def write(self, text, at, size, slant=0.12):
        """Letters of about `size` pixels, none quite like the last."""
        self.letters.normalize_rendering(size)
        x, y = at
        for letter in text:
            plain, *accents = unicodedata.normalize("NFD", letter)
            shift = self.random.normal(0, size * 0.018, 2) + (x, y + size)
            strokes = [np.array([(px + slant * py, -py) for px, py in stroke], float) for stroke in self.letters.strokes_for_text(plain)]
            for stroke in strokes:
                self.line(stroke + shift)
            if strokes and accents:
                every = np.concatenate(strokes)
                middle, top = every[:, 0].mean(), every[:, 1].min()
                rise = ACCENTS[accents[0]]
                self.line([(middle + dx * size + shift[0], top + dy * size + shift[1]) for dx, dy in rise])
            x += self.bar(plain + "|") - self.bar("|") + self.random.normal(0, size * 0.02)

    def bar(self, text):
        """How far right the bar at the end of `text` stands."""
        return list(self.letters.strokes_for_text(text))[-1][0][0]

    def circle(self, centre, radius, turns=1.08, flat=1.0):
        start = self.random.uniform(0, 6)
        a = np.linspace(start, start + turns * 2 * np.pi, 60)
        grow = np.linspace(0.97, 1.04, 60)
        self.line(np.stack([centre[0] + radius * grow * np.cos(a), centre[1] + radius * flat * grow * np.sin(a)], 1))

    def arrow(self, start, end, head=26):
        self.line([start, end])
        angle = np.arctan2(end[1] - start[1], end[0] - start[0])
        for side in (2.6, -2.6):
            self.line([end, (end[0] + head * np.cos(angle + side), end[1] + head * np.sin(angle + side))])


def pixels(image):
    return np.asarray(image.convert("RGB"), np.float32) / 255


def bars(draw, box, seed, unit=3):
    """A barcode-like row of bars."""
    random = np.random.default_rng(seed)
    x = box[0]
    while x < box[2] - 4 * unit:
        width = int(random.integers(1, 4)) * unit
        draw.rectangle((x, box[1], x + width - 1, box[3]), fill=(20, 20, 22))
        x += width + int(random.integers(1, 4)) * unit


def blocks(draw, box, seed, cells=22):
    """A square of dots that looks like a routing code, and leads nowhere."""
    random = np.random.default_rng(seed)
    step = (box[2] - box[0]) / cells
    for row in range(cells):
        for column in range(cells):
            edge = column == 0 or row == cells - 1 or (row == 0 and column % 2 == 0) or (column == cells - 1 and row % 2)
            if edge or (0 < row < cells - 1 and 0 < column < cells - 1 and random.random() < 0.5):
                x, y = box[0] + column * step, box[1] + row * step
                draw.rectangle((x, y, x + step, y + step), fill=(20, 20, 22))


def parcel_label():
    """A shipping label for a customer who does not exist."""
    image = Image.new("RGB", (1200, 840), (250, 250, 247))
    draw = ImageDraw.Draw(image)
    black = (22, 22, 24)
    draw.rectangle((14, 14, 1185, 825), outline=black, width=5)
    draw.text((44, 34), "SEAGULL PARCEL", font=font(BOLD, 58), fill=black)
    draw.text((46, 108), "Standard · 2.4 kg · 1 / 1", font=font(SANS, 32), fill=black)
    draw.rectangle((890, 14, 1185, 170), fill=black)
    draw.text((925, 30), "VLC-4", font=font(BOLD, 84), fill=(250, 250, 247))
    for y in (170, 330, 585):
        draw.line((14, y, 1185, y), fill=black, width=4)
    draw.text((44, 182), "FROM", font=font(BOLD, 24), fill=black)
    draw.text((44, 212), "Harbour & Finch\nUnit 3, Merchant's Quay, Cork, Ireland", font=font(SANS, 32), fill=black, spacing=4)
    draw.text((44, 344), "TO", font=font(BOLD, 24), fill=black)
    draw.text((44, 374), "Lucía Fernández\nCalle de la Paz · Portería\n46003 Valencia\nESPAÑA", font=font(BOLD, 40), fill=black, spacing=2)
    blocks(draw, (935, 352, 1150, 567), 3)
    draw.line((905, 330, 905, 585), fill=black, width=4)
    bars(draw, (60, 608, 1140, 750), 7)
    draw.text((330, 756), "SGP 4410 0927 1583 ES", font=font(MONO_BOLD, 42), fill=black)
    return pixels(image)


def receipt():
    """A till receipt on thermal paper."""
    image = Image.new("RGB", (620, 1240), (246, 246, 243))
    draw = ImageDraw.Draw(image)
    ink = (58, 58, 66)

    def centre(y, text, face, size):
        draw.text((310, y), text, font=font(face, size), fill=ink, anchor="ma")

    centre(54, "HARBOUR & FINCH", MONO_BOLD, 48)
    centre(116, "Café · Ceramics · Cycle repair", MONO, 26)
    centre(152, "Unit 3, Merchant's Quay, Cork", MONO, 26)
    rows = [("Chain KM-8, fitted", "24,00"), ("Brake tune, front", "12,00"), ("Clean and oil", "10,00")]
    draw.text((48, 222), "Receipt 20617", font=font(MONO, 28), fill=ink)
    draw.text((572, 222), "15:02", font=font(MONO, 28), fill=ink, anchor="ra")
    draw.text((48, 258), "Served by Finn", font=font(MONO, 28), fill=ink)
    centre(300, "-" * 33, MONO, 27)
    for n, (what, price) in enumerate(rows):
        draw.text((48, 346 + 54 * n), what, font=font(MONO, 31), fill=ink)
        draw.text((572, 346 + 54 * n), price, font=font(MONO, 31), fill=ink, anchor="ra")
    centre(512, "-" * 33, MONO, 27)
    draw.text((48, 556), "TOTAL EUR", font=font(MONO_BOLD, 50), fill=ink)
    draw.text((572, 556), "46,00", font=font(MONO_BOLD, 50), fill=ink, anchor="ra")
    draw.text((48, 640), "incl. VAT 13,5 %", font=font(MONO, 28), fill=ink)
    draw.text((572, 640), "5,47", font=font(MONO, 28), fill=ink, anchor="ra")
    draw.text((48, 682), "CARD  **** 0142", font=font(MONO, 28), fill=ink)
    draw.text((572, 682), "46,00", font=font(MONO, 28), fill=ink, anchor="ra")
    draw.text((48, 724), "APPROVED", font=font(MONO, 28), fill=ink)
    centre(778, "-" * 33, MONO, 27)
    centre(836, "Thank you, João!", MONO_BOLD, 36)
    centre(890, "Mind the gulls on your way.", MONO, 28)
    bars(draw, (110, 970, 510, 1080), 12)
    centre(1092, "0206170142", MONO, 28)
    page = pixels(image.filter(ImageFilter.GaussianBlur(0.6)))
    # Thermal print is never even.
    fade = 1 - 0.25 * np.clip(textures.noise(1240, 620, 200, 4, 5, (0.4, 3)), 0, 1)
    return 1 - (1 - page) * fade[..., None]


def whiteboard():
    """The plan of a party, in three markers."""
    image = Image.new("RGB", (2000, 1240), (242, 244, 244))
    blue, red, green = (38, 66, 140), (190, 48, 52), (38, 120, 78)
    old = Pen(image, 30, (236, 238, 240), 3, 8)
    for n in range(9):
        old.line([(200 + 190 * n, 200), (330 + 170 * n, 900 - 40 * n)])
    pen = Pen(image, 9, blue, 5, 2.4)
    pen.write("SAMEDI : LA FÊTE DE LÉO !", (130, 90), 96)
    pen.line([(130, 232), (700, 226), (1360, 240)], 8)
    plan = [
        ("14h", "déco + ballons"),
        ("16h", "arrivée des amis"),
        ("17h30", "livraison gâteau"),
        ("18h", "bougies !"),
        ("19h", "musique, danse"),
    ]
    for n, (when, what) in enumerate(plan):
        Pen(image, 9, red if n == 2 else blue, 20 + n, 2.4).write(when, (140, 312 + 148 * n), 80)
        Pen(image, 8, blue, 40 + n, 2.4).write(what, (440, 316 + 148 * n), 72)
    star = Pen(image, 9, red, 8, 3)
    star.circle((785, 664), 345, 1.1, 0.2)
    # The garden from above: table, cake, and the way in.
    map_pen = Pen(image, 8, green, 9, 3)
    map_pen.line([(1290, 380), (1880, 372), (1888, 1010), (1284, 1016)], closed=True)
    map_pen.write("JARDIN", (1480, 398), 60)
    map_pen.line([(1430, 600), (1740, 594), (1742, 720), (1428, 726)], closed=True)
    for n in range(5):
        map_pen.circle((1466 + 60 * n, 552), 20)
        map_pen.circle((1466 + 60 * n, 772), 20)
    Pen(image, 9, red, 12, 2).circle((1586, 660), 40)
    Pen(image, 8, red, 13, 2).write("gâteau", (1660, 850), 54)
    Pen(image, 8, red, 14, 2).arrow((1690, 826), (1612, 706))
    Pen(image, 8, green, 15, 2).arrow((1420, 1110), (1424, 960))
    Pen(image, 8, green, 16, 2).write("entrée", (1210, 1050), 50)
    Pen(image, 9, blue, 17, 2).write("Camille : 20 assiettes", (1180, 1160), 50)
    board = pixels(image.filter(ImageFilter.GaussianBlur(0.8)))
    smear = textures.noise(1240, 2000, 400, 5, 6, (1, 2))
    return np.clip(board * (1 + 0.012 * smear)[..., None] + 0.02 * np.clip(smear - 0.6, 0, 1)[..., None], 0, 1)


def car(pen, centre, angle, length=330, width=150):
    """A car from above, as people draw them."""
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def put(points):
        return np.array(points) * (length / 2, width / 2) @ turn.T + centre

    body = [(-1, -0.7), (-0.9, -1), (0.8, -1), (1, -0.6), (1, 0.6), (0.8, 1), (-0.9, 1), (-1, 0.7)]
    pen.line(put(body), closed=True)
    pen.line(put([(0.35, -0.8), (0.5, 0), (0.35, 0.8)]))
    pen.line(put([(-0.5, -0.8), (-0.62, 0), (-0.5, 0.8)]))
    pen.line(put([(0.35, -0.8), (-0.5, -0.8)]))
    pen.line(put([(0.35, 0.8), (-0.5, 0.8)]))


def parking_sketch():
    """Who stood where, on squared paper, in ball pen."""
    image = Image.new("RGB", (1500, 1120), (248, 246, 238))
    draw = ImageDraw.Draw(image)
    for n in range(1, 40):
        draw.line((0, n * 38, 1500, n * 38), fill=(206, 218, 228), width=2)
        draw.line((n * 38, 0, n * 38, 1120), fill=(206, 218, 228), width=2)
    pen = Pen(image, 5, (34, 46, 112), 4, 2.2)
    for n in range(5):
        pen.line([(240 + 250 * n, 130), (244 + 250 * n, 470)])
    pen.line([(236, 128), (1250, 132)])
    car(pen, (616, 300), np.pi / 2)
    pen.write("ME", (578, 250), 52)
    car(pen, (870, 640), -0.62, 430, 180)
    Pen(image, 5, (34, 46, 112), 11, 0.8).write("VAN", (796, 596), 62)
    red = Pen(image, 6, (186, 40, 44), 6, 2.2)
    red.line([(672, 470), (700, 440), (694, 486), (734, 462), (716, 508)])
    red.circle((700, 474), 66)
    red.write("scratch", (770, 400), 50)
    pen.arrow((1250, 880), (1080, 770), 34)
    pen.write("backing out", (1080, 900), 48)
    pen.write("store", (660, 40), 58)
    pen.write("Lot B, 8:40 am", (130, 930), 56)
    pen.write("no one hurt", (130, 1012), 50)
    return pixels(image.filter(ImageFilter.GaussianBlur(0.7)))
