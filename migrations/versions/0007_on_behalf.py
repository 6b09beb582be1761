"""The door reads which territories a rep has, to end at once what they do on behalf of a customer they lost."""

from alembic import context, op

revision = "0007"
down_revision = "0006"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = ('grant select on sales_rep_territory to "$prefixauth"',)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("The grants are not taken back; drop the database instead.")
