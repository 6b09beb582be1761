"""What a company admin does: people, their roles and limits, and the company's rules."""

from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from auth.permissions import Role
from resolvers import company, company_people
from resolvers.approvals import rules_by_id
from resolvers.context import Context
from resolvers.customers import customers_by_id
from rules.states import LimitPeriod
from schema.access import access
from schema.company import MANAGE, ApprovalRule, Invitation
from schema.customers import Customer, CustomerUser
from schema.ids import decode_id
from schema.payloads import Payload

Info = strawberry.Info[Context, None]
ACCOUNTS = [access(P.USERS_WRITE)]


@strawberry.input(description="Somebody to ask into the viewer's company by mail.", directives=MANAGE)
class InviteUserInput:
    email: str = strawberry.field(description="Where the mail goes; they sign in with it.")
    name: str = strawberry.field(description="Their name.")
    roles: list[Role] = strawberry.field(description="Their roles; none that may do more than yours.")


@strawberry.input(description="An invitation to take back.", directives=MANAGE)
class RevokeInvitationInput:
    invitation_id: strawberry.ID = strawberry.field(description="The invitation.")


@strawberry.input(description="A colleague's roles from now on.", directives=MANAGE)
class SetMembershipRolesInput:
    user_id: strawberry.ID = strawberry.field(description="The person.")
    roles: list[Role] = strawberry.field(
        description="All their roles at your company, at least one; none that may do more than yours."
    )


@strawberry.input(description="A colleague to take out of the viewer's company.", directives=MANAGE)
class RemoveMemberInput:
    user_id: strawberry.ID = strawberry.field(description="The person.")


@strawberry.input(
    description="What a colleague may order without asking. Both amounts null: they may order without limit.",
    directives=MANAGE,
)
class SetSpendLimitInput:
    user_id: strawberry.ID = strawberry.field(description="The person.")
    per_order: Decimal | None = strawberry.field(
        default=None, description="With tax and at once, in the company's currency."
    )
    per_period: Decimal | None = strawberry.field(
        default=None, description="With tax and in a period, in the company's currency."
    )
    period: LimitPeriod = strawberry.field(default=LimitPeriod.MONTH, description="The period.")


@strawberry.input(
    description="What a person of a customer may order without asking. Both amounts null: without limit.",
    directives=ACCOUNTS,
)
class SetCustomerSpendLimitInput:
    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    user_id: strawberry.ID = strawberry.field(description="The person.")
    per_order: Decimal | None = strawberry.field(
        default=None, description="With tax and at once, in the customer's currency."
    )
    per_period: Decimal | None = strawberry.field(
        default=None, description="With tax and in a period, in the customer's currency."
    )
    period: LimitPeriod = strawberry.field(default=LimitPeriod.MONTH, description="The period.")


@strawberry.input(description="A rule of the viewer's company, as it shall be.", directives=MANAGE)
class SaveApprovalRuleInput:
    rule_id: strawberry.ID | None = strawberry.field(
        default=None, description="The rule to change; none makes a new one."
    )
    name: str = strawberry.field(description="What the company calls it; shown to whoever has to wait.")
    from_amount: Decimal | None = strawberry.field(
        default=None,
        description="What passes without asking, in the company's currency: the order with tax, or with a category its"
        " lines before tax.",
    )
    category_id: strawberry.ID | None = strawberry.field(
        default=None, description="A category of products; those below it count too."
    )


@strawberry.input(description="A rule that shall hold no more.", directives=MANAGE)
class EndApprovalRuleInput:
    rule_id: strawberry.ID = strawberry.field(description="The rule.")


class _MemberPayload(Payload):
    entity_type = "User"

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await company.member(ctx, entity_id)
        return cls(member=None if row is None else CustomerUser.of(row))  # type: ignore[call-arg]


@strawberry.type(description="Answer of setMembershipRoles.", directives=MANAGE)
class SetMembershipRolesPayload(_MemberPayload):
    member: CustomerUser | None = strawberry.field(default=None, description="The person; null when refused.")


@strawberry.type(description="Answer of setSpendLimit.", directives=MANAGE)
class SetSpendLimitPayload(_MemberPayload):
    member: CustomerUser | None = strawberry.field(default=None, description="The person; null when refused.")


@strawberry.type(description="Answer of setCustomerSpendLimit.", directives=ACCOUNTS)
class SetCustomerSpendLimitPayload(Payload):
    entity_type = "Customer"
    customer: Customer | None = strawberry.field(default=None, description="The customer; null when refused.")

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(customers_by_id, entity_id)
        return cls(customer=None if row is None else Customer.of(row))


@strawberry.type(description="Answer of removeMember.", directives=MANAGE)
class RemoveMemberPayload(Payload):
    entity_type = "Customer"
    customer: Customer | None = strawberry.field(
        default=None, description="The company without the person; null when refused."
    )

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(customers_by_id, entity_id)
        return cls(customer=None if row is None else Customer.of(row))


@strawberry.type(description="Answer of inviteUser; the same whether they have an account elsewhere or not.",
                 directives=MANAGE)  # fmt: skip
class InviteUserPayload(Payload):
    entity_type = "Invitation"
    invitation: Invitation | None = strawberry.field(
        default=None, description="The invitation; null when refused."
    )

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(company_people.invitations_by_id, entity_id)
        return cls(invitation=None if row is None else Invitation.of(row))


