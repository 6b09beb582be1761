"""The colours of the demo pictures: one family of tones per name, and a pen that draws with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw, ImageFont

SIDE = 600
_FINE = 2  # drawn twice as large, then halved: smooth edges

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]

WHITE: Colour = (255, 255, 255)
INK: Colour = (44, 47, 58)
STEEL: Colour = (196, 203, 212)
KRAFT: Colour = (205, 170, 125)
GLASS: Colour = (214, 232, 238)

COLOURS: dict[str, Colour] = {
    "amber": (194, 120, 36),
    "apple": (150, 186, 74),
    "beige": (214, 186, 148),
    "brown": (128, 84, 56),
    "coal": (66, 68, 80),
    "cream": (240, 222, 184),
    "gold": (222, 172, 62),
    "grey": (158, 168, 180),
    "leaf": (84, 148, 92),
    "lime": (162, 196, 72),
    "mustard": (206, 160, 44),
    "navy": (52, 84, 138),
    "olive": (122, 132, 62),
    "orange": (230, 128, 58),
    "pink": (228, 142, 158),
    "red": (204, 70, 66),
    "sky": (92, 158, 206),
    "straw": (228, 204, 118),
    "teal": (58, 150, 150),
    "wine": (134, 46, 72),
    "yellow": (242, 200, 68),
}


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`share` of the other colour in the first."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


@dataclass(frozen=True, slots=True)
class Tones:
    """A colour with its shades; `accent` sets lids and seals off."""

    base: Colour
    dark: Colour
    light: Colour
    pale: Colour
    accent: Colour

    @classmethod
    def of(cls, name: str) -> "Tones":
        base = COLOURS[name]
        accent = mix(base, INK, 0.55) if sum(base) > 330 else mix(base, (240, 200, 120), 0.6)
        return cls(base, mix(base, INK, 0.22), mix(base, WHITE, 0.4), mix(base, WHITE, 0.86), accent)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


class Pen:
    """
    Draws on a square of 600 x 600 points that stands on y = 490; `scale` shrinks towards that ground.

    The silhouette of what was drawn by `body` can be shaded: whatever `shade` and `band` paint stays inside it.
    """

    def __init__(self, tones: Tones, scale: float) -> None:
        self.tones = tones
        self.scale = scale
        self.image = Image.new("RGB", (SIDE * _FINE, SIDE * _FINE), tones.pale)
        self.draw = ImageDraw.Draw(self.image)
        self._mask = Image.new("L", self.image.size, 0)
        self._mask_draw = ImageDraw.Draw(self._mask)
        halo = mix(tones.pale, tones.base, 0.16)
        edge = SIDE * _FINE
        self.draw.ellipse((edge * 0.1, edge * 0.1, edge * 0.9, edge * 0.9), fill=halo)
        self._halo = halo

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return (300 + (x - 300) * self.scale) * _FINE, (490 + (y - 490) * self.scale) * _FINE

    def _box(self, box: Box) -> Box:
        return (*self._at(box[0], box[1]), *self._at(box[2], box[3]))

    def ground(self, half_width: float) -> None:
        """The shadow that the thing stands in."""
        self.draw.ellipse(
            self._box((300 - half_width, 474, 300 + half_width, 506)), fill=mix(self._halo, INK, 0.16)
        )

    def rect(self, box: Box, colour: Colour, radius: float = 0, body: bool = False) -> None:
        for draw, fill in self._targets(colour, body):
            draw.rounded_rectangle(self._box(box), radius * self.scale * _FINE, fill=fill)

    def oval(self, box: Box, colour: Colour, body: bool = False) -> None:
        for draw, fill in self._targets(colour, body):
            draw.ellipse(self._box(box), fill=fill)

    def poly(self, points: Sequence[tuple[float, float]], colour: Colour, body: bool = False) -> None:
        for draw, fill in self._targets(colour, body):
            draw.polygon([self._at(x, y) for x, y in points], fill=fill)

    def line(self, points: Sequence[tuple[float, float]], colour: Colour, width: float) -> None:
        self.draw.line(
            [self._at(x, y) for x, y in points],
            fill=colour,
            width=round(width * self.scale * _FINE),
            joint="curve",
        )

    def arc(self, box: Box, start: float, end: float, colour: Colour, width: float) -> None:
        self.draw.arc(self._box(box), start, end, fill=colour, width=round(width * self.scale * _FINE))

    def _targets(self, colour: Colour, body: bool) -> list[tuple[ImageDraw.ImageDraw, Colour | int]]:
        found: list[tuple[ImageDraw.ImageDraw, Colour | int]] = [(self.draw, colour)]
        return [*found, (self._mask_draw, 255)] if body else found

    def shade(self, x: float, colour: Colour | None = None, light_at: float | None = None) -> None:
        """Darkens the body right of x, and puts a streak of light at `light_at`."""
        self.band((x, 0, 600, 600), colour or self.tones.dark)
        if light_at is not None:
            self.band((light_at, 0, light_at + 14, 600), self.tones.light)

    def band(self, box: Box, colour: Colour) -> None:
        """Paints the part of the body within the box."""
        left, top, right, bottom = (round(each) for each in self._box(box))
        inside = self._mask.crop((left, top, right, bottom))
        self.image.paste(colour, (left, top, right, bottom), inside)

    def label(self, box: Box, brand: str, size: str, plain: bool = False) -> None:
        """A paper label with the brand's initial and the size."""
        left, top, right, bottom = box
        middle = (left + right) / 2
        if not plain:
            self.rect(box, mix(WHITE, self.tones.pale, 0.25), 8)
            self.rect((left, top, right, top + (bottom - top) * 0.14), self.tones.accent, 6)
        ink = self.tones.accent if plain else INK
        self._write(
            (middle, top + (bottom - top) * (0.42 if size else 0.5)), brand[:1], ink, (bottom - top) * 0.42
        )
        if size:
            room = (right - left) * 1.5 / max(len(size), 3)
            self._write((middle, top + (bottom - top) * 0.78), size, ink, min((bottom - top) * 0.24, room))

    def _write(self, at: tuple[float, float], text: str, colour: Colour, height: float) -> None:
        size = max(round(height * self.scale * _FINE), 8)
        self.draw.text(self._at(*at), text, fill=colour, font=_font(size), anchor="mm")

    def finished(self) -> Image.Image:
        return self.image.reduce(_FINE)
