"""When discount rules run, described for integrators, and its filter."""

from rules.discounts_rules import Phase
from schema.access import described_enum
from schema.filters import enum_filter

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
PhaseFilter = enum_filter(Phase)
