"""The press: a Typst template and data in, a PDF out; in a process of its own, which can be stopped."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

FOLDER = Path(__file__).parent
SECONDS_MAX = 10.0
BYTES_MAX = 20_000_000
_AT_ONCE = 2

Data = Mapping[str, object]


class PressError(Exception):
    """A paper could not be printed; the cause is for the log."""


class PressBusy(PressError):
    """It took too long, or too many wait: the same request may succeed a little later."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside the PDF, such as the invoice's XML; `relationship` as PDF/A-3 names it."""

    name: str
    content: bytes
    media_type: str
    relationship: str = "alternative"
    description: str = ""


class Press:
    """
    Prints papers, two at a time; one per event loop.

    A template reads `json(bytes(sys.inputs.data))`: texts come in as strings, never as markup, so nothing that a
    customer wrote is interpreted. Only the fonts inside Typst are used, so a paper looks the same everywhere.
    """

    def __init__(self, seconds_max: float = SECONDS_MAX, folder: Path = FOLDER) -> None:
        self.seconds_max = seconds_max
        self.folder = folder
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def print(
        self,
        template: str,
        data: Data,
        *,
        made_at: datetime,
        standards: Sequence[str] = (),
        attachments: Sequence[Attachment] = (),
    ) -> bytes:
        """
        The PDF; the same template, data and moment give the same bytes.

        Args:
            template: the name of a file of this folder, as "delivery_note.typ".
            data: what JSON can say; amounts and dates as texts, ready to be read.
            made_at: the moment the PDF says it was made, in UTC.
            standards: as Typst names them: "a-3b" for PDF/A-3, "ua-1" for PDF/UA.
            attachments: handed to the template as `data.attachments`, their bytes in `content`.
        Raises:
            PressBusy: no answer within `seconds_max`, waiting included.
            PressError: the template or its data are wrong.
        """
        told = {
            "template": str(self.folder / template),
            "root": str(self.folder),
            "standards": list(standards),
            "made_at": int(made_at.timestamp()),
            "data": {**data, "attachments": [_told(each) for each in attachments]},
        }
        try:
            async with asyncio.timeout(self.seconds_max), self._turns:
                return await _run(json.dumps(told, ensure_ascii=False).encode())
        except TimeoutError:
            raise PressBusy("the press took too long") from None


def _told(attachment: Attachment) -> dict[str, object]:
    return {
        "name": attachment.name,
        "content": attachment.content.decode(),  # XML and text; a binary file has no place in a paper
        "media_type": attachment.media_type,
        "relationship": attachment.relationship,
        "description": attachment.description,
    }


async def _run(told: bytes) -> bytes:
    """One process prints one paper; whatever ends the wait ends the process too."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", str(FOLDER / "press_process.py"),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ},
    )  # fmt: skip
    try:
        paper, said = await process.communicate(told)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0 or not paper.startswith(b"%PDF-") or len(paper) > BYTES_MAX:
        raise PressError(
            said.decode(errors="replace")[-2000:] or f"the press ended with {process.returncode}"
        )
    return paper
