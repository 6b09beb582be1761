"""Drawings of what stands on a pantry's shelf: bottles, jars, bags and boxes."""

from app.demo.palette import GLASS, INK, KRAFT, STEEL, WHITE, Pen, mix


def bottle(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(110)
    pen.rect((272, 92, 328, 240), tones.base, 10, body=True)
    pen.poly([(272, 190), (328, 190), (386, 268), (214, 268)], tones.base, body=True)
    pen.rect((214, 240, 386, 490), tones.base, 26, body=True)
    pen.shade(338, light_at=232)
    pen.rect((264, 70, 336, 122), tones.accent, 8)
    pen.label((214, 310, 386, 440), brand, size)


def wine(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    glass = mix(tones.base, INK, 0.45)
    pen.ground(96)
    pen.rect((276, 62, 324, 220), glass, 6, body=True)
    pen.poly([(276, 172), (324, 172), (372, 252), (228, 252)], glass, body=True)
    pen.rect((228, 236, 372, 490), glass, 18, body=True)
    pen.shade(336, mix(glass, INK, 0.4))
    pen.band((242, 0, 252, 600), mix(glass, WHITE, 0.35))
    pen.rect((270, 54, 330, 142), tones.base, 8)
    pen.rect((270, 130, 330, 142), tones.accent)
    pen.label((228, 300, 372, 424), brand, size)


def spirit(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(120)
    pen.rect((270, 120, 330, 230), GLASS, 6, body=True)
    pen.rect((204, 206, 396, 490), GLASS, 40, body=True)
    pen.band((204, 270, 396, 478), tones.base)
    pen.band((350, 270, 396, 478), tones.dark)
    pen.band((222, 220, 234, 470), mix(WHITE, GLASS, 0.2))
    pen.rect((260, 72, 340, 140), tones.accent, 10)
    pen.label((226, 310, 374, 440), brand, size)


def beer(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(90)
    pen.rect((278, 96, 322, 250), tones.base, 8, body=True)
    pen.poly([(278, 176), (322, 176), (366, 286), (234, 286)], tones.base, body=True)
    pen.rect((234, 270, 366, 490), tones.base, 20, body=True)
    pen.shade(330, light_at=246)
    pen.rect((270, 78, 330, 108), tones.accent, 5)
    pen.poly([(266, 108), (334, 108), (328, 116), (272, 116)], mix(tones.accent, WHITE, 0.3))
    pen.label((234, 324, 366, 440), brand, size)


def pet(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    clear = mix(tones.base, WHITE, 0.6)
    pen.ground(96)
    pen.rect((274, 110, 326, 180), clear, 8, body=True)
    pen.poly([(274, 150), (326, 150), (376, 240), (224, 240)], clear, body=True)
    pen.rect((224, 220, 376, 490), clear, 28, body=True)
    pen.shade(340, mix(clear, tones.base, 0.45))
    for top in (262, 430, 452):
        pen.band((224, top, 376, top + 8), mix(clear, tones.base, 0.4))
    pen.band((240, 230, 250, 480), WHITE)
    pen.rect((264, 84, 336, 122), tones.base, 8)
    pen.label((224, 292, 376, 412), brand, size)


def jar(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(126)
    pen.rect((198, 206, 402, 490), GLASS, 38, body=True)
    pen.band((198, 240, 402, 482), tones.base)
    pen.band((352, 240, 402, 482), tones.dark)
    pen.band((216, 226, 230, 470), tones.light)
    pen.rect((204, 148, 396, 216), tones.accent, 14)
    pen.rect((204, 190, 396, 200), mix(tones.accent, INK, 0.25))
    pen.label((222, 292, 378, 428), brand, size)


def can(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(134)
    pen.rect((184, 170, 416, 490), STEEL, 26, body=True)
    pen.band((184, 206, 416, 456), tones.base)
    pen.band((346, 206, 416, 456), tones.dark)
    pen.band((206, 206, 222, 456), tones.light)
    pen.oval((184, 146, 416, 210), mix(STEEL, WHITE, 0.45))
    pen.oval((206, 156, 394, 200), STEEL)
    pen.label((224, 258, 376, 412), brand, size)


def sodacan(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(88)
    pen.poly([(236, 128), (364, 128), (382, 164), (218, 164)], STEEL, body=True)
    pen.rect((218, 158, 382, 470), tones.base, 8, body=True)
    pen.poly([(218, 462), (382, 462), (362, 490), (238, 490)], STEEL, body=True)
    pen.shade(338, light_at=232)
    pen.oval((236, 114, 364, 142), mix(STEEL, WHITE, 0.4))
    pen.oval((280, 120, 320, 134), mix(STEEL, INK, 0.3))
    pen.poly([(218, 250), (382, 200), (382, 400), (218, 450)], mix(tones.base, WHITE, 0.75))
    pen.label((230, 262, 370, 392), brand, size, plain=True)


def tin(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(176)
    pen.rect((124, 300, 476, 490), tones.base, 44, body=True)
    pen.shade(400)
    pen.band((124, 468, 476, 490), tones.dark)
    pen.rect((124, 276, 476, 330), mix(STEEL, WHITE, 0.3), 27)
    pen.rect((146, 286, 454, 318), STEEL, 16)
    pen.oval((370, 262, 420, 312), mix(STEEL, INK, 0.25))
    pen.oval((382, 272, 408, 302), STEEL)
    pen.label((214, 348, 386, 462), brand, size)


def box(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(136)
    pen.rect((178, 158, 366, 490), tones.base, 6)
    pen.poly([(366, 158), (424, 132), (424, 462), (366, 490)], tones.dark)
    pen.poly([(178, 158), (240, 132), (424, 132), (366, 158)], tones.light)
    pen.rect((178, 158, 366, 200), tones.accent)
    pen.label((200, 250, 344, 400), brand, size)


def carton(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(112)
    pen.rect((204, 232, 356, 490), mix(WHITE, tones.pale, 0.5), 4)
    pen.poly([(356, 232), (398, 214), (398, 472), (356, 490)], mix(tones.pale, INK, 0.14))
    pen.poly([(204, 232), (356, 232), (372, 164), (222, 164)], tones.light)
    pen.poly([(356, 232), (398, 214), (372, 164)], tones.dark)
    pen.rect((218, 130, 376, 168), tones.base, 4)
    pen.rect((204, 400, 356, 490), tones.base)
    pen.poly([(356, 400), (398, 384), (398, 472), (356, 490)], tones.dark)
    pen.oval((252, 182, 306, 216), tones.accent)
    pen.label((216, 262, 344, 390), brand, size, plain=True)


def bag(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(132)
    pen.poly([(196, 168), (404, 168), (420, 486), (300, 494), (180, 486)], tones.base, body=True)
    pen.shade(364, light_at=216)
    pen.rect((190, 128, 410, 178), tones.dark, 4)
    for left in range(196, 404, 14):
        pen.line([(left, 132), (left, 174)], tones.base, 3)
    pen.label((222, 256, 378, 418), brand, size)


def sack(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    paper = mix(KRAFT, tones.base, 0.25)
    pen.ground(150)
    pen.rect((164, 196, 436, 490), paper, 46, body=True)
    pen.poly([(206, 130), (394, 130), (424, 250), (176, 250)], paper, body=True)
    pen.shade(374, mix(paper, INK, 0.16))
    pen.rect((216, 176, 384, 198), tones.accent, 10)
    pen.label((214, 272, 386, 430), brand, size)


def tub(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(138)
    pen.poly([(176, 240), (424, 240), (394, 490), (206, 490)], tones.base, body=True)
    pen.shade(356, light_at=208)
    pen.rect((160, 196, 440, 250), mix(WHITE, tones.pale, 0.4), 18)
    pen.rect((160, 232, 440, 250), mix(tones.pale, INK, 0.12), 9)
    pen.label((228, 288, 372, 424), brand, size)


def butter(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(180)
    pen.poly([(130, 340), (210, 280), (480, 280), (410, 340)], tones.light)
    pen.rect((130, 340, 410, 490), tones.base, 6)
    pen.poly([(410, 340), (480, 280), (480, 430), (410, 490)], tones.dark)
    pen.label((186, 362, 354, 470), brand, size)


def eggs(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    shell = mix(tones.base, WHITE, 0.3)
    pen.ground(196)
    for left in (124, 214, 304, 394):
        pen.oval((left, 284, left + 84, 404), shell)
        pen.oval((left + 14, 300, left + 36, 334), mix(shell, WHITE, 0.55))
    pen.poly([(100, 362), (500, 362), (472, 490), (128, 490)], mix(STEEL, tones.base, 0.25), body=True)
    pen.band((100, 362, 500, 380), mix(STEEL, INK, 0.18))
    pen.label((226, 390, 374, 482), brand, size)


def jerrycan(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(138)
    pen.rect((180, 190, 420, 490), tones.base, 30, body=True)
    pen.poly([(210, 130), (332, 130), (420, 226), (180, 226)], tones.base, body=True)
    pen.shade(366, light_at=200)
    pen.rect((250, 168, 352, 206), tones.pale, 18)
    pen.rect((196, 96, 262, 146), tones.accent, 8)
    pen.label((214, 284, 386, 438), brand, size)


def spray(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(104)
    pen.poly([(272, 190), (336, 190), (390, 310), (210, 310)], tones.base, body=True)
    pen.rect((210, 290, 390, 490), tones.base, 26, body=True)
    pen.shade(344, light_at=226)
    pen.rect((280, 140, 330, 200), tones.accent, 4)
    pen.poly([(206, 84), (350, 84), (366, 150), (270, 150), (262, 118), (206, 118)], tones.accent)
    pen.poly([(262, 118), (282, 118), (262, 184), (246, 178)], mix(tones.accent, INK, 0.3))
    pen.rect((192, 88, 212, 114), WHITE, 4)
    pen.label((226, 330, 374, 450), brand, size)


def pump(pen: Pen, brand: str, size: str) -> None:
    tones = pen.tones
    pen.ground(108)
    pen.rect((206, 220, 394, 490), tones.base, 44, body=True)
    pen.shade(346, light_at=222)
    pen.rect((262, 186, 338, 232), tones.accent, 8)
    pen.rect((290, 120, 310, 190), tones.accent)
    pen.poly([(210, 100), (330, 100), (330, 136), (236, 136), (210, 124)], tones.accent)
    pen.label((228, 300, 372, 430), brand, size)
