"""The executor's short way answers as graphql-core does: the same data, in the same order, and the same errors."""

import asyncio
from decimal import Decimal
from enum import Enum
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
import strawberry
from aiodataloader import DataLoader
from graphql import execute, parse
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema.executor_plans import PlannedExecutor


@strawberry.enum
class Colour(Enum):
    RED = "red"


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Part(Named):
    size: int | None = None
    colour: Colour = Colour.RED

    @strawberry.field
    async def must(self, info: strawberry.Info, fails: bool = False) -> int:
        await asyncio.sleep(0)
        if fails and self.name == "b":
            raise ValueError("part")
        return 1

    @strawberry.field
    def soon(self, info: strawberry.Info) -> int | None:
        return info.context.loader.load(self.name)  # type: ignore[no-any-return]

    @strawberry.field
    def soon_required(self, info: strawberry.Info) -> int:
        return info.context.loader.load(self.name)  # type: ignore[no-any-return]

    @strawberry.field
    def wholes(self, info: strawberry.Info) -> list["Whole"]:
        return info.context.wholes.load(self.name)  # type: ignore[no-any-return]


@strawberry.type
class Other(Named):
    pass


@strawberry.type
class Whole:
    title: str
    amount: Decimal | None
    part: Part | None
    required: Part
    parts: list[Part]
    holes: list[Part | None]
    named: Named
    words: list[str]

    @strawberry.field
    def plain(self) -> str:
        return self.title.upper()

    @strawberry.field
    def raising(self) -> str | None:
        raise ValueError("plain")

    @strawberry.field
    def returned(self) -> str | None:
        return ValueError("returned")  # type: ignore[return-value]

    @strawberry.field
    async def late(self) -> Part | None:
        return self.part

    @strawberry.field
    async def late_wrong(self) -> Part:
        return Other(name="o")  # type: ignore[return-value]

    @strawberry.field
    def given(self, count: int = 2, words: Annotated[list[str] | None, strawberry.argument()] = None) -> str:
        return f"{count} {words}"


def _whole(title: str = "t", **given: Any) -> Whole:
    values: dict[str, Any] = {
        "title": title, "amount": Decimal("1.50"), "part": Part(name="p"), "required": Part(name="r"),
        "parts": [Part(name=each, size=1) for each in "abc"], "holes": [Part(name="h"), None],
        "named": Part(name="n"), "words": ["x", "y"],
    }  # fmt: skip
    return Whole(**(values | given))


@strawberry.type
class Query:
    @strawberry.field
    def whole(self) -> Whole | None:
        return _whole()

    @strawberry.field
    async def wholes(self) -> list[Whole | None]:
        return [_whole("one"), None, _whole("two")]

    @strawberry.field
    def odd(self) -> list[Whole | None]:
        """Each with one thing that may not be."""
        return [
            _whole(title=None),  # type: ignore[arg-type]
            _whole(required=None),
            _whole(part=Other(name="o")),
            _whole(parts=[Part(name="a"), None]),
            _whole(parts=(Part(name="a"), Part(name="b"))),
            _whole(parts="parts"),
            _whole(amount="a lot"),
            _whole(named=Other(name="o")),
            _whole(words=["x", None]),
            _whole(part=Part(name="p", colour="no colour")),  # type: ignore[arg-type]
        ]


api = strawberry.Schema(Query, types=[Part, Other])
ALL = (
    "title amount plain part { name size colour } required { name } parts { size name } holes { name } words"
)
DOCUMENTS = {
    "everything": f"{{ whole {{ {ALL} named {{ name __typename ... on Part {{ size }} }} late {{ name }} given }} }}",
    "a list with a hole": f"{{ wholes {{ {ALL} late {{ name soon must }} }} }}",
    "fragments and aliases": """query Q($no: Boolean = false) { wholes { ...F b: title ... @include(if: $no) { words } } }
        fragment F on Whole { a: title parts { n: name } parts { size } }""",
    "arguments": "query Q($n: Int = 7) { whole { given(count: $n, words: [\"w\"]) b: given(count: 3) c: given } }",
    "errors of leaves": "{ wholes { title raising returned } }",
    "an error in a future": "{ wholes { parts { name soon } title } }",
    "an error in a future that may not be null": "{ wholes { part { name } parts { soonRequired } title } }",
    "an error in a coroutine that may not be null": "{ wholes { title parts { must(fails: true) } } }",
    "loads below loads": "{ whole { parts { wholes { parts { soon wholes { title } } } } } }",
    "an error below loads": "{ whole { parts { wholes { title raising parts { name soonRequired } } } } }",
    "the wrong class": "{ whole { title lateWrong { name } } }",
    **{
        f"odd {name}": f"{{ odd {{ {selection} }} }}"
        for name, selection in (
            ("titles", "title"), ("required", "required { name }"), ("parts", "part { name colour } parts { name }"),
            ("amounts", "amount"), ("named", "named { name }"), ("words", "words"),
        )
    },
}  # fmt: skip


async def _answer(document: str, executor: type[Any]) -> tuple[Any, list[Any], list[list[str]]]:
    asked: list[list[str]] = []

    async def numbers(keys: list[str]) -> list[Any]:
        asked.append(sorted(keys))
        return [ValueError("number") if key == "b" else ord(key) for key in keys]

    async def wholes(keys: list[str]) -> list[Any]:
        asked.append(sorted(keys))
        return [[_whole(key)] for key in keys]

    context = SimpleNamespace(loader=DataLoader(numbers), wholes=DataLoader(wholes))
    found: Any = execute(
        api._schema, parse(document), None, context, executor_class=executor,
        is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]
    )  # fmt: skip
    result = await found if optimized_is_awaitable(found) else found
    errors = sorted(((each.path, each.message, each.locations) for each in result.errors or ()), key=str)
    return result.data, errors, asked


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_both_ways_answer_alike(name: str) -> None:
    data, errors, asked = await _answer(DOCUMENTS[name], PlannedExecutor)
    other, other_errors, other_asked = await _answer(DOCUMENTS[name], StrawberryGraphQLCoreExecutionContext)

    assert str(data) == str(other)  # as text: the order of the fields counts
    assert errors == other_errors
    assert len(asked) <= len(other_asked)


async def test_the_short_way_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary: list[str] = []
    plain = StrawberryGraphQLCoreExecutionContext.execute_field

    def note(self: Any, parent_type: Any, source: Any, details: Any, *rest: Any) -> Any:
        ordinary.append(details[0].node.name.value)
        return plain(self, parent_type, source, details, *rest)

    monkeypatch.setattr(StrawberryGraphQLCoreExecutionContext, "execute_field", note)
    data, errors, _ = await _answer(
        "{ wholes { title amount part { name soon } parts { name must } late { colour } plain } }",
        PlannedExecutor,
    )

    assert data["wholes"][2]["part"] == {"name": "p", "soon": ord("p")} and not errors
    assert ordinary == ["wholes"]
