"""Invoicing: lists by date of issue with drafts first, and the buyer's answer."""

from alembic import context, op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute(
        "create index ix_invoice_latest on invoice (customer_id, coalesce(issued_on, date '9999-12-31'), id)"
    )
    op.execute(
        "create index ix_invoice_latest_of_seller on invoice"
        " (seller_id, coalesce(issued_on, date '9999-12-31'), id)"
    )
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    op.execute(
        "grant update (version, buyer_status, buyer_status_on, buyer_reason) on invoice"
        f' to "{prefix}customer_write"'
    )


def downgrade() -> None:
    raise RuntimeError("Posted documents are not taken apart; restore a backup instead.")
