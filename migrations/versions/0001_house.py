"""The house: every table of the first landing, its row security and its grants."""

from alembic import context, op

from models import all_tables
from models.base import Base
from models.security import append_only_statements, grant_statements, policy_statements

revision = "0001"
down_revision = None


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"]
    for extension in ("pg_trgm", "unaccent", "btree_gist"):
        op.execute(f"create extension if not exists {extension}")
    op.execute("create sequence sales_order_number_seq")
    op.execute("create sequence customer_number_seq")
    Base.metadata.create_all(op.get_bind())
    tables = [table.name for table in Base.metadata.sorted_tables]
    assert tables and all_tables
    for statement in (*append_only_statements(), *policy_statements(prefix), *grant_statements(prefix, tables)):
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("The first migration is not taken back; drop the database instead.")
