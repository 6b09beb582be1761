"""When a customer first read an offer, and what the seller notes about a revision."""

from alembic import op

revision = "0044"
down_revision = "0042"


def upgrade() -> None:
    op.execute("alter table quote add column opened_at timestamp with time zone")
    op.execute(
        "alter table quote add constraint ck_quote_opened_when_sent check (opened_at is null or sent_at is not null)"
    )
    op.execute("alter table quote_figures add column notes text not null default ''")


def downgrade() -> None:
    op.execute("alter table quote_figures drop column notes")
    op.execute("alter table quote drop column opened_at")
