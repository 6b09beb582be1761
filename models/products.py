"""What is sold: categories, units, products with translations, attributes, pictures and relations."""

from datetime import date
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.base import (
    Base,
    Code,
    CurrencyCode,
    Id,
    Locale,
    LongText,
    Moment,
    Name,
    NameSort,
    Quantity,
    Stored,
    UnitPrice,
    one_of,
)
from models.sellers import no_overlap
from rules.states import OutOfStockPolicy, ProductKind, RelationKind, SharingPolicy


class UnitOfMeasure(Base):
    """How a product is counted; `decimals` bounds the quantities that may be asked in it."""

    __tablename__ = "unit_of_measure"
    __table_args__ = (CheckConstraint("decimals between 0 and 6", name="decimals_range"),)
    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[Name]
    decimals: Mapped[int] = mapped_column(SmallInteger)


class ProductCategory(Base):
    """A node of the category tree. `path` holds the codes from the root, as "/food/oil/", for descendants."""

    __tablename__ = "product_category"
    __table_args__ = (
        UniqueConstraint("seller_id", "code"),
        Index("ix_product_category_path", text("path text_pattern_ops")),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("product_category.id"))
    code: Mapped[Code]
    name: Mapped[Name]
    name_sort: Mapped[NameSort]
    path: Mapped[str] = mapped_column(String(400))
    position: Mapped[int] = mapped_column(Integer, server_default="0")


class ProductCategoryTranslation(Base):
    __tablename__ = "product_category_translation"
    category_id: Mapped[UUID] = mapped_column(ForeignKey("product_category.id"), primary_key=True)
    locale: Mapped[Locale] = mapped_column(primary_key=True)
    name: Mapped[Name]


class Product(Base):
    __tablename__ = "product"
    __table_args__ = (
        one_of("kind", ProductKind),
        one_of("out_of_stock_policy", OutOfStockPolicy),
        one_of("sharing_policy", SharingPolicy),
        CheckConstraint("pack_size > 0", name="pack_size_positive"),
        CheckConstraint("shelf_life_days is null or shelf_life_days > 0", name="shelf_life_positive"),
        UniqueConstraint("seller_id", "sku"),
        Index("uq_product_sku_key", "seller_id", "sku_key", unique=True),
        Index("ix_product_barcode", "barcode"),
        Index(None, "seller_id", "name_sort", "id"),
        Index(None, "category_id"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    kind: Mapped[ProductKind] = mapped_column(Stored(ProductKind))
    sku: Mapped[Code]
    # The SKU as people type it (rules.texts.item_key): case and separators do not matter.
    sku_key: Mapped[Code]
    name: Mapped[Name]
    name_sort: Mapped[NameSort]
    description: Mapped[LongText] = mapped_column(server_default="")
    brand: Mapped[Name] = mapped_column(server_default="")
    category_id: Mapped[UUID] = mapped_column(ForeignKey("product_category.id"))
    tax_category_id: Mapped[UUID] = mapped_column(ForeignKey("tax_category.id"))
    unit_code: Mapped[str] = mapped_column(ForeignKey("unit_of_measure.code"))
    # Quantities are multiples of this, in the product's unit.
    pack_size: Mapped[Quantity]
    barcode: Mapped[str | None] = mapped_column(String(64))
    weight_kg: Mapped[UnitPrice | None]
    is_lot_tracked: Mapped[bool]
    # Phones, consoles, laptops, tablets: domestic reverse charge to resellers and above 10,000.00 (rule book 0.2, 38).
    is_reverse_charge: Mapped[bool] = mapped_column(server_default="false", default=False)
    shelf_life_days: Mapped[int | None]
    # Null: the seller's policy.
    out_of_stock_policy: Mapped[OutOfStockPolicy | None] = mapped_column(Stored(OutOfStockPolicy))
    # Who gets what is too little for all who wait; null: as the seller says.
    sharing_policy: Mapped[SharingPolicy | None] = mapped_column(Stored(SharingPolicy))
    created_at: Mapped[Moment]
    active_until: Mapped[date | None]


class ProductTranslation(Base):
    __tablename__ = "product_translation"
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    locale: Mapped[Locale] = mapped_column(primary_key=True)
    name: Mapped[Name]
    description: Mapped[LongText] = mapped_column(server_default="")


class ProductUnit(Base):
    """Another unit a product may be ordered in: one of it is `factor` of the product's own unit."""

    __tablename__ = "product_unit"
    __table_args__ = (CheckConstraint("factor > 0", name="factor_positive"),)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    unit_code: Mapped[str] = mapped_column(ForeignKey("unit_of_measure.code"), primary_key=True)
    factor: Mapped[Quantity]


class ProductAttribute(Base):
    __tablename__ = "product_attribute"
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    locale: Mapped[Locale] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    name: Mapped[Name]
    value: Mapped[Name]


class ProductPicture(Base):
    __tablename__ = "product_picture"
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    file_id: Mapped[UUID] = mapped_column(ForeignKey("file.id"))


class ProductRelation(Base):
    __tablename__ = "product_relation"
    __table_args__ = (
        one_of("kind", RelationKind),
        CheckConstraint("related_product_id <> product_id", name="to_another"),
    )
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    kind: Mapped[RelationKind] = mapped_column(Stored(RelationKind), primary_key=True)
    related_product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, server_default="0")


class Assortment(Base):
    """A named part of the catalogue; who holds one sees only its products."""

    __tablename__ = "assortment"
    __table_args__ = (UniqueConstraint("seller_id", "code"),)
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    code: Mapped[Code]
    name: Mapped[Name]


class AssortmentProduct(Base):
    __tablename__ = "assortment_product"
    __table_args__ = (Index(None, "product_id"),)
    assortment_id: Mapped[UUID] = mapped_column(ForeignKey("assortment.id"), primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)


class StandardCost(Base):
    """What a unit costs us, by date. Customers' database roles have no policy here, so they read nothing."""

    __tablename__ = "standard_cost"
    __table_args__ = (
        CheckConstraint("unit_cost >= 0", name="not_negative"),
        no_overlap("standard_cost_overlap", "product_id"),
    )
    id: Mapped[Id]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    unit_cost: Mapped[UnitPrice]
    currency: Mapped[CurrencyCode] = mapped_column(ForeignKey("currency.code"))
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]


