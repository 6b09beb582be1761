"""Drawings of what needs no label: fresh food, tableware, tools and paper."""

from app.demo.palette import GLASS, INK, KRAFT, STEEL, WHITE, Colour, Pen, mix


def cheese(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    inside = mix(tones.base, WHITE, 0.45)
    pen.ground(186)
    pen.poly([(116, 372), (420, 232), (486, 320), (486, 372)], mix(inside, WHITE, 0.35))
    pen.poly([(420, 232), (486, 320), (486, 372), (440, 372)], tones.light)
    pen.rect((116, 366, 486, 490), inside, 6)
    pen.rect((462, 320, 486, 490), tones.dark, 6)
    for left, top, width in ((170, 400, 40), (262, 428, 54), (356, 392, 36), (398, 446, 28), (214, 456, 24)):
        pen.oval((left, top, left + width, top + width * 0.7), tones.base)


def ham(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(170)
    pen.oval((130, 250, 420, 490), tones.base, body=True)
    pen.poly([(330, 270), (440, 150), (476, 186), (400, 380)], tones.base, body=True)
    pen.shade(392)
    pen.rect((430, 108, 470, 190), mix(KRAFT, WHITE, 0.5), 18)
    pen.rect((448, 96, 492, 140), mix(KRAFT, WHITE, 0.6), 20)
    pen.oval((160, 290, 330, 460), mix(tones.base, WHITE, 0.82))
    pen.oval((184, 314, 308, 438), mix(tones.base, WHITE, 0.3))
    pen.oval((226, 356, 262, 392), mix(KRAFT, WHITE, 0.7))


def sausage(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(190)
    for top, colour in ((262, tones.light), (340, tones.base), (418, tones.dark)):
        pen.rect((112, top, 488, top + 66), colour, 33)
        pen.rect((140, top + 12, 420, top + 22), mix(colour, WHITE, 0.35), 5)
        for side in (104, 476):
            pen.rect((side, top + 22, side + 20, top + 44), KRAFT, 6)
        for left in range(180, 440, 52):
            pen.oval((left, top + 34, left + 14, top + 46), mix(colour, WHITE, 0.55))


def fruit(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(190)
    for left, top, colour in ((218, 208, tones.dark), (130, 300, tones.base), (292, 300, tones.base)):
        pen.oval((left, top, left + 178, top + 178), colour)
        pen.oval((left + 34, top + 30, left + 70, top + 78), mix(colour, WHITE, 0.5))
        pen.line([(left + 92, top + 10), (left + 100, top - 22)], (96, 74, 52), 8)
        pen.oval((left + 98, top - 32, left + 150, top - 8), (96, 150, 88))


def bread(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    crust = mix((190, 126, 66), tones.base, 0.35)
    pen.ground(200)
    pen.oval((100, 286, 500, 490), crust, body=True)
    pen.rect((100, 388, 500, 490), crust, 50, body=True)
    pen.band((100, 452, 500, 490), mix(crust, INK, 0.18))
    for left in (170, 260, 350):
        pen.poly([(left, 400), (left + 54, 318), (left + 78, 318), (left + 24, 400)], mix(crust, WHITE, 0.55))


def pastry(pen: Pen, brand: str, size: str) -> None:
    crust = mix((214, 148, 74), pen.tones.base, 0.3)
    pen.ground(200)
    pen.oval((92, 372, 230, 484), mix(crust, INK, 0.12))
    pen.oval((370, 372, 508, 484), mix(crust, INK, 0.12))
    pen.oval((140, 318, 292, 484), crust)
    pen.oval((308, 318, 460, 484), crust)
    pen.oval((204, 272, 396, 490), mix(crust, WHITE, 0.2))
    for left in (236, 292, 344):
        pen.line([(left, 300), (left + 10, 470)], mix(crust, INK, 0.14), 7)


def cake(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(176)
    pen.rect((140, 470, 460, 490), mix(STEEL, WHITE, 0.4), 10)
    pen.rect((160, 330, 440, 474), mix((222, 176, 112), tones.base, 0.3), 10)
    pen.rect((160, 396, 440, 414), mix(tones.base, WHITE, 0.7))
    pen.rect((160, 290, 440, 352), tones.base, 22)
    for left in (176, 236, 296, 356, 398):
        pen.rect((left, 330, left + 30, 384), tones.base, 15)
    pen.oval((272, 232, 328, 290), (204, 70, 66))


def fish(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(196)
    pen.rect((96, 440, 504, 490), mix(STEEL, WHITE, 0.35), 22)
    pen.poly([(392, 366), (500, 286), (482, 372), (500, 454)], tones.dark)
    pen.oval((104, 284, 430, 450), tones.base, body=True)
    pen.band((104, 384, 430, 450), tones.light)
    pen.poly([(230, 296), (320, 250), (344, 300)], tones.dark)
    pen.oval((152, 334, 182, 364), WHITE)
    pen.oval((160, 342, 176, 358), INK)
    pen.arc((180, 306, 250, 426), 290, 70, tones.dark, 6)


def choc(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(150)
    pen.rect((170, 130, 430, 380), tones.base, 8)
    for row in range(3):
        for column in range(3):
            left, top = 182 + column * 82, 140 + row * 78
            pen.rect(
                (left, top, left + 72, top + 68),
                tones.light if (row + column) % 2 else mix(tones.base, tones.light, 0.5),
                8,
            )
    pen.rect((156, 300, 444, 490), mix(tones.accent, tones.base, 0.15), 6)
    pen.poly([(156, 300), (444, 300), (428, 286), (172, 286)], WHITE)
    pen.label((216, 330, 384, 462), brand, size)


def _stemmed(pen: Pen, half: float, rim: float, bowl: float, fill: float) -> None:
    tones = pen.tones
    clear = mix(GLASS, WHITE, 0.35)
    pen.ground(92)
    pen.rect((292, bowl - 16, 308, 478), mix(GLASS, INK, 0.1))
    pen.oval((226, 466, 374, 494), mix(GLASS, INK, 0.12))
    pen.rect((300 - half, rim, 300 + half, bowl), clear, half * 0.92, body=True)
    pen.rect((300 - half, rim, 300 + half, (rim + bowl) / 2), clear, body=True)
    pen.band((300 - half + 10, fill, 300 + half - 10, bowl - 10), tones.base)
    pen.band((300 + half * 0.45, fill, 300 + half - 10, bowl - 10), tones.dark)
    pen.oval((300 - half, rim - 12, 300 + half, rim + 12), mix(clear, INK, 0.06))
    pen.rect((300 - half + 16, rim + 24, 300 - half + 26, (rim + bowl) / 2 + 20), WHITE, 5)


def goblet(pen: Pen, brand: str, size: str) -> None:
    _stemmed(pen, 92, 110, 330, 214)


def flute(pen: Pen, brand: str, size: str) -> None:
    _stemmed(pen, 46, 84, 350, 156)


def glass(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(106)
    pen.poly([(192, 190), (408, 190), (382, 490), (218, 490)], mix(GLASS, WHITE, 0.3), body=True)
    pen.band((192, 266, 408, 470), mix(tones.base, WHITE, 0.35))
    pen.band((346, 266, 408, 470), tones.base)
    pen.band((220, 206, 232, 470), WHITE)
    pen.oval((192, 176, 408, 204), mix(GLASS, INK, 0.08))


def mug(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(150)
    pen.arc((340, 240, 470, 410), 270, 90, tones.dark, 26)
    pen.rect((170, 196, 400, 490), tones.base, 34, body=True)
    pen.shade(350, light_at=192)
    pen.oval((170, 176, 400, 226), tones.light)
    pen.oval((188, 184, 382, 220), (92, 62, 44))


def _disc(pen: Pen, colour: Colour, rim: Colour) -> None:
    pen.oval((96, 110, 504, 518), mix(pen.tones.pale, INK, 0.14))
    pen.oval((96, 96, 504, 504), colour)
    pen.oval((118, 118, 482, 482), rim)
    pen.oval((128, 128, 472, 472), colour)
    pen.oval((186, 186, 414, 414), mix(colour, INK, 0.07))
    pen.oval((194, 198, 414, 414), colour)


def plate(pen: Pen, brand: str, size: str) -> None:
    dark = pen.tones.base == (66, 68, 80)
    _disc(pen, mix(pen.tones.base, WHITE, 0.1) if dark else (250, 250, 248), pen.tones.base)


def bowl(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(120)
    pen.poly([(110, 300), (490, 300), (452, 388), (372, 474), (228, 474), (148, 388)], tones.base, body=True)
    pen.rect((240, 462, 360, 490), tones.dark, 8)
    pen.shade(396)
    pen.oval((110, 246, 490, 354), tones.light)
    pen.oval((132, 258, 468, 342), (250, 248, 244))


def _tool(pen: Pen, left: float, head: str) -> None:
    tones = pen.tones
    pen.rect((left - 13, 280, left + 13, 486), tones.base, 13)
    pen.rect((left - 5, 296, left + 1, 470), tones.light, 3)
    pen.rect((left - 8, 236, left + 8, 290), STEEL, 4)
    if head == "fork":
        pen.rect((left - 36, 180, left + 36, 246), STEEL, 26)
        for shift in (-30, -10, 10, 30):
            pen.rect((left + shift - 6, 100, left + shift + 6, 214), STEEL, 6)
    elif head == "spoon":
        pen.oval((left - 42, 96, left + 42, 248), STEEL)
        pen.oval((left - 26, 112, left + 18, 212), mix(STEEL, WHITE, 0.5))
    else:
        pen.poly(
            [(left - 18, 244), (left - 18, 110), (left + 4, 84), (left + 26, 130), (left + 22, 244)], STEEL
        )
        pen.line([(left - 12, 236), (left - 12, 120)], mix(STEEL, WHITE, 0.55), 6)


def cutlery(pen: Pen, brand: str, size: str) -> None:
    pen.ground(120)
    _tool(pen, 240, "fork")
    _tool(pen, 360, "knife")


def spoon(pen: Pen, brand: str, size: str) -> None:
    pen.ground(70)
    _tool(pen, 300, "spoon")


def knife(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(180)
    pen.poly([(90, 380), (360, 300), (380, 392), (300, 430), (160, 436)], STEEL)
    pen.poly([(90, 380), (372, 358), (380, 392), (300, 430), (160, 436)], mix(STEEL, WHITE, 0.5))
    pen.poly([(352, 292), (380, 284), (398, 394), (372, 402)], mix(STEEL, INK, 0.35))
    pen.poly([(378, 296), (520, 262), (534, 330), (396, 382)], tones.base)
    for left in (410, 456, 500):
        pen.oval((left, 354 - left * 0.08, left + 16, 370 - left * 0.08), tones.light)


def napkin(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(176)
    for step, colour in enumerate((tones.dark, tones.base, tones.dark, tones.base, tones.light)):
        top = 440 - step * 34
        pen.rect((136, top, 464, top + 46), colour, 10)
    pen.poly([(136, 318), (250, 214), (464, 214), (464, 318)], tones.light)
    pen.poly([(250, 214), (464, 214), (464, 318), (330, 318)], tones.base)
    pen.line([(160, 336), (440, 336)], mix(tones.light, WHITE, 0.5), 5)


def roll(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    paper = mix(WHITE, tones.base, 0.12)
    pen.ground(140)
    pen.rect((180, 210, 420, 478), paper, body=True)
    pen.oval((180, 446, 420, 494), paper, body=True)
    pen.shade(360, mix(paper, tones.base, 0.2))
    for left in (214, 262, 310):
        pen.band((left, 210, left + 4, 494), mix(paper, tones.base, 0.25))
    pen.oval((180, 166, 420, 256), mix(paper, tones.base, 0.12))
    pen.oval((250, 192, 350, 230), KRAFT)
    pen.oval((264, 198, 336, 226), mix(KRAFT, INK, 0.55))
    pen.poly([(420, 220), (476, 250), (476, 486), (420, 460)], paper)
    pen.poly([(420, 420), (476, 446), (476, 462), (420, 436)], tones.base)


def pan(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(190)
    pen.poly([(360, 372), (556, 318), (564, 346), (372, 410)], INK)
    pen.poly([(84, 370), (416, 370), (380, 490), (120, 490)], tones.base, body=True)
    pen.shade(340)
    pen.band((84, 474, 416, 490), mix(STEEL, INK, 0.2))
    pen.oval((84, 330, 416, 412), tones.light)
    pen.oval((104, 340, 396, 404), tones.dark)


def pot(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(166)
    for left in (110, 430):
        pen.rect((left, 300, left + 60, 330), INK, 12)
    pen.rect((144, 252, 456, 490), mix(STEEL, tones.base, 0.5), 28, body=True)
    pen.shade(390, mix(STEEL, tones.dark, 0.6))
    pen.band((164, 262, 178, 480), mix(STEEL, WHITE, 0.6))
    pen.oval((144, 202, 456, 290), tones.base)
    pen.oval((164, 206, 436, 268), tones.light)
    pen.rect((270, 176, 330, 222), INK, 16)


def board(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(170)
    pen.rect((146, 150, 454, 490), tones.dark, 40)
    pen.rect((146, 140, 454, 476), tones.base, 40)
    pen.rect((178, 230, 422, 446), mix(tones.base, WHITE, 0.2), 22)
    pen.rect((244, 166, 356, 198), pen.tones.pale, 16)


def clamshell(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(190)
    pen.poly([(140, 250), (460, 250), (500, 372), (100, 372)], tones.light)
    pen.poly([(166, 268), (434, 268), (462, 352), (138, 352)], mix(tones.light, WHITE, 0.4))
    pen.rect((92, 366, 508, 398), mix(tones.base, WHITE, 0.2), 14)
    pen.poly([(104, 396), (496, 396), (462, 490), (138, 490)], tones.base)
    for left in (180, 260, 340, 420):
        pen.line([(left, 408), (left - (left - 300) * 0.1, 480)], tones.dark, 5)


def papercup(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(100)
    pen.poly([(196, 196), (404, 196), (376, 490), (224, 490)], (246, 240, 230), body=True)
    pen.band((196, 270, 404, 410), tones.base)
    pen.shade(352, mix(tones.dark, INK, 0.05))
    pen.rect((182, 160, 418, 204), tones.accent, 12)
    pen.rect((206, 136, 394, 170), tones.accent, 10)
    pen.oval((262, 300, 338, 380), mix(tones.base, WHITE, 0.8))


def carrier(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    paper = mix(KRAFT, tones.base, 0.3)
    pen.ground(140)
    pen.arc((238, 92, 362, 296), 180, 360, mix(paper, INK, 0.4), 13)
    pen.rect((176, 196, 384, 490), paper, 4)
    pen.poly([(384, 196), (432, 180), (432, 474), (384, 490)], mix(paper, INK, 0.16))
    pen.label((222, 292, 340, 420), brand, size, plain=True)


def gloves(pen: Pen, brand: str, size: str) -> None:
    for shift, colour in ((64, pen.tones.dark), (-40, pen.tones.base)):
        for left, top in ((206, 190), (248, 152), (290, 150), (332, 184)):
            pen.rect((left + shift, top, left + shift + 36, 360), colour, 18)
        pen.poly([(372 + shift, 372), (418 + shift, 286), (446 + shift, 304), (392 + shift, 430)], colour)
        pen.rect((206 + shift, 300, 384 + shift, 452), colour, 30)
        pen.rect((220 + shift, 430, 370 + shift, 490), mix(colour, WHITE, 0.3), 10)


def apron(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.arc((242, 66, 358, 200), 180, 360, tones.dark, 12)
    pen.line([(120, 282), (200, 290)], tones.dark, 10)
    pen.line([(480, 282), (400, 290)], tones.dark, 10)
    pen.poly(
        [(236, 130), (364, 130), (376, 240), (420, 286), (420, 490), (180, 490), (180, 286), (224, 240)],
        tones.base,
        body=True,
    )
    pen.shade(372)
    pen.rect((226, 330, 374, 430), tones.light, 12)
    pen.line([(226, 352), (374, 352)], tones.base, 5)
