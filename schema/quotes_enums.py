"""The enums of quotes, described for integrators."""

from rules.quotes import ConversionObstacle, QuoteAction, QuoteStatus, RevisionStatus
from rules.quotes_approvals import ApprovalCriterion, ApprovalLevel
from rules.quotes_content import ChangeKind
from rules.quotes_desk import QuoteStep
from schema.access import described_enum
from schema.filters import enum_filter

described_enum(
    QuoteStatus,
    "Where a quote stands between the two sides.",
    {
        "REQUESTED": "The customer asked for it.",
        "DRAFT": "The seller is writing it; nothing was offered yet.",
        "SENT": "It waits for the customer's answer.",
        "COUNTERED": "The customer would have it otherwise; it waits for the seller.",
        "ACCEPTANCE_PENDING": "Somebody of the customer accepted it; a colleague has to consent.",
        "ACCEPTED": "The customer accepted it; it is no order yet.",
        "CONVERTED": "It is an order.",
        "DECLINED": "The customer does not want it.",
        "EXPIRED": "Its last day is over.",
        "WITHDRAWN": "The seller took it back, or the customer what they had asked for.",
    },
)
described_enum(
    RevisionStatus,
    "What became of a revision on the seller's side.",
    {
        "DRAFT": "It is being written.",
        "PENDING_APPROVAL": "It waits for the consent of somebody else of the seller's.",
        "APPROVED": "It may be sent.",
        "SENT": "The customer has it; it never changes.",
        "SUPERSEDED": "A later one was sent in its place.",
    },
)
described_enum(
    QuoteAction,
    "What a viewer may do with a quote now.",
    {
        "EDIT": "Change what the revision says that is being written.",
        "SUBMIT": "Say that it is ready.",
        "APPROVE": "Consent to it.",
        "REJECT": "Not consent to it.",
        "SEND": "Offer it to the customer.",
        "REVISE": "Begin the next revision.",
        "WITHDRAW": "Take the quote back.",
        "CONVERT": "Try again to make an order of it.",
        "COUNTER": "Say what one would have otherwise.",
        "ACCEPT": "Accept it.",
        "DECLINE": "Decline it.",
        "APPROVE_ACCEPTANCE": "Consent to a colleague's acceptance.",
        "REFUSE_ACCEPTANCE": "Not consent to a colleague's acceptance.",
        "WITHDRAW_REQUEST": "Take back what the customer asked for, while nothing was offered.",
    },
)
described_enum(
    ConversionObstacle,
    "Why an accepted quote is no order yet.",
    {
        "CUSTOMER": "The customer cannot order at present.",
        "PRODUCT": "A product is not for sale any more.",
        "CREDIT": "It would pass the credit limit.",
        "OVERDUE": "Invoices are overdue.",
        "AGREEMENT": "A sales agreement has not enough left, or ended.",
        "STOCK": "Something is short that may not be ordered ahead.",
        "DEPOSIT": "The deposit that was asked for is not paid yet.",
        "DISCOUNT": "Others used up a discount that is limited.",
        "PROSPECT": "The company is no customer yet: finance has to check it.",
    },
)
described_enum(
    ApprovalLevel,
    "Who has to consent to a quote before it is sent.",
    {
        "NONE": "Nobody.",
        "MANAGER": "A sales manager.",
        "DIRECTOR": "A director, above the sales managers: finance.",
    },
)
described_enum(
    ApprovalCriterion,
    "What is measured of a quote.",
    {
        "LINE_DEPTH": "How much less a line asks than the rules, in percent.",
        "QUOTE_DEPTH": "How much less the whole asks than the rules, in percent.",
        "MARGIN": "The contribution ratio, in percent; a lower one asks for consent.",
        "FLOOR": "How many lines leave less than the seller's lowest margin.",
        "AMOUNT": "The amount before tax, in the seller's currency.",
        "PAYMENT_TERM": "How many days later it is paid than by the customer's own term.",
        "FREE_GOODS": "What goods given whole would have cost, in the seller's currency.",
    },
)
described_enum(
    ChangeKind,
    "What became of a line from one revision to the next.",
    {"ADDED": "It is new.", "REMOVED": "It is gone.", "CHANGED": "Something of it is different."},
)

described_enum(
    QuoteStep,
    "What a quote waits for.",
    {
        "ANSWER": "An answer of ours, to a request or a counter-offer.",
        "SUBMIT": "What is being written is to be submitted.",
        "CONSENT": "The consent of somebody else of the seller's.",
        "SEND": "It may be sent.",
        "CUSTOMER": "The customer's answer.",
        "COLLEAGUE": "The consent of a colleague at the customer.",
        "CONVERT": "It is accepted, and no order yet.",
        "NONE": "Nothing any more.",
    },
)

QuoteStatusFilter = enum_filter(QuoteStatus)
QuoteStepFilter = enum_filter(QuoteStep)
