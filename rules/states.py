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


class HoldSource(StrEnum):
    """What goods are held for softly before there is an order."""

    CART = "CART"
    QUOTE = "QUOTE"


class SaleKind(StrEnum):
    """What a line of the sales history is, so that every line of a source has a place."""

    SALE = "SALE"
    CANCELLATION = "CANCELLATION"
    ADJUSTMENT = "ADJUSTMENT"
    SERVICE = "SERVICE"


class DocumentKind(StrEnum):
    ORDER = "ORDER"
    CUSTOMER = "CUSTOMER"
    DELIVERY = "DELIVERY"
    PAYMENT = "PAYMENT"
    AGREEMENT = "AGREEMENT"
    PURCHASE_ORDER = "PURCHASE_ORDER"
    QUOTE = "QUOTE"


class PurchaseOrderStatus(StrEnum):
    """RECEIVED: all of it came. CLOSED: the rest was called off by hand. CANCELLED: before anything came."""

    DRAFT = "DRAFT"
    SENT = "SENT"
    CONFIRMED = "CONFIRMED"
    RECEIVED = "RECEIVED"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


class DeliveryStatus(StrEnum):
    """RELEASED: told to the warehouse, lots assigned. SHIPPED: the goods left, nothing of it changes any more."""

    RELEASED = "RELEASED"
    SHIPPED = "SHIPPED"
    CANCELLED = "CANCELLED"


class InvoicingMode(StrEnum):
    """Rule book 0.2 (42): what one invoice of a customer covers."""

    PER_DELIVERY = "PER_DELIVERY"
    PER_ORDER = "PER_ORDER"
    PERIODIC = "PERIODIC"


class InvoiceKind(StrEnum):
    INVOICE = "INVOICE"
    RECTIFYING = "RECTIFYING"


class InvoiceStatus(StrEnum):
    """A draft has no number and may be thrown away; an issued invoice never changes."""

    DRAFT = "DRAFT"
    ISSUED = "ISSUED"
    DISCARDED = "DISCARDED"


class InvoiceType(StrEnum):
    """AEAT list L2: F1 normal, R1 to R4 rectifying (rule book 13.3)."""

    F1 = "F1"
    R1 = "R1"
    R2 = "R2"
    R3 = "R3"
    R4 = "R4"


class BuyerInvoiceStatus(StrEnum):
    """What the buyer's side says of an invoice (RD 238/2026); null until it says something."""

    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    PAID = "PAID"


class PaymentState(StrEnum):
    """Derived from what is matched, never stored."""

    OPEN = "OPEN"
    PARTIAL = "PARTIAL"
    PAID = "PAID"


class PaymentMethod(StrEnum):
    TRANSFER = "TRANSFER"
    CARD = "CARD"
    DIRECT_DEBIT = "DIRECT_DEBIT"
    CASH = "CASH"
    OTHER = "OTHER"


class BankLineStatus(StrEnum):
    """What became of a line of a bank file; ON_ACCOUNT and UNKNOWN wait for a person."""

    MATCHED = "MATCHED"
    PARTLY_MATCHED = "PARTLY_MATCHED"
    ON_ACCOUNT = "ON_ACCOUNT"
    UNKNOWN = "UNKNOWN"
    DUPLICATE = "DUPLICATE"
    IGNORED = "IGNORED"


class ApprovalSubject(StrEnum):
    """
    What waits, and for whom: an order, or the acceptance of a quote, for the company's consent; what somebody would
    give on an order, or a quote before it is sent, for that of our people.
    """

    ORDER = "Order"
    CONCESSION = "OrderConcession"
    QUOTE = "Quote"
    QUOTE_ACCEPTANCE = "QuoteAcceptance"


class ApprovalStatus(StrEnum):
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
    LAPSED = "LAPSED"


class LinkKind(StrEnum):
    """What a one-use link of a mail is for."""

    INVITATION = "INVITATION"
    PASSWORD = "PASSWORD"  # nosec B105 - its kind


class LimitPeriod(StrEnum):
    WEEK = "WEEK"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"


