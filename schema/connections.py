"""Relay connections over keyset pages: `edges`, `nodes`, `pageInfo`, and a total that is counted when asked."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar

import strawberry

from auth.permissions import Permission as P
from resolvers.paging import PAGE_SIZE, PAGE_SIZE_MAX, Page, PageArgs
from schema.access import access, described_enum

NodeType = TypeVar("NodeType")
Row = TypeVar("Row")

First = Annotated[
    int | None,
    strawberry.argument(
        description=f"How many from the start, 1 to {PAGE_SIZE_MAX}; {PAGE_SIZE} when nothing is said."
    ),
]
After = Annotated[
    str | None, strawberry.argument(description="Only what comes after this cursor of the same list.")
]
Last = Annotated[int | None, strawberry.argument(description=f"How many from the end, 1 to {PAGE_SIZE_MAX}.")]
Before = Annotated[
    str | None, strawberry.argument(description="Only what comes before this cursor of the same list.")
]


class SortDirection(StrEnum):
    """Which way a list runs."""

    ASC = "ASC"
    DESC = "DESC"


described_enum(
    SortDirection,
    "Which way a list runs.",
    {
        "ASC": "From small to large, from old to new, from A to Z.",
        "DESC": "From large to small, from new to old, from Z to A.",
    },
)


@strawberry.type(description="Where a page stands in its list.", directives=[access(P.SIGNED_IN)])
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more comes after this page.")
    has_previous_page: bool = strawberry.field(description="Whether something comes before this page.")
    start_cursor: str | None = strawberry.field(
        description="Cursor of the first node; null on an empty page."
    )
    end_cursor: str | None = strawberry.field(description="Cursor of the last node; null on an empty page.")


@strawberry.type(description="A node of a list with its place there.")
class Edge(Generic[NodeType]):
    cursor: str = strawberry.field(description="The place in this list; for `after` and `before`.")
    node: NodeType = strawberry.field(description="The node.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[NodeType]):
    nodes: list[NodeType] = strawberry.field(description="The nodes of this page.")
    page: strawberry.Private[Page[Any]]

    @strawberry.field(description="The nodes of this page with their cursors.")
    def edges(self) -> list[Edge[NodeType]]:
        return [Edge(cursor=self.page.cursor(index), node=node) for index, node in enumerate(self.nodes)]

    @strawberry.field(description="Where this page stands in the list.")
    def page_info(self) -> PageInfo:
        size = len(self.page.rows)
        return PageInfo(
            has_next_page=self.page.has_next,
            has_previous_page=self.page.has_previous,
            start_cursor=self.page.cursor(0) if size else None,
            end_cursor=self.page.cursor(size - 1) if size else None,
        )

    @strawberry.field(
        description="How many there are on all pages together; counted only when you ask for it."
    )
    async def total_count(self) -> int:
        return await self.page.total()


def connection(page: Page[Row], wrap: Callable[[Row], NodeType]) -> Connection[NodeType]:
    """The connection of a page; `wrap` makes the schema's object of a row."""
    return Connection(nodes=[wrap(row) for row in page.rows], page=page)


__all__ = [
    "After", "Before", "Connection", "Edge", "First", "Last", "PageArgs", "PageInfo", "SortDirection",
    "connection",
]  # fmt: skip
