"""Goods without charge are lines of their own, which follow the line that brought them."""

from alembic import op

revision = "0016"
down_revision = "0015"

STATEMENTS = (
    "alter table sales_order_line add column parent_line_id uuid, add column is_free boolean default false not null",
    "alter table sales_order_line add constraint fk_sales_order_line_customer_id_sales_order_line"
    " foreign key (customer_id, parent_line_id) references sales_order_line (customer_id, id)",
    "alter table sales_order_line add constraint ck_sales_order_line_free_costs_nothing"
    " check (not is_free or net_amount = 0 and parent_line_id is not null)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("alter table sales_order_line drop column is_free, drop column parent_line_id")
