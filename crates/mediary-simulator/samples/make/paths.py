"""Where things are."""

import pathlib

OUT = pathlib.Path(__file__).resolve().parent.parent
FONTS = "/usr/share/fonts/truetype/"
SANS, BOLD = FONTS + "noto/NotoSans-Regular.ttf", FONTS + "noto/NotoSans-Bold.ttf"
MONO, MONO_BOLD = FONTS + "dejavu/DejaVuSansMono.ttf", FONTS + "dejavu/DejaVuSansMono-Bold.ttf"
