"""Reps and managers write the internal note of a customer; of the row they may touch nothing else."""

from alembic import context, op

revision = "0006"
down_revision = "0005"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    'grant update (internal_note, version) on customer to "$prefixterritory_write"',
    'grant update (internal_note, version) on customer to "$prefixstaff_write"',
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("The grants are not taken back; drop the database instead.")
