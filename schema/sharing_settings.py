"""Acts on how scarce stock is shared, and on how long goods are held before there is an order."""

from typing import Annotated

import strawberry

from auth.permissions import Permission as P
from resolvers import sharing_settings
from resolvers.context import Context
from rules.holds import HoldLimits
from rules.states import SharingPolicy
from schema.access import access
from schema.ids import decode_id
from schema.scheduling import SchedulingSettings, SettingsPayload, version_seen

Info = strawberry.Info[Context, None]
_MANAGE = [access(P.PURCHASING_MANAGE)]
_SETTINGS = "The settings; null when refused."


@strawberry.input(description="How scarce stock shall be shared.", directives=_MANAGE)
class SetSharingPolicyInput:
    product_id: strawberry.ID | None = strawberry.field(
        default=None, description="The product; null: all without a policy of their own."
    )
    policy: SharingPolicy | None = strawberry.field(
        description="How; null takes a product's own away, and what is set for all products holds."
    )
    expected_version: int = version_seen()


@strawberry.input(
    description="How long goods may be held before there is an order, as a whole.", directives=_MANAGE
)
class SetHoldLimitsInput:
    cart_minutes: int = strawberry.field(
        description="How many minutes a buyer may hold goods for a cart, 0 to 1,440; 0: not at all."
    )
    staff_days: int = strawberry.field(
        description="How many days who acts for a customer may hold goods, 0 to 90; 0: as long as a buyer."
    )
    expected_version: int = version_seen()


@strawberry.type(description="Answer of setSharingPolicy.", directives=_MANAGE)
class SetSharingPolicyPayload(SettingsPayload):
    scheduling_settings: SchedulingSettings | None = strawberry.field(default=None, description=_SETTINGS)


@strawberry.type(description="Answer of setHoldLimits.", directives=_MANAGE)
class SetHoldLimitsPayload(SettingsPayload):
    scheduling_settings: SchedulingSettings | None = strawberry.field(default=None, description=_SETTINGS)


@strawberry.type
class SharingSettingsMutations:
    @strawberry.mutation(
        description="Sets how scarce stock is shared, of a product or of all.",
        directives=_MANAGE,
    )
    async def set_sharing_policy(
        self, info: Info, input: Annotated[SetSharingPolicyInput, strawberry.argument(description="How.")]
    ) -> SetSharingPolicyPayload:
        product_id = (
            None if input.product_id is None else decode_id(input.product_id, "Product", path=("productId",))
        )
        done = await sharing_settings.set_sharing_policy(
            info.context, product_id, input.policy, input.expected_version
        )
        return await SetSharingPolicyPayload.of(info.context, done)

    @strawberry.mutation(
        description="Sets how long goods are held for carts and quotes; what is held already keeps its end.",
        directives=_MANAGE,
    )
    async def set_hold_limits(
        self, info: Info, input: Annotated[SetHoldLimitsInput, strawberry.argument(description="How long.")]
    ) -> SetHoldLimitsPayload:
        limits = HoldLimits(input.cart_minutes, input.staff_days)
        done = await sharing_settings.set_hold_limits(info.context, limits, input.expected_version)
        return await SetHoldLimitsPayload.of(info.context, done)
