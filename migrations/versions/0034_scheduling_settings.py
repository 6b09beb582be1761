"""Whoever sets what promises follow from sets time zones as well, and what everybody is told of stock."""

from alembic import context, op

revision = "0034"
down_revision = "0033"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    'grant update (time_zone) on warehouse to "$prefixstaff_write"',
    'grant update (availability_display, low_stock_threshold) on seller to "$prefixstaff_write"',
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("The grants are not taken back; drop the database instead.")
