"""What the demo company's buyers have in hand: wishlists and carts."""

from collections.abc import Sequence
from decimal import Decimal

from app.demo.catalogue import Item, breaks_on
from app.demo.company import SELLER
from app.demo.customers import MAIN, SECOND, Company
from app.demo.orders import shelf_of
from app.demo.seeds import Rows, chance, key
from models.carts import Cart, CartLine
from models.wishlists import Wishlist, WishlistItem
from rules.states import WishlistVisibility
from rules.texts import sort_key

# Customer's number, buyer's place among its buyers, name, shared or not, how many products.
LISTS = (
    (MAIN, 0, "Pedido semanal", WishlistVisibility.COMPANY, 12),
    (MAIN, 0, "Terraza de verano", WishlistVisibility.COMPANY, 9),
    (MAIN, 0, "Ideas para la carta", WishlistVisibility.PRIVATE, 6),
    (MAIN, 1, "Básicos de cocina", WishlistVisibility.PRIVATE, 8),
    (SECOND, 0, "Desayunos del hotel", WishlistVisibility.COMPANY, 10),
    (3, 0, "Reposición de amenidades", WishlistVisibility.COMPANY, 7),
    (8, 0, "Barra", WishlistVisibility.COMPANY, 8),
    (11, 0, "Comedor escolar", WishlistVisibility.COMPANY, 9),
)
CARTS = ((MAIN, 0, 3), (MAIN, 1, 2), (SECOND, 0, 4), (8, 0, 3))


def add_shopping(rows: Rows, companies: Sequence[Company], items: Sequence[Item]) -> None:
    for number, buyer, name, visibility, count in LISTS:
        company = companies[number - 1]
        user_id, user_name = company.buyers[buyer]
        wishlist = key("wishlist", number, name)
        rows.add(
            Wishlist,
            id=wishlist,
            customer_id=company.id,
            owner_id=user_id,
            owner_name=user_name,
            name=name,
            name_sort=sort_key(name),
            visibility=visibility,
            updated_at=rows.now,
        )
        chosen = chance(f"wishlist {number} {name}").sample(shelf_of(company, items), count)
        for position, item in enumerate(chosen, start=1):
            rows.add(
                WishlistItem,
                id=key(wishlist, item.sku),
                wishlist_id=wishlist,
                customer_id=company.id,
                product_id=item.id,
                position=position,
                quantity=_some(item),
                note="Para el fin de semana" if position == 2 else "",
            )
    for number, buyer, count in CARTS:
        _add_cart(rows, companies[number - 1], buyer, count, items)


def _add_cart(rows: Rows, company: Company, buyer: int, count: int, items: Sequence[Item]) -> None:
    user_id, _ = company.buyers[buyer]
    cart = key("cart", company.number, buyer)
    rows.add(
        Cart,
        id=cart,
        seller_id=SELLER,
        customer_id=company.id,
        user_id=user_id,
        delivery_address_id=None,
        requested_on=None,
        updated_at=rows.now,
    )
    chosen = chance(f"cart {company.number} {buyer}").sample(shelf_of(company, items), count)
    for position, item in enumerate(chosen, start=1):
        quantity = _some(item)
        tiers = [each for each in breaks_on(item, rows.today, rows.today) if each.from_quantity <= quantity]
        rows.add(
            CartLine,
            id=key(cart, item.sku),
            cart_id=cart,
            customer_id=company.id,
            product_id=item.id,
            position=position,
            quantity=quantity,
            requested_on=None,
            unit_price_seen=tiers[-1].unit_price,
        )


def _some(item: Item) -> Decimal:
    """A few packs."""
    return Decimal(2) if item.unit == "kg" else item.pack_size * (1 if item.pack_size > 1 else 3)