@strawberry.type(description="Answer of revokeInvitation.", directives=MANAGE)
class RevokeInvitationPayload(InviteUserPayload):
    pass


@strawberry.type(description="Answer of saveApprovalRule.", directives=MANAGE)
class SaveApprovalRulePayload(Payload):
    entity_type = "ApprovalRule"
    rule: ApprovalRule | None = strawberry.field(default=None, description="The rule; null when refused.")

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(rules_by_id, entity_id)
        return cls(rule=None if row is None else ApprovalRule.of(row))


@strawberry.type(description="Answer of endApprovalRule.", directives=MANAGE)
class EndApprovalRulePayload(SaveApprovalRulePayload):
    pass


def _user_id(text: strawberry.ID) -> UUID:
    return decode_id(text, "User", path=("userId",))


@strawberry.type
class CompanyMutations:
    @strawberry.mutation(
        description="Asks somebody into the viewer's company by mail; the link in it works once, for 7 days.",
        directives=MANAGE,
    )
    async def invite_user(
        self, info: Info, input: Annotated[InviteUserInput, strawberry.argument(description="The person.")]
    ) -> InviteUserPayload:
        done = await company_people.invite_user(info.context, input.email, input.name, input.roles)
        return await InviteUserPayload.of(info.context, done)

    @strawberry.mutation(
        description="Takes an invitation back; its link opens nothing more.", directives=MANAGE
    )
    async def revoke_invitation(
        self,
        info: Info,
        input: Annotated[RevokeInvitationInput, strawberry.argument(description="The invitation.")],
    ) -> RevokeInvitationPayload:
        key = decode_id(input.invitation_id, "Invitation", path=("invitationId",))
        done = await company_people.revoke_invitation(info.context, key)
        return await RevokeInvitationPayload.of(info.context, done)

    @strawberry.mutation(
        description="Gives a colleague other roles, from their next request on; somebody has to stay the admin.",
        directives=MANAGE,
    )
    async def set_membership_roles(
        self,
        info: Info,
        input: Annotated[SetMembershipRolesInput, strawberry.argument(description="The roles.")],
    ) -> SetMembershipRolesPayload:
        key = _user_id(input.user_id)
        done = await company_people.set_membership_roles(info.context, key, input.roles)
        return await SetMembershipRolesPayload.of(info.context, done)

    @strawberry.mutation(
        description="Takes a colleague out of the company, from their next request on.", directives=MANAGE
    )
    async def remove_member(
        self, info: Info, input: Annotated[RemoveMemberInput, strawberry.argument(description="The person.")]
    ) -> RemoveMemberPayload:
        done = await company_people.remove_member(info.context, _user_id(input.user_id))
        return await RemoveMemberPayload.of(info.context, done)

    @strawberry.mutation(
        description="Says what a colleague may order without asking; orders that wait already go on waiting.",
        directives=MANAGE,
    )
    async def set_spend_limit(
        self, info: Info, input: Annotated[SetSpendLimitInput, strawberry.argument(description="The limit.")]
    ) -> SetSpendLimitPayload:
        key = _user_id(input.user_id)
        done = await company.set_spend_limit(
            info.context, key, input.per_order, input.per_period, input.period
        )
        return await SetSpendLimitPayload.of(info.context, done)

    @strawberry.mutation(
        description="Says what a person of a customer may order without asking, as its own admin can.",
        directives=ACCOUNTS,
    )
    async def set_customer_spend_limit(
        self,
        info: Info,
        input: Annotated[SetCustomerSpendLimitInput, strawberry.argument(description="The limit.")],
    ) -> SetCustomerSpendLimitPayload:
        customer = decode_id(input.customer_id, "Customer", path=("customerId",))
        done = await company.set_customer_spend_limit(
            info.context, customer, _user_id(input.user_id), input.per_order, input.per_period, input.period
        )
        return await SetCustomerSpendLimitPayload.of(info.context, done)

    @strawberry.mutation(
        description="Makes or changes a rule: which orders need the consent of somebody else of the company.",
        directives=MANAGE,
    )
    async def save_approval_rule(
        self,
        info: Info,
        input: Annotated[SaveApprovalRuleInput, strawberry.argument(description="The rule.")],
    ) -> SaveApprovalRulePayload:
        rule = None if input.rule_id is None else decode_id(input.rule_id, "ApprovalRule", path=("ruleId",))
        category = (
            None
            if input.category_id is None
            else decode_id(input.category_id, "ProductCategory", path=("categoryId",))
        )
        done = await company.save_approval_rule(info.context, rule, input.name, input.from_amount, category)
        return await SaveApprovalRulePayload.of(info.context, done)

    @strawberry.mutation(description="Ends a rule for the orders to come.", directives=MANAGE)
    async def end_approval_rule(
        self, info: Info, input: Annotated[EndApprovalRuleInput, strawberry.argument(description="The rule.")]
    ) -> EndApprovalRulePayload:
        key = decode_id(input.rule_id, "ApprovalRule", path=("ruleId",))
        done = await company.end_approval_rule(info.context, key)
        return await EndApprovalRulePayload.of(info.context, done)