class TaxRegime(StrEnum):
    """How a customer stands to VAT; what it means for an invoice is decided in rules/tax.py."""

    DOMESTIC = "DOMESTIC"
    EQUIVALENCE_SURCHARGE = "EQUIVALENCE_SURCHARGE"
    INTRA_EU = "INTRA_EU"
    EXPORT = "EXPORT"
    EXEMPT = "EXEMPT"


class TaxEvidenceKind(StrEnum):
    """What proves that an invoice may go untaxed."""

    VIES = "VIES"
    EXPORT = "EXPORT"
    RESELLER = "RESELLER"
    EXEMPTION = "EXEMPTION"


class JournalSource(StrEnum):
    INVOICE = "INVOICE"
    DELIVERY = "DELIVERY"
    PAYMENT = "PAYMENT"
    MATCH = "MATCH"


class InvoiceRecordKind(StrEnum):
    """VERI*FACTU: a record of issue or of cancellation."""

    ALTA = "ALTA"
    ANULACION = "ANULACION"


class SessionKind(StrEnum):
    """How a session came about, and is carried: the portal's cookie, a program's bearer token, an OAuth client's."""

    COOKIE = "COOKIE"
    BEARER = "BEARER"
    CLIENT = "CLIENT"


class UserKind(StrEnum):
    """Who acts: a person, or a program that acts for itself and has no password."""

    PERSON = "PERSON"
    MACHINE = "MACHINE"


class AvailabilityBand(StrEnum):
    IN_STOCK = "IN_STOCK"
    LOW = "LOW"
    OUT_OF_STOCK = "OUT_OF_STOCK"


class QuickOrderSource(StrEnum):
    """How the lines of a quick order came."""

    TEXT = "TEXT"
    LINES = "LINES"
    FILE = "FILE"


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


class ImportKind(StrEnum):
    """What a file of an import holds a row of."""

    PRODUCTS = "PRODUCTS"
    CUSTOMERS = "CUSTOMERS"
    PRICES = "PRICES"
    STOCK = "STOCK"
    TRADE_AGREEMENTS = "TRADE_AGREEMENTS"
    AGREEMENT_LINES = "AGREEMENT_LINES"
    SUPPLIERS = "SUPPLIERS"
    SUPPLIER_PRODUCTS = "SUPPLIER_PRODUCTS"
    PURCHASE_ORDERS = "PURCHASE_ORDERS"


class DeliveryControl(StrEnum):
    """Rule book 8.1: what a promised date rests on. NONE: on nothing but calendars."""

    NONE = "NONE"
    SALES_LEAD_TIME = "SALES_LEAD_TIME"
    ATP = "ATP"
    ATP_PLUS_ISSUE_MARGIN = "ATP_PLUS_ISSUE_MARGIN"
    CTP = "CTP"


class AvailabilityDisplay(StrEnum):
    """What a buyer is told of stock: the quantity, whether there is much of it, or nothing."""

    EXACT = "EXACT"
    BAND = "BAND"
    NONE = "NONE"


class LotCriterion(StrEnum):
    """Which lot goes first (rule book 8.6): by its end, or by the day it came."""

    EXPIRY = "EXPIRY"
    BEST_BEFORE = "BEST_BEFORE"
    FIFO = "FIFO"
    BACKWARD_FROM_SHIP = "BACKWARD_FROM_SHIP"


class LotSelection(StrEnum):
    """Of how many lots an order line leaves at one time, and what is done where no lot holds all (rule book 8.6)."""

    ANY = "ANY"
    ONE_ELSE_SEVERAL = "ONE_ELSE_SEVERAL"
    ONE_ELSE_LESS = "ONE_ELSE_LESS"
    ONE_ELSE_NONE = "ONE_ELSE_NONE"


class SharingPolicy(StrEnum):
    """Who gets what is scarce."""

    BASIC = "BASIC"
    EQUALLY = "EQUALLY"
    BY_CUSTOMER_PRIORITY = "BY_CUSTOMER_PRIORITY"
