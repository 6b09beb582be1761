"""Sales managers say how prices are made: the columns stood, now they may be changed, by whoever saw the last change."""

from alembic import context, op

revision = "0025"
down_revision = "0024"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    "alter table seller add column pricing_version integer default 1 not null",
    "alter table seller drop constraint ck_seller_margin_bands",
    "alter table seller add constraint ck_seller_margin_bands check (margin_floor_percent >= 0"
    " and margin_floor_percent <= margin_target_percent and margin_target_percent < 100)",
    "grant update (line_multiline_mode, price_date_type, inactive_trade_cells, margin_target_percent,"
    ' margin_floor_percent, pricing_version) on seller to "$prefixterritory_write", "$prefixstaff_write"',
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("The grants are not taken back; drop the database instead.")
