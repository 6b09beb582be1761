"""How a buyer chose to have a line of the cart delivered, kept with the line."""

from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.execute("alter table cart_line add column parts jsonb default '[]' not null")


def downgrade() -> None:
    op.execute("alter table cart_line drop column parts")
