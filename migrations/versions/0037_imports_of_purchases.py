"""What a file of an import may hold: suppliers, what they sell, and purchase orders that are still to come."""

from alembic import op

revision = "0037"
down_revision = "0034"

_BEFORE = "'PRODUCTS', 'CUSTOMERS', 'PRICES', 'STOCK', 'TRADE_AGREEMENTS', 'AGREEMENT_LINES'"
_ADDED = "'SUPPLIERS', 'SUPPLIER_PRODUCTS', 'PURCHASE_ORDERS'"


def _allow(kinds: str) -> None:
    op.execute("alter table data_import drop constraint ck_data_import_kind_known")
    op.execute(f"alter table data_import add constraint ck_data_import_kind_known check (kind in ({kinds}))")


def upgrade() -> None:
    _allow(f"{_BEFORE}, {_ADDED}")


def downgrade() -> None:
    op.execute("delete from data_import where kind in ('SUPPLIERS', 'SUPPLIER_PRODUCTS', 'PURCHASE_ORDERS')")
    _allow(_BEFORE)
