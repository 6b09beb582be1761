"""What every mutation answers: the payload's common part, errors a client can act on, warnings."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers.context import Context, Warning_
from resolvers.external_reports import REPLAYED
from resolvers.messages import translate
from rules import refusals as no
from rules.refusals import ErrorCode, Refusal
from schema.access import access, described_enum
from schema.scalars import Money

_CODES = {
    "AGREEMENT_UNLINKED": "A warning: the line does not count towards its sales agreement any more.",
    "APPROVAL_REQUIRED": "The order waits for the consent of somebody else of the company.",
    "ALREADY_EXISTS": "Something with this name, number or reference exists already.",
    "BACKORDERED": "A warning: part of the quantity is not free and will follow.",
    "CART_EMPTY": "There is nothing in the cart to order.",
    "COMMITMENT_EXCEEDED": "The sales agreement enforces its maximum, and less is left of it.",
    "COUPON_USED_UP": "A coupon, or a discount with a limit, was used as often as it may be.",
    "CREDIT_EXCEEDED": "The order passes the credit limit.",
    "CUSTOMER_BLOCKED": "The customer may not order at present.",
    "DATE_MOVED": "A day asked for is closed, and the next one is meant.",
    "EVIDENCE_REQUIRED": "A tax exemption has no evidence; the path names what is missing.",
    "FILE_INVALID": "A file cannot be read; the message says where and why.",
    "IDEMPOTENCY_CONFLICT": "The idempotency key was used before with another input.",
    "INVALID": "A value cannot be used; the message says why.",
    "INVALID_TRANSITION": "Not possible in the present state.",
    "KEY_REQUIRED": "The mutation moves money or goods and needs an idempotency key.",
    "LATE": "A warning: goods come later than they were asked for, or have no supplier any more.",
    "LIMIT_EXCEEDED": "Too many, too long or too deep.",
    "NOT_FOUND": "Unknown, or not yours to see; the two are not told apart.",
    "NOT_PERMITTED": "You see it, but may not do this with it.",
    "NOT_SIGNED_IN": "Sign in first.",
    "NO_PRICE": "The product has no price for this customer.",
    "ON_ACCOUNT": "A warning: money was kept on the customer's account and waits to be matched.",
    "ON_HOLD": "A warning: the order was taken and waits for a release.",
    "OUT_OF_STOCK": "More was asked than is free.",
    "PACK_SIZE": "The quantity is no multiple of the pack.",
    "PAST_DATE": "The date lies in the past.",
    "PERIOD_CLOSED": "The books of that day are closed.",
    "PRICE_CHANGED": "The total is not the one you saw.",
    "QUANTITY_INVALID": "The quantity is zero, negative, too large or too finely divided for its unit.",
    "REASON_REQUIRED": "The act needs a reason.",
    "STALE_VERSION": "Somebody changed it in between.",
    "UNIT_MISMATCH": "Another unit of measure was expected.",
    "UNKNOWN_SKU": "No product has this number.",
}
described_enum(
    ErrorCode,
    "Stable codes of errors and warnings; programs decide by them, never by the message.",
    {each.name: _CODES.get(each.name, each.value.replace("_", " ").capitalize() + ".") for each in ErrorCode},
)

_READ = [access(P.SIGNED_IN)]


@strawberry.interface(
    description="Something the client can mend. Ask for `... on OutOfStock` etc. for its data.",
    directives=_READ,
)
class UserError:
    code: ErrorCode = strawberry.field(description="Stable code; decide by this one.")
    message: str = strawberry.field(
        description="The cause, in the viewer's language; may be shown to people."
    )
    path: list[str] = strawberry.field(
        description="Where in the input, list indexes included; empty for the whole."
    )


@strawberry.type(description="An error without further data.", directives=_READ)
class GenericError(UserError):
    pass


@strawberry.type(name="OutOfStock", description="More was asked than is free.", directives=_READ)
class OutOfStockError(UserError):
    sku: str = strawberry.field(description="The product's number.")
    requested: Decimal = strawberry.field(description="What was asked, in the line's unit.")
    available: Decimal | None = strawberry.field(
        description="What is free now; null where you may not read quantities."
    )
    next_available_on: date | None = strawberry.field(
        description="The earliest day on which all of it would be received; null if that is not known."
    )


@strawberry.type(name="StaleVersion", description="Somebody changed it in between.", directives=_READ)
class StaleVersionError(UserError):
    current_version: int = strawberry.field(
        description="The version it has now; load it again before repeating."
    )


@strawberry.type(name="InvalidTransition", description="Not possible in the present state.", directives=_READ)
class InvalidTransitionError(UserError):
    from_: str = strawberry.field(name="from", description="The state it is in.")
    to: str = strawberry.field(description="The state that was asked for.")
    allowed: list[str] = strawberry.field(description="The states that can follow.")


@strawberry.type(name="CreditExceeded", description="The order passes the credit limit.", directives=_READ)
class CreditExceededError(UserError):
    limit: Money | None = strawberry.field(description="The credit limit; null where you may not read it.")
    exposure: Money | None = strawberry.field(
        description="What is open already; null where you may not read it."
    )


@strawberry.type(description="A line whose price is not the one that was seen.", directives=_READ)
class PriceChangedLine:
    line_id: strawberry.ID | None = strawberry.field(description="The line; null where it has gone.")
    sku: str = strawberry.field(description="The product's number.")
    seen: Money | None = strawberry.field(
        description="The unit price when it was put there; null if it had none."
    )
    now: Money = strawberry.field(description="The unit price now.")


@strawberry.type(name="PriceChanged", description="The total is not the one you saw.", directives=_READ)
class PriceChangedError(UserError):
    expected: Money = strawberry.field(description="The total you expected.")
    actual: Money = strawberry.field(description="The total now.")
    lines: list[PriceChangedLine] = strawberry.field(description="The lines whose price changed.")


@strawberry.type(description="Something to know about an act that went through.", directives=_READ)
class Warning:
    code: ErrorCode = strawberry.field(description="Stable code; decide by this one.")
    message: str = strawberry.field(description="In the viewer's language; may be shown to people.")
    path: list[str] = strawberry.field(description="Where in the input; empty for the whole.")

    @classmethod
    def of(cls, ctx: Context, warning: Warning_) -> "Warning":
        return cls(
            code=warning.code,
            message=translate(warning.text, warning.data, ctx.locale),
            path=list(warning.path),
        )


Common = dict[str, Any]


def _out_of_stock(ctx: Context, refusal: Any, common: Common) -> UserError:
    may = ctx.user.may(P.STOCK_QUANTITY_READ)
    return OutOfStockError(
        **common,
        sku=refusal.sku,
        requested=refusal.requested,
        available=refusal.available if may else None,
        next_available_on=refusal.next_available_on,
    )


def _stale(_ctx: Context, refusal: Any, common: Common) -> UserError:
    return StaleVersionError(**common, current_version=refusal.current_version)


def _transition(_ctx: Context, refusal: Any, common: Common) -> UserError:
    return InvalidTransitionError(
        **common, from_=refusal.from_state, to=refusal.to_state, allowed=list(refusal.allowed)
    )


def _credit(ctx: Context, refusal: Any, common: Common) -> UserError:
    may = ctx.user.may(P.CREDIT_READ)
    return CreditExceededError(
        **common,
        limit=Money.of(refusal.limit, refusal.currency) if may else None,
        exposure=Money.of(refusal.exposure, refusal.currency) if may else None,
    )


def _price_changed(_ctx: Context, refusal: Any, common: Common) -> UserError:
    currency = refusal.currency
    return PriceChangedError(
        **common,
        expected=Money.of(refusal.expected, currency),
        actual=Money.of(refusal.actual, currency),
        lines=[
            PriceChangedLine(
                line_id=None if line_id is None else strawberry.ID(line_id),
                sku=sku,
                seen=None if seen is None else Money.of(seen, currency),
                now=Money.of(now, currency),
            )
            for line_id, sku, seen, now in refusal.lines
        ],
    )


# The one table from refusals to errors with data; a new kind is one function and one row.
ERRORS: dict[type[Refusal], Callable[[Context, Any, Common], UserError]] = {
    no.OutOfStock: _out_of_stock,
    no.StaleVersion: _stale,
    no.InvalidTransition: _transition,
    no.CreditExceeded: _credit,
    no.PriceChanged: _price_changed,
}
ERROR_TYPES = (
    GenericError, OutOfStockError, StaleVersionError, InvalidTransitionError, CreditExceededError, PriceChangedError,
)  # fmt: skip


def user_errors(ctx: Context, refusals: Sequence[Refusal]) -> list[UserError]:
    """The refusals as clients see them, in the viewer's language and without what they may not read."""
    return [_user_error(ctx, each) for each in refusals]


