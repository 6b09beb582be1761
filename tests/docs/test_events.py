"""The tables of docs/EVENTS.md name every kind of event that the code writes, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from app.settings import ROOT
from jobs.catalogue import make_catalogue
from models.warehouse_reads import TASK_TYPES
from rules.suggestions import SuggestionStage
from tests.jobs.test_mails import MailPlace

CATALOGUE = make_catalogue(MailPlace())
PAGE = ROOT / "docs" / "EVENTS.md"
TOLD, QUIET = "### Told in the log", "### In the audit trail only"
KIND = re.compile(r"[a-z][A-Za-z]*\.[a-z][A-Za-z]*")
# Looks like one and is none: a file's name, a logger's, a column's.
OTHERS = re.compile(r".*\.(po|id)|ventas\..*")


def kinds_of(source: str) -> set[str]:
    """The kinds that a module names whole, or by their last word as an argument of what puts them together."""
    tree = ast.parse(source)
    found = {text for text in _texts(tree) if KIND.fullmatch(text) and not OTHERS.fullmatch(text)}
    for maker in ast.walk(tree):
        if not isinstance(maker, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for noun in _nouns(maker):
            found |= {f"{noun}.{verb}" for verb in _verbs(tree, maker.name)}
    return found


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _nouns(maker: ast.AST) -> Iterator[str]:
    """What stands before the dot of `f"noun.{verb}"`, where the verb is an argument's."""
    for node in ast.walk(maker):
        if isinstance(node, ast.JoinedStr) and len(node.values) == 2:
            first, second = node.values
            if isinstance(first, ast.Constant) and re.fullmatch(r"[a-z][A-Za-z]*\.", str(first.value)):
                assert isinstance(second, ast.FormattedValue)
                if isinstance(second.value, ast.Name):
                    yield str(first.value)[:-1]


def _verbs(tree: ast.AST, maker: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == maker:
            for each in node.args:
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    yield each.value


def written() -> set[str]:
    files: list[Path] = [
        path for room in ("resolvers", "jobs", "auth") for path in (ROOT / room).rglob("*.py")
    ]
    found: set[str] = set()
    for path in files:
        found |= kinds_of(path.read_text())
    # Of a stage and not of a word; one of them is called as the job is that notes it.
    return found - set(CATALOGUE.kinds) | {f"suggestions.{each.value.lower()}" for each in SuggestionStage}


def table(heading: str) -> list[str]:
    """The kinds in the first column of the table below a heading."""
    part = PAGE.read_text().split(f"{heading}\n", 1)[1].split("\n#", 1)[0]
    cells = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    return [kind for cell in cells for kind in re.findall(r"`([^`]+)`", cell)]


def quiet_calls() -> set[str]:
    """The kinds that stand in a call which says itself that nobody is told."""
    found: set[str] = set()
    for path in (ROOT / "resolvers").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and any(
                each.arg == "published" and isinstance(each.value, ast.Constant) and each.value.value is False
                for each in node.keywords
            ):
                found |= {text for each in node.args for text in _texts(each) if KIND.fullmatch(text)}
    return found


def test_the_page_names_what_the_code_writes() -> None:
    named = table(TOLD) + table(QUIET)
    assert len(named) == len(set(named)), "named twice"
    assert set(named) == written()


def test_what_is_followed_is_told() -> None:
    followed = set(CATALOGUE.reactions) | {kind for kinds in TASK_TYPES.values() for kind in kinds}
    assert followed <= set(table(TOLD))
    assert quiet_calls() <= set(table(QUIET))


def test_a_kind_is_found_whole_and_put_together() -> None:
    source = """
log = get_logger("ventas.x")
def note(ctx, act): record(ctx, f"cart.{act}", "Cart")
def act(ctx, is_on):
    note(ctx, "emptied")
    record(ctx, "lot.blocked" if is_on else "lot.unblocked", "Lot")
"""
    assert kinds_of(source) == {"cart.emptied", "lot.blocked", "lot.unblocked"}
