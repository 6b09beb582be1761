"""How long lots must keep is set for the products of a category too, and for those below it."""

from alembic import op

revision = "0042"
down_revision = "0041"

STATEMENTS = (
    "alter table sellable_days add column category_id uuid",
    "alter table sellable_days add constraint fk_sellable_days_category_id"
    " foreign key (category_id) references product_category (id)",
    "alter table sellable_days add constraint ck_sellable_days_one_kind_of_goods"
    " check (num_nonnulls(product_id, category_id) <= 1)",
    "alter table sellable_days drop constraint uq_sellable_days_seller_id_customer_id_customer_group_i_1c25",
    "alter table sellable_days add constraint uq_sellable_days_seller_id_customer_id_customer_group_i_a215"
    " unique nulls not distinct (seller_id, customer_id, customer_group_id, product_id, category_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("Shelf lives of categories would be lost; drop the database instead.")