def _user_error(ctx: Context, refusal: Refusal) -> UserError:
    common: Common = {
        "code": refusal.code,
        "message": translate(refusal.text, refusal.data, ctx.locale),
        "path": list(refusal.path),
    }
    build = ERRORS.get(type(refusal))
    return GenericError(**common) if build is None else build(ctx, refusal, common)


@strawberry.type(description="The common part of all payloads.", directives=_READ)
class Payload:
    """
    Base of every mutation's payload.

    A payload adds its entity (nullable, default None) and `load`; the runner needs `entity_id` to replay the act.
    """

    entity_type: ClassVar[str] = ""
    entity_id: strawberry.Private[UUID | None] = None
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why nothing was done; empty when the act went through."
    )
    warnings: list[Warning] = strawberry.field(
        default_factory=list, description="What to know about an act that went through."
    )
    replayed: bool = strawberry.field(
        default=False,
        description="Whether the key or external reference had been used before and this is the entity as it is now.",
    )

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        """The payload with its entity as it is now; the entity is None where the viewer cannot see it."""
        raise NotImplementedError(cls.__name__)

    @classmethod
    async def of(cls, ctx: Context, entity_id: UUID | None) -> Self:
        """The payload of an act that went through, or of its replay."""
        ctx.forget()
        payload = cls() if entity_id is None else await cls.load(ctx, entity_id)
        return replace(
            payload,
            entity_id=entity_id,
            warnings=[Warning.of(ctx, each) for each in ctx.warnings],
            replayed=REPLAYED in ctx.kept,
        )

    @classmethod
    def refused(cls, errors: list[UserError]) -> Self:
        """The payload of an act that was refused; nothing happened."""
        return cls(errors=errors)
