"""API clients: programs with OAuth credentials, kept by administrators and company admins."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from auth.scopes import SCOPE_PERMISSIONS, ApiScope
from models.api_clients import SECRETS_MAX, ApiClientRow
from resolvers import api_clients
from resolvers.api_clients import KEEP_HOURS, KEEP_HOURS_MAX, SECRET, SECRET_DAYS, SECRET_DAYS_MAX
from resolvers.context import Context
from resolvers.customers import customers_by_id, users_by_id
from resolvers.paging import PageArgs
from rules.api_clients import NETWORKS_MAX, ApiClientAction
from schema.access import access, described_enum, list_size
from schema.connections import After, Before, Connection, First, Last, connection
from schema.customers import Customer, User
from schema.filters import BooleanFilter, IDFilter, StringFilter, where_of
from schema.ids import Node, decode_id, encode_id, node_loader
from schema.payloads import Payload
from schema.rows import fill

Info = strawberry.Info[Context, None]
_MANAGE = [access(P.API_CLIENTS_MANAGE)]

described_enum(
    ApiScope,
    "What a token may be good for. A scope limits what its client's owner allows; it never adds to it.",
    {
        scope.name: f"`{scope.value}` in OAuth: {', '.join(sorted(each.value for each in permissions))}."
        for scope, permissions in SCOPE_PERMISSIONS.items()
    },
)
described_enum(
    ApiClientAction,
    "What a viewer may do with an API client now.",
    {
        "UPDATE": "Give it another name, other scopes or addresses (updateApiClient).",
        "ROTATE_SECRET": "Give it a new secret (rotateApiClientSecret).",
        "DISABLE": "Put an end to it (disableApiClient).",
    },
)


@strawberry.type(
    description="A valid secret of an API client; the secret itself is told once.", directives=_MANAGE
)
class ApiClientSecret:
    hint: str = strawberry.field(description="Its last characters, to tell two apart.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime = strawberry.field(description="From when on it is good for nothing.")


@strawberry.type(
    description="A program that gets tokens by OAuth client credentials, for the seller or for one customer.",
    directives=_MANAGE,
)
class ApiClient(Node):
    client_id: str = strawberry.field(description="Its `client_id` at the token endpoint.")
    name: str = strawberry.field(description="What its owner calls it; the audit trail shows it.")
    scopes: list[ApiScope] = strawberry.field(
        description="The most its tokens can ask for.", directives=[list_size(len(ApiScope))]
    )
    addresses: list[str] = strawberry.field(
        description="The networks it may call from, as `203.0.113.0/24`; empty for everywhere.",
        directives=[list_size(NETWORKS_MAX)],
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    disabled_at: datetime | None = strawberry.field(description="When it was disabled; null while it is not.")
    version: int = strawberry.field(description="Rises with every change.")
    row: strawberry.Private[ApiClientRow]

    @classmethod
    def of(cls, row: ApiClientRow) -> "ApiClient":
        known = [scope for scope in ApiScope if scope.value in row.scopes]
        return fill(cls, row, id=encode_id("ApiClient", row.id), client_id=str(row.id), scopes=known, row=row)

    @strawberry.field(
        description="The customer it belongs to; null for the seller's own.",
        directives=[access(P.CUSTOMERS_READ)],
    )
    async def customer(self, info: Info) -> Customer | None:
        key = self.row.customer_id
        row = None if key is None else await info.context.load(customers_by_id, key)
        return None if row is None else Customer.of(row)

    @strawberry.field(description="Who made it; null where you may not see them.")
    async def created_by(self, info: Info) -> User | None:
        row = await info.context.load(users_by_id, self.row.created_by_id)
        return None if row is None else User.of(row)

    @strawberry.field(
        description="Its valid secrets, newest first; two at the most.", directives=[list_size(SECRETS_MAX)]
    )
    async def secrets(self, info: Info) -> list[ApiClientSecret]:
        rows = await info.context.load(api_clients.secrets_by_client, self.row.id)
        return [fill(ApiClientSecret, row) for row in rows]

    @strawberry.field(
        description="What you may do with it now.", directives=[list_size(len(ApiClientAction))]
    )
    def allowed_actions(self, info: Info) -> list[ApiClientAction]:
        return list(api_clients.allowed_actions(info.context, self.row))


@strawberry.input(description="Conditions on API clients; all must hold.", directives=_MANAGE)
class ApiClientWhere:
    name: StringFilter | None = strawberry.field(default=None, description="On the name.")
    customer: IDFilter | None = strawberry.field(default=None, description="On the customer it belongs to.")
    is_disabled: BooleanFilter | None = strawberry.field(default=None, description="Whether it is disabled.")


@strawberry.type
class ApiClientQueries:
    @strawberry.field(
        description="The API clients of the company you act for; for the seller's people its own and its customers'.",
        directives=_MANAGE,
    )
    async def api_clients(
        self,
        info: Info,
        where: Annotated[ApiClientWhere | None, strawberry.argument(description="Which ones.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[ApiClient]:
        args = PageArgs(first, after, last, before)
        found = await api_clients.api_clients(
            info.context, where_of(where, {"customer": ("Customer",)}), args
        )
        return connection(found, ApiClient.of)

    @strawberry.field(
        description="The scopes you may give an API client: none that lead beyond your own rights.",
        directives=[*_MANAGE, list_size(len(ApiScope))],
    )
    def api_scopes(self, info: Info) -> list[ApiScope]:
        return list(api_clients.scopes_to_give(info.context))


_SecretDays = strawberry.field(
    default=SECRET_DAYS, description=f"How many days the new secret is valid, 1 to {SECRET_DAYS_MAX}."
)


@strawberry.input(
    description="A new API client, of the company you act for or of the seller.", directives=_MANAGE
)
class CreateApiClientInput:
    name: str = strawberry.field(description="What you call it; 1 to 200 characters.")
    scopes: list[ApiScope] = strawberry.field(
        description="The most its tokens can ask for; one at least, of `apiScopes`."
    )
    addresses: list[str] = strawberry.field(
        default_factory=list,
        description=f"IP addresses or networks it may call from, at most {NETWORKS_MAX}; none for everywhere.",
    )
    secret_days: int = _SecretDays


@strawberry.input(description="What to change of an API client; what is not given stays.", directives=_MANAGE)
class UpdateApiClientInput:
    api_client_id: strawberry.ID = strawberry.field(description="The client.")
    name: str | None = strawberry.field(default=None, description="Its new name.")
    scopes: list[ApiScope] | None = strawberry.field(
        default=None, description="All of its scopes from now on; its tokens lose the others at once."
    )
    addresses: list[str] | None = strawberry.field(
        default=None, description="All networks it may call from; an empty list allows every address."
    )
    expected_version: int = strawberry.field(description="The version you saw.")


@strawberry.input(description="A new secret for an API client.", directives=_MANAGE)
class RotateApiClientSecretInput:
    api_client_id: strawberry.ID = strawberry.field(description="The client.")
    secret_days: int = _SecretDays
    keep_old_hours: int = strawberry.field(
        default=KEEP_HOURS,
        description=f"For how many hours the secret before stays valid, 0 to {KEEP_HOURS_MAX}.",
    )
    expected_version: int = strawberry.field(description="The version you saw.")


@strawberry.input(description="An API client to disable.", directives=_MANAGE)
class DisableApiClientInput:
    api_client_id: strawberry.ID = strawberry.field(description="The client.")
    expected_version: int = strawberry.field(description="The version you saw.")


_Told = strawberry.field(
    default=None, description="The secret, told this once; null when refused, replayed or tried by @dryRun."
)


@strawberry.type(description="Answer of createApiClient.", directives=_MANAGE)
class CreateApiClientPayload(Payload):
    entity_type = "ApiClient"
    api_client: ApiClient | None = strawberry.field(
        default=None, description="The client; null when refused."
    )
    secret: str | None = _Told

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        return cls(api_client=await _client(ctx, entity_id), secret=ctx.kept.get(SECRET))


@strawberry.type(description="Answer of rotateApiClientSecret.", directives=_MANAGE)
class RotateApiClientSecretPayload(Payload):
    entity_type = "ApiClient"
    api_client: ApiClient | None = strawberry.field(
        default=None, description="The client; null when refused."
    )
    secret: str | None = _Told

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        return cls(api_client=await _client(ctx, entity_id), secret=ctx.kept.get(SECRET))


@strawberry.type(description="Answer of updateApiClient.", directives=_MANAGE)
class UpdateApiClientPayload(Payload):
    entity_type = "ApiClient"
    api_client: ApiClient | None = strawberry.field(
        default=None, description="The client; null when refused."
    )

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        return cls(api_client=await _client(ctx, entity_id))


@strawberry.type(description="Answer of disableApiClient.", directives=_MANAGE)
class DisableApiClientPayload(Payload):
    entity_type = "ApiClient"
    api_client: ApiClient | None = strawberry.field(
        default=None, description="The client; null when refused."
    )

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        return cls(api_client=await _client(ctx, entity_id))


async def _client(ctx: Context, key: UUID) -> ApiClient | None:
    row = await ctx.load(api_clients.api_clients_by_id, key)
    return None if row is None else ApiClient.of(row)


def _key(text: strawberry.ID) -> UUID:
    return decode_id(text, "ApiClient", path=("apiClientId",))


@strawberry.type
class ApiClientMutations:
    @strawberry.mutation(
        description="Makes an API client and tells its secret, this once. Store it before you ask for anything else.",
        directives=_MANAGE,
    )
    async def create_api_client(
        self,
        info: Info,
        input: Annotated[CreateApiClientInput, strawberry.argument(description="The client.")],
    ) -> CreateApiClientPayload:
        draft = api_clients.ClientDraft(input.name, input.scopes, input.addresses)
        done = await api_clients.create_api_client(info.context, draft, input.secret_days)
        return await CreateApiClientPayload.of(info.context, done)

    @strawberry.mutation(
        description="Changes an API client; what it may no longer do ends at the next request.",
        directives=_MANAGE,
    )
    async def update_api_client(
        self,
        info: Info,
        input: Annotated[UpdateApiClientInput, strawberry.argument(description="The change.")],
    ) -> UpdateApiClientPayload:
        key = _key(input.api_client_id)
        draft = api_clients.ClientDraft(input.name, input.scopes, input.addresses)
        done = await api_clients.update_api_client(info.context, key, draft, input.expected_version)
        return await UpdateApiClientPayload.of(info.context, done)

    @strawberry.mutation(
        description="Gives an API client a new secret, told this once, beside the one before. Two are valid at most.",
        directives=_MANAGE,
    )
    async def rotate_api_client_secret(
        self,
        info: Info,
        input: Annotated[RotateApiClientSecretInput, strawberry.argument(description="Which, and how long.")],
    ) -> RotateApiClientSecretPayload:
        done = await api_clients.rotate_secret(
            info.context,
            _key(input.api_client_id),
            input.secret_days,
            input.keep_old_hours,
            input.expected_version,
        )
        return await RotateApiClientSecretPayload.of(info.context, done)

    @strawberry.mutation(
        description="Puts an end to an API client and its tokens; it cannot be enabled again.",
        directives=_MANAGE,
    )
    async def disable_api_client(
        self,
        info: Info,
        input: Annotated[DisableApiClientInput, strawberry.argument(description="The client.")],
    ) -> DisableApiClientPayload:
        key = _key(input.api_client_id)
        done = await api_clients.disable_api_client(info.context, key, input.expected_version)
        return await DisableApiClientPayload.of(info.context, done)


@node_loader("ApiClient")
async def _api_clients(ctx: Context, keys: Sequence[UUID]) -> Sequence[ApiClient | None]:
    rows = await api_clients.api_clients_by_id(ctx, keys)
    return [None if row is None else ApiClient.of(row) for row in rows]