class ProductSearch(Base):
    """
    What a search reads: one row per product and language (see models/search.py).

    `words` are folded words of all that is said of the product, `name` those of its name between spaces.
    """

    __tablename__ = "product_search"
    # Without fastupdate the planner trusts the index at once, not only after the next vacuum.
    __table_args__ = (
        Index(
            "ix_product_search_words", "words", postgresql_using="gin", postgresql_with={"fastupdate": "off"}
        ),
        Index(
            "ix_product_search_codes",
            text("codes gin_trgm_ops"),
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        ),
    )
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    locale: Mapped[Locale] = mapped_column(primary_key=True)
    name: Mapped[LongText]
    codes: Mapped[LongText]
    words: Mapped[list[str]] = mapped_column(ARRAY(Text))


class SearchWord(Base):
    """A word that some product's search row bears: where a misspelt one finds the right one."""

    __tablename__ = "search_word"
    __table_args__ = (
        Index(
            "ix_search_word_similar",
            text("word gin_trgm_ops"),
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        ),
        Index("ix_search_word_prefix", text("word text_pattern_ops")),
    )
    word: Mapped[str] = mapped_column(Text, primary_key=True)
    # In how many rows it stands, as of the last full refresh: rare words weigh more.
    row_count: Mapped[int]


class File(Base):
    """A stored file; its bytes stand in chunks. Pictures are public to signed-in viewers."""

    __tablename__ = "file"
    __table_args__ = (CheckConstraint("byte_size > 0 and byte_size <= 104857600", name="size_range"),)
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    name: Mapped[Name]
    media_type: Mapped[Code]
    byte_size: Mapped[int]
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[Moment]


class FileChunk(Base):
    __tablename__ = "file_chunk"
    __table_args__ = (CheckConstraint("octet_length(content) <= 10485760", name="size_range"),)
    file_id: Mapped[UUID] = mapped_column(ForeignKey("file.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
