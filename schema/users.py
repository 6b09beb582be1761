"""Users as those who run the system keep them, and what each role may do."""

from functools import cache
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import ROLE_GRANTS, Permission, Role, RowScope
from auth.permissions import Permission as P
from auth.views import build_view
from resolvers import users
from resolvers.context import Context
from resolvers.customers import users_by_id
from resolvers.paging import PageArgs
from schema.access import access, described_enum, list_size, may_use
from schema.connections import After, Before, Connection, First, Last, connection
from schema.customers import User
from schema.filters import BooleanFilter, where_of
from schema.ids import decode_id
from schema.payloads import Payload

Info = strawberry.Info[Context, None]
_WRITE = [access(P.USERS_WRITE)]

described_enum(
    RowScope,
    "Which rows a permission reaches.",
    {
        "SELF": "One's own.",
        "COMPANY": "Those of the company one acts for.",
        "DESCENDANTS": "Those of the company and of its subsidiaries.",
        "TERRITORY": "Those of one's own and one's team's customers.",
        "TEAM": "The same for every rep below one.",
        "ALL": "Everybody's.",
    },
)


@strawberry.input(description="Conditions on users; all must hold.", directives=_WRITE)
class UserWhere:
    is_active: BooleanFilter | None = strawberry.field(default=None, description="Whether they may sign in.")
    is_staff: BooleanFilter | None = strawberry.field(
        default=None, description="Whether they are the seller's own people."
    )


@strawberry.type(description="How far a permission of a role reaches.", directives=_WRITE)
class RoleScope:
    role: Role = strawberry.field(description="The role.")
    scope: RowScope | None = strawberry.field(
        description="The rows it reaches; null where the role does not hold it."
    )


@strawberry.type(description="A permission, and who holds it.", directives=_WRITE)
class PermissionScopes:
    # A text: a viewer's schema has the names of their own permissions only.
    permission: str = strawberry.field(description='Its name, such as "ORDERS_READ".')
    scopes: list[RoleScope] = strawberry.field(description="Each role's.", directives=[list_size(10)])


@strawberry.type(description="What exists for a role in its view of the schema.", directives=_WRITE)
class RoleView:
    role: Role = strawberry.field(description="The role.")
    queries: list[str] = strawberry.field(description="What it may ask.", directives=[list_size(100)])
    mutations: list[str] = strawberry.field(description="What it may do.", directives=[list_size(100)])
    field_count: int = strawberry.field(description="How many fields there are for it in all.")


@strawberry.type(
    description="The roles as they are in force: read from the grants and from the schema itself, not written down.",
    directives=_WRITE,
)
class RoleMatrix:
    permissions: list[PermissionScopes] = strawberry.field(
        description="Permissions by name.", directives=[list_size(50)]
    )
    views: list[RoleView] = strawberry.field(description="Roles by rank.", directives=[list_size(10)])


@cache
def _views() -> tuple[RoleView, ...]:
    """Every role's view of the schema; the same as long as the program runs."""
    from auth.matrix import coordinates
    from schema.api import api

    found = []
    for role in Role:
        view = build_view(api._schema, frozenset(ROLE_GRANTS[role]), may_use)
        queries = sorted(view.query_type.fields) if view.query_type else []
        mutations = sorted(view.mutation_type.fields) if view.mutation_type else []
        found.append(
            RoleView(role=role, queries=queries, mutations=mutations, field_count=len(coordinates(view)))
        )
    return tuple(found)


