"""What buyers answered to optional goods, kept with their carts."""

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.execute(
        "alter table cart add column gifts_accepted uuid[] default '{}' not null,"
        " add column gifts_declined uuid[] default '{}' not null"
    )


def downgrade() -> None:
    op.execute("alter table cart drop column gifts_accepted, drop column gifts_declined")
