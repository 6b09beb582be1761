"""The business "no": stable codes, a message template and data, raised anywhere and answered in one place."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum


class ErrorCode(StrEnum):
    """Stable codes of refusals and warnings; documented for clients, never renamed."""

    AGREEMENT_UNLINKED = "AGREEMENT_UNLINKED"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    APPROVAL_REQUIRED = "APPROVAL_REQUIRED"
    BACKORDERED = "BACKORDERED"
    CART_EMPTY = "CART_EMPTY"
    COMMITMENT_EXCEEDED = "COMMITMENT_EXCEEDED"
    COUPON_USED_UP = "COUPON_USED_UP"
    CREDIT_EXCEEDED = "CREDIT_EXCEEDED"
    CUSTOMER_BLOCKED = "CUSTOMER_BLOCKED"
    DATE_MOVED = "DATE_MOVED"
    EVIDENCE_REQUIRED = "EVIDENCE_REQUIRED"
    FILE_INVALID = "FILE_INVALID"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    INVALID = "INVALID"
    INVALID_TRANSITION = "INVALID_TRANSITION"
    KEY_REQUIRED = "KEY_REQUIRED"
    LATE = "LATE"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    NOT_FOUND = "NOT_FOUND"
    NOT_PERMITTED = "NOT_PERMITTED"
    NOT_SIGNED_IN = "NOT_SIGNED_IN"
    NO_PRICE = "NO_PRICE"
    ON_ACCOUNT = "ON_ACCOUNT"
    ON_HOLD = "ON_HOLD"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    PACK_SIZE = "PACK_SIZE"
    PAST_DATE = "PAST_DATE"
    PERIOD_CLOSED = "PERIOD_CLOSED"
    PRICE_CHANGED = "PRICE_CHANGED"
    QUANTITY_INVALID = "QUANTITY_INVALID"
    REASON_REQUIRED = "REASON_REQUIRED"
    STALE_VERSION = "STALE_VERSION"
    UNIT_MISMATCH = "UNIT_MISMATCH"
    UNKNOWN_SKU = "UNKNOWN_SKU"


Path = Sequence[str | int]
PriceMove = tuple[str | None, str, Decimal | None, Decimal]  # line id, SKU, unit price seen, unit price now


class Refusal(Exception):
    """
    A business "no" that rolls the act back and reaches the client as a UserError.

    Args:
        code: stable code.
        text: English message template in str.format notation; the names are those of `data`. It is translated
            into the viewer's language where it leaves the house, so it is also the catalogue's message id.
        path: where in the input, list indexes included.
        data: values of the template.
    """

    def __init__(self, code: ErrorCode, text: str, path: Path = (), **data: object) -> None:
        super().__init__(f"{code}: {text.format(**data)}")
        self.code = code
        self.text = text
        self.path = tuple(str(step) for step in path)
        self.data = data


class OutOfStock(Refusal):
    """More was asked than is free; `next_available_on` is the earliest receipt of all of it, None if nobody knows."""

    def __init__(
        self, sku: str, requested: Decimal, available: Decimal, next_available_on: date | None, path: Path
    ) -> None:
        text = "There is not enough free stock of {sku} for the {requested} you ask for."
        super().__init__(ErrorCode.OUT_OF_STOCK, text, path, sku=sku, requested=f"{requested.normalize():f}")
        self.sku = sku
        self.requested = requested
        self.available = available
        self.next_available_on = next_available_on


class StaleVersion(Refusal):
    """Somebody changed the document in between."""

    def __init__(self, current_version: int, path: Path = ("expectedVersion",)) -> None:
        text = "This was changed in the meantime (it is now version {current_version}). Load it again and repeat."
        super().__init__(ErrorCode.STALE_VERSION, text, path, current_version=current_version)
        self.current_version = current_version


class InvalidTransition(Refusal):
    """The act is not possible in this state; `allowed` are the states that can follow."""

    def __init__(self, from_state: str, to_state: str, allowed: Sequence[str], path: Path = ()) -> None:
        text = "This is not possible any more in the present state."
        super().__init__(ErrorCode.INVALID_TRANSITION, text, path)
        self.from_state = from_state
        self.to_state = to_state
        self.allowed = tuple(allowed)


class PriceChanged(Refusal):
    """The total is not the one the client saw; `lines` are those whose unit price moved."""

    def __init__(
        self,
        expected: Decimal,
        actual: Decimal,
        currency: str,
        lines: Sequence[PriceMove] = (),
        path: Path = ("expectedTotal",),
    ) -> None:
        text = "The total changed from {expected} to {actual} {currency}. Look at the cart again before ordering."
        super().__init__(
            ErrorCode.PRICE_CHANGED, text, path, expected=expected, actual=actual, currency=currency
        )
        self.expected = expected
        self.actual = actual
        self.currency = currency
        self.lines = tuple(lines)


class CreditExceeded(Refusal):
    """The order passes the credit limit and the seller refuses instead of holding."""

    def __init__(self, limit: Decimal, exposure: Decimal, currency: str, path: Path = ()) -> None:
        super().__init__(ErrorCode.CREDIT_EXCEEDED, "The order exceeds your credit limit.", path)
        self.limit = limit
        self.exposure = exposure
        self.currency = currency


class Refusals(Exception):
    """Several refusals of one act, one per field at fault."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__("; ".join(str(each) for each in refusals))
        self.refusals = tuple(refusals)


def refuse_all(refusals: Sequence[Refusal]) -> None:
    """Raises what was gathered, if anything was."""
    if len(refusals) == 1:
        raise refusals[0]
    if refusals:
        raise Refusals(refusals)
