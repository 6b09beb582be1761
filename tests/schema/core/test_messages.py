"""Every refusal and warning has its Spanish words, with the same values in them."""

import ast
import string
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from resolvers.messages import catalogue, translate
from rules.charges_lines import ChargeReason
from rules.pricing_trace import PriceReason
from rules.quotes import ObstacleText
from rules.sales_agreements import Ineligibility

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ("rules", "models", "resolvers", "schema", "auth", "jobs")
# The constructors and functions that take a template, and the position at which they take it.
TEMPLATES = {
    "Refusal": 1,
    "warn": 1,
    "Warning_": 1,
    "Remark": 0,
    "FileProblem": 2,
    "problem": 1,
    "problem_at": 2,
    "_unreadable": 0,
    "fault": 2,
    "ErrorRow": 2,
    "said": 0,
    "Miss": 0,
    "_no": 0,
    "AgreementNotice": 0,
    "Exclusion": 1,
    "_invalid": 0,
    "refuse": 0,
}


# Name -> every text it is given in a scope: `text` is often given another one further down.
Texts = dict[str, set[str]]


def _constants(node: ast.AST, names: Texts) -> set[str]:
    if isinstance(node, ast.Name):
        return names.get(node.id, set())
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def _names(tree: ast.AST) -> Texts:
    found: Texts = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, set()).update(_constants(node.value, {}))
    return found


def _of_scope(tree: ast.AST, constants: Texts) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        position = TEMPLATES.get(name)
        if (
            name == "__init__"
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Call)
        ):
            position = 1  # super().__init__ of a Refusal
        if position is not None and len(node.args) > position:
            yield from _constants(node.args[position], constants)


def templates() -> set[str]:
    found: set[str] = set()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            tree = ast.parse(path.read_text())
            constants = _names(ast.Module([each for each in tree.body if isinstance(each, ast.Assign)], []))
            for scope in ast.walk(tree):
                if isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    found |= set(_of_scope(scope, constants | _names(scope)))
            for scope in tree.body:
                if not isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                    found |= set(_of_scope(scope, constants))
    from resolvers.runner import CONSTRAINT_REFUSALS

    named = {each.value for each in (*Ineligibility, *ObstacleText, *PriceReason, *ChargeReason)}
    return found | named | {text for _, text, _ in CONSTRAINT_REFUSALS.values()}


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_template_is_translated() -> None:
    spanish = catalogue("es")

    assert sorted(templates() - set(spanish)) == []


def test_no_translation_is_left_over() -> None:
    assert sorted(set(catalogue("es")) - templates()) == []


def test_translations_use_the_values_of_their_template() -> None:
    assert [text for text, spanish in catalogue("es").items() if not _fields(spanish) <= _fields(text)] == []


@pytest.mark.parametrize(
    ("locale", "shown"), [("es", "Como máximo 1.234,5 a la vez."), ("en", "At most 1,234.5 at a time.")]
)
def test_numbers_are_written_as_the_language_writes_them(locale: str, shown: str) -> None:
    assert translate("At most {limit} at a time.", {"limit": Decimal("1234.50")}, locale) == shown


def test_dates_are_written_as_the_language_writes_them() -> None:
    assert translate("{day}", {"day": date(2027, 3, 1)}, "es") == "1 mar 2027"


def test_an_unknown_locale_reads_english() -> None:
    assert translate("Not found.", {}, "../../es") == "Not found."
