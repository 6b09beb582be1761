"""Agreements chosen in carts and kept with orders, and what open carts would consume of them."""

from alembic import op

revision = "0024"
down_revision = "0023"

STATEMENTS = (
    "alter table cart add column agreement_id uuid"
    " constraint fk_cart_agreement_id references sales_agreement (id),"
    " add column keeps_own_terms boolean default false not null",
    "alter table cart_line add column commitment_id uuid"
    " constraint fk_cart_line_commitment_id references agreement_line (id),"
    " add column commitment_quantity numeric(18, 6)",
    "alter table cart_line add constraint ck_cart_line_commitment_held"
    " check ((commitment_id is null) = (commitment_quantity is null))",
    "create index ix_cart_line_commitment_id on cart_line (commitment_id) where commitment_id is not null",
    # What a file of an import may hold: lines of sales agreements too.
    "alter table data_import drop constraint ck_data_import_kind_known",
    "alter table data_import add constraint ck_data_import_kind_known"
    " check (kind in ('PRODUCTS', 'CUSTOMERS', 'PRICES', 'STOCK', 'TRADE_AGREEMENTS', 'AGREEMENT_LINES'))",
    "alter table sales_order add column agreement_id uuid"
    " constraint fk_sales_order_agreement_id references sales_agreement (id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("delete from data_import where kind = 'AGREEMENT_LINES'")
    op.execute("alter table data_import drop constraint ck_data_import_kind_known")
    op.execute(
        "alter table data_import add constraint ck_data_import_kind_known"
        " check (kind in ('PRODUCTS', 'CUSTOMERS', 'PRICES', 'STOCK', 'TRADE_AGREEMENTS'))"
    )
    op.execute("alter table sales_order drop column agreement_id")
    op.execute("alter table cart_line drop column commitment_id, drop column commitment_quantity")
    op.execute("alter table cart drop column agreement_id, drop column keeps_own_terms")
