"""The day on which what is pegged to a sales line comes, by the supplier's word."""

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.execute("alter table purchase_peg add column expected_on date")


def downgrade() -> None:
    op.execute("alter table purchase_peg drop column expected_on")
