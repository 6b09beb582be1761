"""The enums of the rules, described for integrators."""

from auth.permissions import Role
from resolvers.quick_order import CheckedStatus
from rules import states
from rules.pricing import PriceComponent, PriceStepStatus
from rules.transitions import FulfilmentState, OrderAction
from schema.access import described_enum
from schema.filters import enum_filter

described_enum(
    Role,
    "A named set of permissions.",
    {
        "BUYER": "Buys for a company.",
        "APPROVER": "Buys, and approves orders of colleagues.",
        "COMPANY_ADMIN": "Keeps a company's addresses and people.",
        "SALES_REP": "Sells to their own and their team's customers.",
        "SALES_MANAGER": "Leads a sales team.",
        "LOGISTICS": "Moves goods.",
        "FINANCE": "Invoices, collects and grants credit.",
        "INTEGRATOR": "A program that reads the seller's data.",
        "CUSTOMER_INTEGRATOR": "A program that acts for one customer.",
        "ADMINISTRATOR": "Runs the system; approves no business document.",
    },
)
described_enum(
    states.CustomerStatus,
    "Whether a customer may order.",
    {
        "PROSPECT": "Not a customer yet; cannot order.",
        "ACTIVE": "May order.",
        "BLOCKED": "May not order at present.",
    },
)
described_enum(
    states.OrderStatus,
    "An order's state. Being on hold is a flag beside it.",
    {
        "PENDING_APPROVAL": "Waits for an approver of the customer's own company.",
        "PLACED": "Placed by the customer; the seller has not confirmed it yet.",
        "CONFIRMED": "Taken on by the seller.",
        "CLOSED": "Nothing is left to ship or invoice.",
        "REFUSED": "Not taken on, with a reason.",
        "CANCELLED": "Called off, with a reason.",
    },
)
described_enum(
    states.HoldReason,
    "Why an order waits; nothing is reserved or shipped meanwhile.",
    {
        "CREDIT": "It passes the credit limit.",
        "OVERDUE": "Invoices are overdue.",
        "MANUAL": "Stopped by hand.",
    },
)
described_enum(
    states.OutOfStockPolicy,
    "What happens to a quantity beyond free stock.",
    {"REFUSE": "It is refused.", "BACKORDER": "It is taken, and follows when goods arrive."},
)
described_enum(
    states.ProductKind,
    "What a product is.",
    {"GOODS": "Something that is stored and shipped.", "SERVICE": "Something that is done."},
)
described_enum(
    states.LineKind,
    "What a line is for.",
    {"GOODS": "Goods.", "SERVICE": "A service.", "CHARGE": "A charge such as freight."},
)
described_enum(
    states.RelationKind,
    "How one product is related to another.",
    {"ACCESSORY": "Goes with it.", "SUBSTITUTE": "Can stand in for it.", "UPGRADE": "Is the better one."},
)
described_enum(
    states.WishlistVisibility,
    "Who sees a list.",
    {"PRIVATE": "Its owner alone.", "COMPANY": "Everybody of the company; they may change its items."},
)
described_enum(
    states.SaleKind,
    "What a line of the sales history is.",
    {
        "SALE": "Goods sold.",
        "CANCELLATION": "A sale taken back; negative.",
        "ADJUSTMENT": "A correction without a sale behind it.",
        "SERVICE": "Postage, fees and the like.",
    },
)
described_enum(
    states.AvailabilityBand,
    "How much is free, without a figure.",
    {
        "IN_STOCK": "More than the seller's low-stock threshold.",
        "LOW": "Some, at most the threshold.",
        "OUT_OF_STOCK": "Nothing is free at present.",
    },
)
described_enum(
    PriceComponent,
    "What a step of a price is.",
    {
        "LIST_PRICE": "The list price at the smallest quantity.",
        "QUANTITY_BREAK": "A better list price from a quantity on.",
        "MANUAL_PRICE": "A fixed price set by a person in the list price's place.",
        "MANUAL_DISCOUNT": "A discount given by a person, with a reason; its value is a percent.",
    },
)
described_enum(
    PriceStepStatus,
    "What became of a step.",
    {
        "APPLIED": "It counts.",
        "EXCLUDED": "It did not apply; the reason says why.",
        "CAPPED": "It counts up to a limit.",
    },
)
described_enum(
    OrderAction,
    "What a viewer may do with an order now.",
    {
        "CONFIRM": "Take it on.",
        "REFUSE": "Not take it on.",
        "CANCEL": "Call it off.",
        "CANCEL_LINE": "Call off an open quantity of a line.",
        "HOLD": "Stop it.",
        "RELEASE": "Let it go on.",
        "DISCOUNT": "Give a discount on a line.",
        "SET_PRICE": "Set a line's price.",
        "REORDER": "Put its lines into the cart again (reorder).",
    },
)
described_enum(
    FulfilmentState,
    "How far something has come; derived from quantities.",
    {"NONE": "Not begun.", "PARTIAL": "In part.", "DONE": "Done."},
)
described_enum(
    CheckedStatus,
    "What became of a pasted line.",
    {
        "VALID": "It can be ordered as it is.",
        "ADJUSTED": "It can be ordered with another quantity; the problem says why.",
        "INVALID": "It cannot be ordered; the problem says why.",
    },
)

CustomerStatusFilter = enum_filter(states.CustomerStatus)
OrderStatusFilter = enum_filter(states.OrderStatus)
ProductKindFilter = enum_filter(states.ProductKind)
