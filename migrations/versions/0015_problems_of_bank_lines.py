"""Why a bank line waits is kept as its template and values: whoever reads it reads it in their own language."""

from alembic import op

revision = "0015"
down_revision = "0014"

STATEMENTS = ("alter table bank_line add column problem_data jsonb default '{}' not null",)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("alter table bank_line drop column problem_data")
