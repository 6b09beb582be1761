"""The company's sales agreements: what was agreed, what was bought of it, and the answer to a proposal."""

from storefront.agreements import act_of, show_agreement, show_agreements
from storefront.page import At

PAGES = (
    At("/agreements", show_agreements, needs="agreements:read"),
    At(
        "/agreements/{number}",
        show_agreement,
        {name: act_of(name) for name in ("accept", "decline")},
        needs="agreements:read",
    ),
)
