"""Administrators of the seller say what people of a customer may order alone."""

from alembic import context, op

revision = "0013"
down_revision = "0012"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = ('grant insert, update, delete on spend_limit to "$prefixstaff_write"',)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("The grants are not taken back; drop the database instead.")
