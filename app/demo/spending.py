"""What the demo's main company says of its own orders: a buyer's limits, and a rule for all."""

from collections.abc import Sequence
from decimal import Decimal

from app.demo.customers import MAIN, Company
from app.demo.seeds import Rows, key, moment
from models.approvals import ApprovalRule, SpendLimit
from rules.states import LimitPeriod

LIMITED = "cocina@laparra.example"


def add_spending(rows: Rows, companies: Sequence[Company]) -> None:
    """The second buyer orders within limits; whatever passes five thousand waits for an approver, whoever orders it."""
    company = companies[MAIN - 1]
    made = moment(rows.days_ago(90))
    rows.add(
        SpendLimit,
        user_id=key("user", LIMITED),
        customer_id=company.id,
        per_order=Decimal(1000),
        per_period=Decimal(4000),
        period=LimitPeriod.MONTH,
        currency=company.currency,
        updated_at=made,
    )
    rows.add(
        ApprovalRule,
        id=key("approval rule", company.number),
        customer_id=company.id,
        name="Compras grandes",
        from_amount=Decimal(5000),
        currency=company.currency,
        created_at=made,
    )
