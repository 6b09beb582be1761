"""Whoever begins or ends acting in a customer's place is in the audit trail: the door may add to it, and no more."""

from alembic import context, op

revision = "0012"
down_revision = "0011"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    'create policy auth_trail on audit_event for insert to "$prefixauth" with check (true)',
    'grant insert on audit_event to "$prefixauth"',
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("The grants are not taken back; drop the database instead.")
