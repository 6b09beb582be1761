"""The enums of the rules, described for integrators."""

from auth.permissions import Role
from resolvers.quick_order import CheckedStatus
from rules import spending, states
from rules.alternatives import AlternativeKind
from rules.charges import ChargeKind
from rules.deliveries import DeliveryAction
from rules.discounts_rules import Phase
from rules.invoices import InvoiceAction
from rules.pricing_trace import PriceComponent, PriceStepStatus, ValueKind
from rules.purchasing import PurchaseAction
from rules.simulation import MarginBand
from rules.transitions import FulfilmentState, OrderAction
from schema.access import described_enum
from schema.filters import enum_filter

described_enum(
    MarginBand,
    "How good a margin is, by the seller's settings; for those who do not see its figure.",
    {"GREEN": "At the target or above.", "AMBER": "Between floor and target.", "RED": "Below the floor."},
)
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
    states.LotStatus,
    "Whether a lot may be sold.",
    {"AVAILABLE": "It may.", "BLOCKED": "It may not: nothing of it is reserved or leaves."},
)
described_enum(
    states.LotSelection,
    "Of how many lots an order line leaves at one time, and what is done where no lot alone holds all of it.",
    {
        "ANY": "As many as it takes, as the product is picked.",
        "ONE_ELSE_SEVERAL": "One lot that holds all of it; where there is none, several.",
        "ONE_ELSE_LESS": "One lot; where none holds all of it, less leaves, of the lot that holds the most.",
        "ONE_ELSE_NONE": "One lot, the same for all of the line; what none holds waits.",
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
    ChargeKind,
    "What a charge is for.",
    {
        "FREIGHT": "Carriage.",
        "SMALL_ORDER": "An order that is too small.",
        "DEPOSIT": "Containers that come back.",
        "PACKAGING": "Packaging.",
        "SURCHARGE": "Raw material, such as copper.",
    },
)
described_enum(
    PriceComponent,
    "What a step of a price is.",
    {
        "LIST_PRICE": "The list price at the smallest quantity.",
        "QUANTITY_BREAK": "A better list price from a quantity on.",
        "TRADE_PRICE": "A price of a trade agreement in the list price's place.",
        "AGREEMENT_PRICE": "The price that a sales agreement fixes.",
        "MANUAL_PRICE": "A fixed price set by a person in the list price's place.",
        "LINE_DISCOUNT": "A trade agreement's discount on the line.",
        "MULTILINE_DISCOUNT": "A trade agreement's discount by the quantity of several lines together.",
        "AGREEMENT_DISCOUNT": "The discount of a sales agreement.",
        "FREE_GOODS": "Goods without charge: the line's list price, wholly taken off.",
        "PROMOTION": "A discount rule on lines.",
        "ALLOWANCE": "An allowance off the invoice.",
        "MANUAL_DISCOUNT": "A discount given by a person, with a reason; its value is a percent.",
        "ORDER_PROMOTION": "A discount rule on the whole order; this is the line's share.",
        "TOTAL_DISCOUNT": "A trade agreement's discount on the order's total; this is the line's share.",
        "DOCUMENT_DISCOUNT": "A discount given by a person on the whole document; this is the line's share.",
        "ALWAYS": "A discount rule that comes on top of all others.",
        "CHARGE": "What a charge comes to on this line; its reason says what was measured.",
    },
)
described_enum(
    ValueKind,
    "What the value of a price's step is.",
    {
        "UNIT_PRICE": "A price of `priceUnit` units.",
        "PERCENT": "A percent.",
        "AMOUNT_PER_UNIT": "An amount off `priceUnit` units; of a charge, so much per unit or kilogram.",
        "AMOUNT_PER_LINE": "An amount off the line; of a charge, on it.",
        "AMOUNT_PER_ORDER": "An amount off the order; of a charge, on it.",
        "QUANTITY": "A number of units.",
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
        "APPROVE": "Consent to it for the company.",
        "REFUSE_APPROVAL": "Not consent to it, with a reason.",
        "WITHDRAW": "Not want it any more, as whoever asked.",
        "CONFIRM": "Take it on.",
        "REFUSE": "Not take it on.",
        "CANCEL": "Call it off.",
        "CANCEL_LINE": "Call off an open quantity of a line.",
        "HOLD": "Stop it.",
        "RELEASE": "Let it go on.",
        "DISCOUNT": "Give a discount on a line.",
        "SET_PRICE": "Set a line's price.",
        "RESCHEDULE": "Deliver a line another way.",
        "REORDER": "Put its lines into the cart again (reorder).",
        "DELIVER": "Release goods of it to a warehouse.",
    },
)
described_enum(
    states.DeliveryStatus,
    "The state of a delivery.",
    {
        "RELEASED": "The warehouse was told; its lots are assigned.",
        "SHIPPED": "It has left; nothing of it changes any more but how it is tracked.",
        "CANCELLED": "It was taken back before it left.",
    },
)
described_enum(
    states.PurchaseOrderStatus,
    "The state of a purchase order.",
    {
        "DRAFT": "The supplier does not know it yet.",
        "SENT": "The supplier has it and has not answered.",
        "CONFIRMED": "The supplier said what comes when; it may say so again.",
        "RECEIVED": "Nothing of it is still to come.",
        "CLOSED": "What was still to come was called off.",
        "CANCELLED": "It was called off before anything came.",
    },
)
described_enum(
    PurchaseAction,
    "What a viewer may do with a purchase order now.",
    {
        "SEND": "Send it to the supplier.",
        "CONFIRM": "Enter what the supplier says.",
        "RECEIVE": "Take goods in.",
        "CLOSE": "Call off what is still to come.",
        "CANCEL": "Call it off; nothing came of it.",
        "PEG": "Say which order lines it is meant for.",
    },
)
described_enum(
    DeliveryAction,
    "What a viewer may do with a delivery now.",
    {
        "SHIP": "Send it off.",
        "CANCEL": "Take it back.",
        "UPDATE": "Tell carrier, tracking number or note.",
        "PICK": "Say what was picked of it.",
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
described_enum(
    states.JobState,
    "How far a job is.",
    {
        "QUEUED": "It waits for a worker, at first or after a failure.",
        "RUNNING": "A worker is at it.",
        "SUCCEEDED": "It is done.",
        "FAILED": "It failed for good: nobody tries again until somebody says so.",
    },
)

described_enum(
    states.ApprovalStatus,
    "What became of a request for approval.",
    {
        "PENDING": "It waits for a decision.",
        "APPROVED": "Somebody else of the company consented.",
        "REFUSED": "Somebody else of the company did not consent.",
        "WITHDRAWN": "It was called off before anybody decided.",
        "LAPSED": "Nobody decided in time.",
    },
)
described_enum(
    states.LimitPeriod,
    "A calendar period in the seller's time zone.",
    {
        "WEEK": "From Monday to Sunday.",
        "MONTH": "A calendar month.",
        "QUARTER": "A quarter of a year.",
        "YEAR": "A calendar year.",
    },
)
described_enum(
    spending.ApprovalReason,
    "Why an order needs the company's own consent, or a concession a sales manager's.",
    {
        "OVER_ORDER_LIMIT": "It is more than the buyer may order at once.",
        "OVER_PERIOD_LIMIT": "With the buyer's other orders it is more than they may order in the period.",
        "OVER_COMPANY_THRESHOLD": "It is more than the company's rule lets pass, whoever orders.",
        "CATEGORY": "It has products of a category for which the company has a rule.",
        "OVER_LINE_DEPTH": "A concession on the line goes deeper than its giver may go alone.",
        "OVER_ORDER_DEPTH": "The concessions on the order go deeper together than their giver may go alone.",
        "OVER_BUDGET": "It is more than what is left of its giver's budget of the period.",
    },
)

described_enum(
    states.InvoiceKind,
    "What an invoice is.",
    {"INVOICE": "A claim for payment.", "RECTIFYING": "The correction of another; its amounts are negative."},
)
described_enum(
    states.InvoiceStatus,
    "An invoice's state.",
    {
        "DRAFT": "Not issued: without number, and not for the customer's eyes.",
        "ISSUED": "Issued; it never changes.",
        "DISCARDED": "A draft that was thrown away.",
    },
)
described_enum(
    states.InvoiceType,
    "AEAT's kinds of invoice (list L2).",
    {
        "F1": "An invoice.",
        "R1": "Rectifying: error in law, returned goods, art. 80.1, 80.2 and 80.6 of Ley 37/1992.",
        "R2": "Rectifying: the customer's insolvency, art. 80.3.",
        "R3": "Rectifying: a bad debt, art. 80.4.",
        "R4": "Rectifying: other causes.",
    },
)
described_enum(
    states.BuyerInvoiceStatus,
    "What the buyer's side says of an invoice.",
    {"ACCEPTED": "It accepts it.", "REJECTED": "It rejects it, with a reason.", "PAID": "It paid it."},
)
described_enum(
    states.PaymentState,
    "How far something is paid; derived from what is matched.",
    {"OPEN": "Nothing is paid.", "PARTIAL": "In part.", "PAID": "Nothing is open."},
)
described_enum(
    states.JournalSource,
    "What kind of document posted an entry.",
    {
        "INVOICE": "An invoice or its correction.",
        "DELIVERY": "A delivery that left.",
        "PAYMENT": "A payment.",
        "MATCH": "A payment on account set against an invoice.",
    },
)
described_enum(
    states.TaxEvidenceKind,
    "What proves that an invoice may go untaxed.",
    {
        "VIES": "An answer of VIES on a VAT number.",
        "EXPORT": "That goods left: a transport document or export declaration.",
        "RESELLER": "A customer's declaration that it resells, for domestic reverse charge.",
        "EXEMPTION": "A certificate of exemption.",
    },
)
described_enum(
    states.PaymentMethod,
    "How money came.",
    {
        "TRANSFER": "By bank transfer.",
        "CARD": "By card.",
        "DIRECT_DEBIT": "Collected from the customer's account.",
        "CASH": "In cash.",
        "OTHER": "Otherwise.",
    },
)
described_enum(
    states.BankLineStatus,
    "What became of a line of a bank file.",
    {
        "MATCHED": "It is a payment, and all of it pays instalments.",
        "PARTLY_MATCHED": "It is a payment, and part of it is on account.",
        "ON_ACCOUNT": "It is a payment on account: the payer is known, what it pays is not.",
        "UNKNOWN": "It waits for a person.",
        "DUPLICATE": "Another file brought the same movement.",
        "IGNORED": "It is no payment of a customer.",
    },
)
described_enum(
    InvoiceAction,
    "What a viewer may do with an invoice now.",
    {
        "ISSUE": "Issue it.",
        "DISCARD": "Throw the draft away.",
        "RECTIFY": "Credit it.",
        "ANSWER": "Accept or reject it.",
    },
)

described_enum(
    Phase,
    "When a rule runs, between the agreements' discounts and the charges.",
    {
        "LINE": "On lines, before all other promotions.",
        "ALLOWANCE": "An allowance off the invoice, after the promotions on lines.",
        "ORDER": "On the order, after manual line discounts; percents before amounts.",
        "ALWAYS": "After every other discount, whatever it excludes.",
    },
)
described_enum(
    states.SharingPolicy,
    "Who gets what is too little for all who wait.",
    {
        "BASIC": "All get all they wait for, or nobody gets anything.",
        "EQUALLY": "Each line gets the same, and what one does not need goes to the others.",
        "BY_CUSTOMER_PRIORITY": "One customer after the other by priority, and what is needed first before the rest.",
    },
)
BankLineStatusFilter = enum_filter(states.BankLineStatus)
BuyerInvoiceStatusFilter = enum_filter(states.BuyerInvoiceStatus)
DiscountPhaseFilter = enum_filter(Phase)
CustomerStatusFilter = enum_filter(states.CustomerStatus)
InvoiceKindFilter = enum_filter(states.InvoiceKind)
InvoiceStatusFilter = enum_filter(states.InvoiceStatus)
JournalSourceFilter = enum_filter(states.JournalSource)
DeliveryStatusFilter = enum_filter(states.DeliveryStatus)
PurchaseOrderStatusFilter = enum_filter(states.PurchaseOrderStatus)
ApprovalStatusFilter = enum_filter(states.ApprovalStatus)
OrderStatusFilter = enum_filter(states.OrderStatus)
PaymentMethodFilter = enum_filter(states.PaymentMethod)
PaymentStateFilter = enum_filter(states.PaymentState)
ProductKindFilter = enum_filter(states.ProductKind)
JobStateFilter = enum_filter(states.JobState)

described_enum(
    AlternativeKind,
    "What another way of delivering is.",
    {
        "LATER": "All of it from the line's own warehouse.",
        "OTHER_WAREHOUSE": "All of it from another warehouse.",
        "PARTIAL": "In parts, each as early as it may leave.",
        "DIRECT": "From a supplier to the customer.",
        "SUBSTITUTE": "Another product that does instead.",
    },
)
