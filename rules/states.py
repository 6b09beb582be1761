"""States and kinds that tables, rules and schema share."""

from enum import StrEnum


class CustomerStatus(StrEnum):
    PROSPECT = "PROSPECT"
    ACTIVE = "ACTIVE"
    BLOCKED = "BLOCKED"


class OrderStatus(StrEnum):
    """Rule book 8.0; a draft is a cart, and ON_HOLD is a flag, not a state."""

    PENDING_APPROVAL = "PENDING_APPROVAL"
    PLACED = "PLACED"
    CONFIRMED = "CONFIRMED"
    CLOSED = "CLOSED"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"


OPEN_STATUSES = (OrderStatus.PENDING_APPROVAL, OrderStatus.PLACED, OrderStatus.CONFIRMED)


class HoldReason(StrEnum):
    CREDIT = "CREDIT"
    OVERDUE = "OVERDUE"
    MANUAL = "MANUAL"


class OutOfStockPolicy(StrEnum):
    REFUSE = "REFUSE"
    BACKORDER = "BACKORDER"


class CreditPolicy(StrEnum):
    HOLD = "HOLD"
    REFUSE = "REFUSE"


class ProductKind(StrEnum):
    GOODS = "GOODS"
    SERVICE = "SERVICE"


class LineKind(StrEnum):
    GOODS = "GOODS"
    SERVICE = "SERVICE"
    CHARGE = "CHARGE"


class RelationKind(StrEnum):
    ACCESSORY = "ACCESSORY"
    SUBSTITUTE = "SUBSTITUTE"
    UPGRADE = "UPGRADE"


class WishlistVisibility(StrEnum):
    PRIVATE = "PRIVATE"
    COMPANY = "COMPANY"


class LotStatus(StrEnum):
    AVAILABLE = "AVAILABLE"
    BLOCKED = "BLOCKED"


class StockMoveKind(StrEnum):
    OPENING = "OPENING"
    RECEIPT = "RECEIPT"
    ISSUE = "ISSUE"
    ADJUSTMENT = "ADJUSTMENT"


class ReservationKind(StrEnum):
    HARD = "HARD"
    SOFT = "SOFT"


class SaleKind(StrEnum):
    """What a line of the sales history is, so that every line of a source has a place."""

    SALE = "SALE"
    CANCELLATION = "CANCELLATION"
    ADJUSTMENT = "ADJUSTMENT"
    SERVICE = "SERVICE"


class DocumentKind(StrEnum):
    ORDER = "ORDER"
    CUSTOMER = "CUSTOMER"


class SessionKind(StrEnum):
    COOKIE = "COOKIE"
    BEARER = "BEARER"


class AvailabilityBand(StrEnum):
    IN_STOCK = "IN_STOCK"
    LOW = "LOW"
    OUT_OF_STOCK = "OUT_OF_STOCK"


class JobState(StrEnum):
    """FAILED is the dead letter: nobody tries again until somebody says so."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class MailState(StrEnum):
    """KEPT: there was no mail server in the settings; the message stays in the table and is not sent later."""

    QUEUED = "QUEUED"
    SENT = "SENT"
    KEPT = "KEPT"
