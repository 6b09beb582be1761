"""Codes nearly as typed: what somebody may have meant by one that nobody knows."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, Text, bindparam, column, select, text
from sqlalchemy import Uuid as UuidType
from sqlalchemy.dialects.postgresql import ARRAY

# Shorter ones resemble too many.
KEY_CHARACTERS_MIN = 4
_ALIKE = """
select typed.key, found.product_id, typed.place, found.score
from unnest(cast(:alike_keys as text[])) with ordinality as typed (key, place)
cross join lateral (
  select product_id, word_similarity(typed.key, codes) as score
  from product_search where typed.key <% codes and locale = :alike_locale
  order by score desc, product_id limit :alike_limit
) as found
"""


def similar_codes(keys: Sequence[str], locale: str, limit: int) -> Select[tuple[str, UUID]]:
    """
    (key, product_id) of the products whose SKU or barcode is nearly a key, the likest first; one statement.

    Args:
        keys: as rules.texts.item_key makes them.
        limit: products per key at most.
    """
    wanted = [key for key in dict.fromkeys(keys) if len(key) >= KEY_CHARACTERS_MIN]
    bound = [
        bindparam("alike_keys", wanted, type_=ARRAY(Text)),
        bindparam("alike_locale", locale),
        bindparam("alike_limit", limit),
    ]
    found = (
        text(_ALIKE)
        .bindparams(*bound)
        .columns(column("key", Text), column("product_id", UuidType), column("place"), column("score"))
        .subquery("alike")
    )
    alike = select(found.c.key, found.c.product_id)
    return alike.order_by(found.c.place, found.c.score.desc(), found.c.product_id)
