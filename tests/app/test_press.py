"""The press prints what it is told, as text, in time, and the same twice."""

import asyncio
import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pypdf import PdfReader

from app.papers.press import FOLDER, Attachment, Press, PressBusy, PressError

MADE = datetime(2026, 3, 2, 10, tzinfo=UTC)
SELLER = {"name": "Ventas SA", "tax_id": "B12345674", "contact": "ventas@example.com", "lines": ["Calle 1"]}
SHEET = """
#import "house.typ": data, say, sheet
#show: sheet.with(title: data.title, number: data.number)
#data.text
#for each in data.attachments { pdf.attach(each.name, bytes(each.content), mime-type: each.media_type,
  relationship: each.relationship, description: each.description) }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("house.typ", "texts.json"):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    (tmp_path / "sheet.typ").write_text(SHEET)
    many = "range(1000000)"  # Typst finds endless loops by itself; this one would merely take hours
    (tmp_path / "endless.typ").write_text(f"#for a in {many} {{ for b in {many} {{ let c = a + b }} }}")
    (tmp_path / "broken.typ").write_text("#nothing-of-the-kind")
    return tmp_path


def _data(text: str, locale: str = "es") -> dict[str, object]:
    return {"locale": locale, "title": "Título", "number": "AL-1", "text": text, "seller": SELLER}


def _text(paper: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(paper)).pages)


async def test_what_people_wrote_is_printed_and_never_interpreted(folder: Path) -> None:
    written = '*x* #read("texts.json") $1/2$ <b> \\ #panic()'

    paper = await Press(folder=folder).print("sheet.typ", _data(written), made_at=MADE)

    assert written in _text(paper)
    assert "Página 1 de 1" in _text(paper)


async def test_the_same_order_gives_the_same_bytes(folder: Path) -> None:
    press = Press(folder=folder)

    first, second = await asyncio.gather(
        *(press.print("sheet.typ", _data("ñandú €"), made_at=MADE) for _ in range(2))
    )

    assert first == second


async def test_a_file_travels_inside_a_pdf_a_3(folder: Path) -> None:
    xml = Attachment("factur-x.xml", "<a>ñ</a>".encode(), "text/xml")

    paper = await Press(folder=folder).print(
        "sheet.typ", _data("x"), made_at=MADE, standards=["a-3b"], attachments=[xml]
    )

    assert PdfReader(io.BytesIO(paper)).attachments["factur-x.xml"] == [xml.content]
    assert b"pdfaid:part>3<" in paper


async def test_a_paper_without_end_is_stopped(folder: Path) -> None:
    with pytest.raises(PressBusy):
        await Press(seconds_max=1.5, folder=folder).print("endless.typ", _data("x"), made_at=MADE)

    assert presses_at_work() == []


def presses_at_work() -> list[Path]:
    return [each for each in Path("/proc").glob("[0-9]*/cmdline") if _is_press(each)]


def _is_press(cmdline: Path) -> bool:
    try:
        children = (cmdline.parent / "status").read_text()
    except OSError:
        return False
    return f"PPid:\t{os.getpid()}\n" in children and b"press_process" in cmdline.read_bytes()


async def test_a_broken_paper_says_so(folder: Path) -> None:
    with pytest.raises(PressError, match="unknown variable"):
        await Press(folder=folder).print("broken.typ", _data("x"), made_at=MADE)


def test_both_languages_say_the_same_things() -> None:
    texts = json.loads((FOLDER / "texts.json").read_text(encoding="utf-8"))

    assert sorted(texts) == ["en", "es"]
    assert set(texts["en"]) == set(texts["es"])
    assert all(text for language in texts.values() for text in language.values())
