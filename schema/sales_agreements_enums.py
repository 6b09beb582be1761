"""The enums of sales agreements, described for integrators."""

from rules.sales_agreement_terms import AgreementAction, VersionStatus
from rules.sales_agreements import AgreementPricing, AgreementStatus, CommitmentType
from schema.access import described_enum
from schema.filters import enum_filter

described_enum(
    CommitmentType,
    "What a line of an agreement commits to; a line of an order consumes the most specific one.",
    {
        "PRODUCT_QUANTITY": "A quantity of a product; it alone carries a price.",
        "PRODUCT_VALUE": "An amount of a product.",
        "CATEGORY_VALUE": "An amount of a category of products and those below it.",
        "OVERALL_VALUE": "An amount of anything.",
    },
)
described_enum(
    AgreementPricing,
    "How an agreement's prices stand to other prices.",
    {
        "FIXED": "They hold, also where others would be lower.",
        "CEILING": "They are the most: what is lower holds, and counts towards the agreement all the same.",
    },
)
described_enum(
    AgreementStatus,
    "An agreement's state.",
    {
        "DRAFT": "It is being written.",
        "PROPOSED": "The seller confirmed it; the customer has not answered yet.",
        "EFFECTIVE": "Both sides confirmed it.",
        "EXPIRED": "Its last day is over.",
        "CLOSED": "Nothing is ordered under it any more.",
        "CANCELLED": "It was called off.",
    },
)
described_enum(
    VersionStatus,
    "What became of a version of an agreement's terms.",
    {
        "DRAFT": "It is being written.",
        "PROPOSED": "It waits for the customer's answer.",
        "IN_FORCE": "Both sides confirmed it, and it holds.",
        "SUPERSEDED": "A later version took its place.",
        "DECLINED": "The customer did not accept it.",
        "WITHDRAWN": "The seller took it back.",
    },
)
described_enum(
    AgreementAction,
    "What a viewer may do with an agreement now.",
    {
        "EDIT": "Change the draft.",
        "AMEND": "Begin a new version.",
        "PROPOSE": "Confirm the draft and send it to the customer.",
        "WITHDRAW": "Take the proposal back.",
        "ACCEPT": "Accept the proposal.",
        "DECLINE": "Decline the proposal.",
        "CLOSE": "End it.",
        "CANCEL": "Call it off.",
    },
)
AgreementStatusFilter = enum_filter(AgreementStatus)
