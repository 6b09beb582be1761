"""Logistics blocks lots: they are not sold meanwhile, and what of a balance is blocked cannot be reserved."""

from alembic import context, op

revision = "0031"
down_revision = "0030"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    "alter table lot add column version integer default 1 not null",
    "alter table lot add column status_reason varchar(500) default '' not null",
    "alter table stock_balance add column blocked numeric(18, 6) default 0 not null",
    """
    update stock_balance balance set blocked = lots.quantity from (
        select lot.product_id, lot_balance.warehouse_id, sum(lot_balance.on_hand) as quantity
        from lot_balance join lot on lot.id = lot_balance.lot_id where lot.status = 'BLOCKED' group by 1, 2
    ) as lots where lots.product_id = balance.product_id and lots.warehouse_id = balance.warehouse_id
    """,
    "alter table stock_balance drop constraint ck_stock_balance_reserved_within_on_hand",
    "alter table stock_balance add constraint ck_stock_balance_reserved_within_on_hand"
    " check (reserved >= 0 and blocked >= 0 and reserved + blocked <= on_hand)",
    'grant update (status, status_reason, version) on lot to "$prefixstaff_write"',
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("The grants are not taken back; drop the database instead.")
