"""What a company says of itself: its people's limits, its rules, and whom it has invited."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - Role and LimitPeriod are enums of the schema from there on
from auth.permissions import Permission as P
from auth.permissions import Role
from models.approvals_reads import LimitRow, RuleRow
from resolvers.approvals import rules_by_id
from resolvers.company_people import InvitationRow, invitations_by_id
from resolvers.context import Context
from resolvers.products import categories_by_id
from rules.states import LimitPeriod
from schema.access import access, described_enum, list_size
from schema.ids import Node, encode_id, node_loader
from schema.rows import fill
from schema.scalars import Money

Info = strawberry.Info[Context, None]
MANAGE = [access(P.COMPANY_MANAGE)]


class MemberAction(StrEnum):
    """What can be done with a person of a company."""

    SET_ROLES = "SET_ROLES"
    SET_LIMIT = "SET_LIMIT"
    REMOVE = "REMOVE"


described_enum(
    MemberAction,
    "What a viewer may do with a person of their company.",
    {
        "SET_ROLES": "Give them other roles.",
        "SET_LIMIT": "Say how much they may order alone.",
        "REMOVE": "Take them out of the company.",
    },
)


@strawberry.type(
    description="What a person may order for a company without asking; beyond it an approver has to consent.",
    directives=[access(P.USERS_READ)],
)
class SpendLimit:
    per_order: Money | None = strawberry.field(description="With tax, at once; null for no limit.")
    per_period: Money | None = strawberry.field(description="With tax, in a period; null for no limit.")
    period: LimitPeriod = strawberry.field(description="The period.")

    @classmethod
    def of(cls, row: LimitRow) -> "SpendLimit":
        money = {
            name: None if getattr(row, name) is None else Money.of(getattr(row, name), row.currency)
            for name in ("per_order", "per_period")
        }
        return cls(period=row.period, **money)


@strawberry.type(
    description="Orders of the company that somebody else there has to consent to, whoever places them.",
    directives=MANAGE,
)
class ApprovalRule(Node):
    name: str = strawberry.field(description="What the company calls it.")
    version: int = strawberry.field(description="Rises with every change.")
    active_until: date | None = strawberry.field(
        description="The first day on which it holds no more; null while it holds."
    )
    row: strawberry.Private[RuleRow]

    @classmethod
    def of(cls, row: RuleRow) -> "ApprovalRule":
        return fill(cls, row, id=encode_id("ApprovalRule", row.id), row=row)

    @strawberry.field(
        description="What passes without asking: the order with tax, or with a category its lines before tax."
        " Null: every order with the category."
    )
    def from_amount(self) -> Money | None:
        amount = self.row.from_amount
        return None if amount is None else Money.of(amount, self.row.currency)

    @strawberry.field(description="The category that it is about; null for all orders.")
    def category_id(self) -> strawberry.ID | None:
        key: UUID | None = self.row.category_id
        return None if key is None else encode_id("ProductCategory", key)

    @strawberry.field(description="The category's name; null for all orders.")
    async def category_name(self, info: Info) -> str | None:
        key = self.row.category_id
        row = None if key is None else await info.context.load(categories_by_id, key)
        return None if row is None else row.name


@strawberry.type(description="Somebody whom a company has asked in by mail.", directives=MANAGE)
class Invitation(Node):
    email: str = strawberry.field(description="Where the mail went.")
    name: str = strawberry.field(description="How they are addressed.")
    invited_by_name: str = strawberry.field(description="Who asked them in.")
    created_at: datetime = strawberry.field(description="When.")
    expires_at: datetime = strawberry.field(description="Until when its link works.")
    row: strawberry.Private[InvitationRow]

    @classmethod
    def of(cls, row: InvitationRow) -> "Invitation":
        return fill(cls, row, id=encode_id("Invitation", row.id), row=row)

    @strawberry.field(description="The roles they will have.", directives=[list_size(4)])
    def roles(self) -> list[Role]:
        return [Role(each) for each in self.row.roles]


@node_loader("ApprovalRule")
async def _rules(ctx: Context, keys: Sequence[UUID]) -> Sequence[ApprovalRule | None]:
    return [None if row is None else ApprovalRule.of(row) for row in await rules_by_id(ctx, keys)]


@node_loader("Invitation")
async def _invitations(ctx: Context, keys: Sequence[UUID]) -> Sequence[Invitation | None]:
    return [None if row is None else Invitation.of(row) for row in await invitations_by_id(ctx, keys)]
