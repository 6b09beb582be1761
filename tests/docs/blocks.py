"""
The fenced blocks of the documents, and how each is proved.

The word behind the language says what becomes of a block:

| fence | what the tests do |
|---|---|
| `graphql buyer` | runs it as that person of the demo company (PEOPLE), in the order of the page |
| `json variables` | the variables of the document above it |
| `json answer` | what the block above it answers, without `extensions`; a missing answer means: no errors |
| `sh run`, `python run` | runs it against a server with the demo company; it has to end with 0 |
| `sh elsewhere`, … | a test of the page's own runs it: ELSEWHERE says which |
| `sh shown`, … | nothing: it is counted |

A value that varies is written as a text that begins with `…`: any value fits. With a name behind it (`…cart`) it is
kept, and the same text stands for it in later variables and answers of the page.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.settings import ROOT

PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
PEOPLE = {
    "buyer": "compras@laparra.example",
    "approver": "direccion@laparra.example",
    "company-admin": "admin@laparra.example",
    "customer-integrator": "erp@laparra.example",
    "rep": "diego.arnal@alborada.example",
    "manager": "javier.lahoz@alborada.example",
    "logistics": "ramon.used@alborada.example",
    "finance": "isabel.tobajas@alborada.example",
    "administrator": "elena.gascon@alborada.example",
    "integrator": "integracion@alborada.example",
}
VARIES = "…"
_FENCE = re.compile(r"^```(.*)$")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its page, the line of its fence, the words behind the fence, and what stands within."""

    page: str
    line: int
    language: str
    word: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


class BadBlock(Exception):
    """A fence says nothing that we know, or is not closed."""


def blocks_of(page: Path, name: str = "") -> Iterator[Block]:
    """
    The blocks of a page in their order.

    Raises:
        BadBlock: a block is not marked, so nobody would prove it.
    """
    name = name or page.relative_to(ROOT).as_posix()
    begun: tuple[int, str] | None = None
    lines: list[str] = []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        fence = _FENCE.match(line)
        if fence is None:
            lines.append(line)
        elif begun is None:
            begun, lines = (number, fence[1].strip()), []
        else:
            yield _block(name, *begun, "\n".join(lines) + "\n")
            begun = None
    if begun is not None:
        raise BadBlock(f"{name}:{begun[0]} is not closed.")


def _block(page: str, line: int, said: str, text: str) -> Block:
    language, word, *more = [*said.split(" "), ""]
    known = {"graphql": {*PEOPLE}, "json": {"variables", "answer"}, "sh": {"run"}, "python": {"run"}}
    # Behind `elsewhere` stands what the test there needs to know.
    if word not in known.get(language, set()) | {"shown", "elsewhere"} or (word != "elsewhere" and any(more)):
        raise BadBlock(f"{page}:{line}: `{said}` does not say how it is proved.")
    return Block(page, line, language, word, text)


def filled(value: Any, kept: dict[str, Any]) -> Any:
    """The variables of a block, with what earlier answers were found to hold."""
    if isinstance(value, str) and value.startswith(VARIES):
        return kept[value]
    if isinstance(value, dict):
        return {key: filled(each, kept) for key, each in value.items()}
    return [filled(each, kept) for each in value] if isinstance(value, list) else value


def difference(expected: Any, found: Any, kept: dict[str, Any], path: str = "") -> str | None:
    """Where an answer is not what the page says; None where it is. Named values are kept on the way."""
    if isinstance(expected, str) and expected.startswith(VARIES):
        if expected != VARIES and kept.setdefault(expected, found) != found:
            return f"{path}: {found!r} is not {expected}, which was {kept[expected]!r}"
        return None
    if type(expected) is not type(found):
        return f"{path}: {expected!r} was expected, {found!r} came"
    if isinstance(expected, dict):
        if list(expected) != list(found):
            return f"{path}: {list(expected)} was expected, {list(found)} came"
        pairs = [(expected[key], found[key], f"{path}.{key}") for key in expected]
    elif isinstance(expected, list):
        if len(expected) != len(found):
            return f"{path}: {len(expected)} values were expected, {len(found)} came"
        pairs = [(*each, f"{path}[{at}]") for at, each in enumerate(zip(expected, found, strict=True))]
    else:
        return None if expected == found else f"{path}: {expected!r} was expected, {found!r} came"
    return next((wrong for each in pairs if (wrong := difference(*each[:2], kept, each[2]))), None)
