"""Quotes on their way: what is held for them."""

from alembic import op

revision = "0047"
down_revision = "0045"

STATEMENTS = ("alter table quote_policy add column hold_while_sent boolean default 'false' not null",)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("alter table quote_policy drop column hold_while_sent")
