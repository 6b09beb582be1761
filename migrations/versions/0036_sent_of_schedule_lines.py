"""What was sent of a schedule line is found without reading all that ever left."""

from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.create_index(
        op.f("ix_delivery_line_schedule_line_id"), "delivery_line", ["schedule_line_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_delivery_line_schedule_line_id"), table_name="delivery_line")
