"""From which margin on a price is green, and below which it is red: the seller's to say."""

from alembic import op

revision = "0021"
down_revision = "0020"

STATEMENTS = (
    "alter table seller add column margin_target_percent numeric(9, 6) default 25 not null,"
    " add column margin_floor_percent numeric(9, 6) default 10 not null",
    "alter table seller add constraint ck_seller_margin_bands"
    " check (margin_floor_percent <= margin_target_percent and margin_target_percent < 100)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("alter table seller drop column margin_target_percent, drop column margin_floor_percent")
