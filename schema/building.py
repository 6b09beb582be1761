"""What every schema of ours has, whatever its subjects: scalars, errors, directives, nodes by their id."""

import asyncio
from typing import Annotated

import strawberry
from strawberry.schema.config import StrawberryConfig

from auth.permissions import Permission as P
from resolvers.context import Context
from resolvers.paging import PAGE_SIZE_MAX
from rules.refusals import ErrorCode, Refusal
from schema.access import access, describe_arguments, list_size
from schema.directives import add_act_directives
from schema.ids import Node, load_node
from schema.payloads import ERROR_TYPES
from schema.scalars import SCALAR_MAP

Info = strawberry.Info[Context, None]


@strawberry.type
class NodeQueries:
    """Anything by its global id."""

    @strawberry.field(description="The object with this global id; null where there is none you may see.",
                      directives=[access(P.SIGNED_IN)])  # fmt: skip
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="A global id.")]
    ) -> Node | None:
        found: Node | None = await load_node(info, id)
        return found

    @strawberry.field(description="The objects with these global ids, in their order; null for those you may not see.",
                      directives=[access(P.SIGNED_IN), list_size(PAGE_SIZE_MAX)])  # fmt: skip
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids, at most 100.")],
    ) -> list[Node | None]:
        if len(ids) > PAGE_SIZE_MAX:
            raise Refusal(
                ErrorCode.LIMIT_EXCEEDED, "At most {limit} at a time.", ("ids",), limit=PAGE_SIZE_MAX
            )
        return list(await asyncio.gather(*(load_node(info, each) for each in ids)))


def build_api(
    query: type, mutation: type | None, types: tuple[type, ...] = (), subscription: type | None = None
) -> strawberry.Schema:
    """
    A schema with the house's scalars, errors and directives.

    Args:
        types: those that only an interface leads to.
    """
    made = strawberry.Schema(
        query=query,
        mutation=mutation,
        subscription=subscription,
        types=(*ERROR_TYPES, *types),
        config=StrawberryConfig(scalar_map=SCALAR_MAP),
    )
    add_act_directives(made._schema)
    describe_arguments(made._schema)
    return made