@strawberry.type
class UserQueries:
    @strawberry.field(description="Everybody with an account at the seller, by name.", directives=_WRITE)
    async def users(
        self,
        info: Info,
        where: Annotated[UserWhere | None, strawberry.argument(description="Which ones.")] = None,
        search: Annotated[
            str | None, strawberry.argument(description="Part of their name or email address.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[User]:
        args = PageArgs(first, after, last, before)
        return connection(await users.users(info.context, where_of(where), search, args), User.of)

    @strawberry.field(description="What each role may do.", directives=_WRITE)
    def role_matrix(self) -> RoleMatrix:
        rows = [
            PermissionScopes(
                permission=permission.name,
                scopes=[RoleScope(role=role, scope=ROLE_GRANTS[role].get(permission)) for role in Role],
            )
            for permission in sorted(Permission, key=lambda each: each.value)
        ]
        return RoleMatrix(permissions=rows, views=list(_views()))


@strawberry.input(description="One of the seller's people.", directives=_WRITE)
class CreateUserInput:
    email: str = strawberry.field(description="Where the mail goes with which they set their password.")
    name: str = strawberry.field(description="Their name.")
    locale: str = strawberry.field(default="es", description="Their language: es or en.")
    roles: list[Role] = strawberry.field(description="Roles at the seller, at least one.")


@strawberry.input(description="The roles of one of the seller's people from now on.", directives=_WRITE)
class SetStaffRolesInput:
    user_id: strawberry.ID = strawberry.field(description="The person; never yourself.")
    roles: list[Role] = strawberry.field(
        description="All their roles at the seller, at least one. Whoever administers holds no other."
    )


@strawberry.input(description="An account that shall open nothing any more.", directives=_WRITE)
class DisableUserInput:
    user_id: strawberry.ID = strawberry.field(description="The person; never yourself.")
    reason: str = strawberry.field(description="Why, 500 characters; kept in the audit trail.")


@strawberry.input(description="An account that may be used again.", directives=_WRITE)
class EnableUserInput(DisableUserInput):
    pass


class _UserPayload(Payload):
    entity_type = "User"

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(users_by_id, entity_id)
        return cls(user=None if row is None else User.of(row))  # type: ignore[call-arg]


@strawberry.type(description="Answer of createUser.", directives=_WRITE)
class CreateUserPayload(_UserPayload):
    user: User | None = strawberry.field(default=None, description="The person; null when refused.")


@strawberry.type(description="Answer of setStaffRoles.", directives=_WRITE)
class SetStaffRolesPayload(_UserPayload):
    user: User | None = strawberry.field(default=None, description="The person; null when refused.")


@strawberry.type(description="Answer of disableUser.", directives=_WRITE)
class DisableUserPayload(_UserPayload):
    user: User | None = strawberry.field(default=None, description="The person; null when refused.")


@strawberry.type(description="Answer of enableUser.", directives=_WRITE)
class EnableUserPayload(_UserPayload):
    user: User | None = strawberry.field(default=None, description="The person; null when refused.")


def _key(text: strawberry.ID) -> UUID:
    return decode_id(text, "User", path=("userId",))


@strawberry.type
class UserMutations:
    @strawberry.mutation(
        description="Adds one of the seller's people. They set their password by the link of a mail.",
        directives=_WRITE,
    )
    async def create_user(
        self, info: Info, input: Annotated[CreateUserInput, strawberry.argument(description="The person.")]
    ) -> CreateUserPayload:
        done = await users.create_user(info.context, input.email, input.name, input.locale, input.roles)
        return await CreateUserPayload.of(info.context, done)

    @strawberry.mutation(
        description="Gives one of the seller's people other roles, from their next request on; never yourself.",
        directives=_WRITE,
    )
    async def set_staff_roles(
        self, info: Info, input: Annotated[SetStaffRolesInput, strawberry.argument(description="The roles.")]
    ) -> SetStaffRolesPayload:
        done = await users.set_staff_roles(info.context, _key(input.user_id), input.roles)
        return await SetStaffRolesPayload.of(info.context, done)

    @strawberry.mutation(
        description="Closes an account: its sessions and tokens end with their next request. Nothing is deleted.",
        directives=_WRITE,
    )
    async def disable_user(
        self, info: Info, input: Annotated[DisableUserInput, strawberry.argument(description="The account.")]
    ) -> DisableUserPayload:
        done = await users.set_active(info.context, _key(input.user_id), False, input.reason)
        return await DisableUserPayload.of(info.context, done)

    @strawberry.mutation(description="Opens a closed account again; they sign in anew.", directives=_WRITE)
    async def enable_user(
        self, info: Info, input: Annotated[EnableUserInput, strawberry.argument(description="The account.")]
    ) -> EnableUserPayload:
        done = await users.set_active(info.context, _key(input.user_id), True, input.reason)
        return await EnableUserPayload.of(info.context, done)
