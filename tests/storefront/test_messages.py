"""What the schema says to people stands on pages too: every message has its Spanish."""

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

from resolvers.messages import catalogue

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("rules", "models", "resolvers", "schema")


def messages_in(path: Path) -> Iterator[str]:
    """Templates of refusals and warnings: what is called `text`, and the second argument of who raises them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        said: list[ast.expr] = []
        if isinstance(node, ast.Assign) and any(isinstance(each, ast.Name) and each.id == "text" for each in node.targets):
            said = [node.value]
        if isinstance(node, ast.Call) and len(node.args) > 1:
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            said = [node.args[1]] if name in ("Refusal", "warn") else []
        for each in said:
            for part in ast.walk(each):
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and " " in part.value:
                    yield part.value


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_every_refusal_and_warning_is_translated() -> None:
    spanish = catalogue("es")
    texts = {text for room in ROOMS for path in (ROOT / room).rglob("*.py") for text in messages_in(path)}

    assert len(texts) > 40
    assert sorted(texts - set(spanish)) == []


def test_translations_take_the_same_values() -> None:
    assert [text for text, said in catalogue("es").items() if fields(text) != fields(said)] == []
