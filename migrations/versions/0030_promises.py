"""The day on which what is pegged to a sales line comes; the settings of promises are counted, and may be changed."""

from alembic import context, op

revision = "0030"
down_revision = "0029"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    "alter table purchase_peg add column expected_on date",
    "alter table seller add column scheduling_version integer default 1 not null",
    'grant update (scheduling_version) on seller to "$prefixterritory_write", "$prefixstaff_write"',
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    op.execute("alter table purchase_peg drop column expected_on")
    op.execute("alter table seller drop column scheduling_version")
