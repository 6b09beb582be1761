"""
Product search: how search rows are made and read.

Names, translations, codes, categories, brand and attributes become folded words, a row per product and language.
A search looks its words up among all words there are (exact, without the plural's ending, one slip away, as the
beginning of a longer word, or similar by trigrams) and then finds the rows that bear them; codes are compared
beside it. So a misspelt word costs a search among some ten thousand words, not among all rows.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any
from uuid import UUID

from sqlalchemy import Float, Integer, Numeric, Select, Text, bindparam, column, delete, insert, select, text
from sqlalchemy import Uuid as UuidType
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from models.filters import escape_like
from models.products import (
    Product,
    ProductAttribute,
    ProductCategory,
    ProductCategoryTranslation,
    ProductSearch,
    ProductTranslation,
    SearchWord,
)
from rules.texts import fold, item_key

SEARCH_LOCALES = ("es", "en")
CHARACTERS_MAX = 200
TERMS_MAX = 12
_BATCH = 2000
# Too frequent to tell products apart; "sin" and "con" stay, for they do.
_STOP_WORDS = frozenset(
    {
        "a",
        "al",
        "and",
        "de",
        "del",
        "e",
        "el",
        "en",
        "for",
        "in",
        "la",
        "las",
        "lo",
        "los",
        "o",
        "of",
        "on",
        "or",
    }
    | {"para", "por", "the", "to", "un", "una", "with", "y"}
)
_TOKEN = re.compile(r"[0-9]+[.,][0-9]+|[^\W_]+")
_MEASURE = re.compile(r"([0-9][0-9.]*)([^\W\d_]+)")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _tokens(text: str) -> list[str]:
    return [token.replace(",", ".") for token in _TOKEN.findall(fold(text))]


def _stem(word: str) -> str:
    """The word without the ending of a Spanish or English plural; only ever compared with other stems."""
    if len(word) < 4 or not word.isalpha():
        return word
    for ending, other in (("ces", "z"), ("ies", "y"), ("es", ""), ("s", "")):
        if word.endswith(ending) and not (ending == "s" and word.endswith("ss")):
            word = word[: -len(ending)] + other
            break
    # "vase" and "vases", "aceite" and "aceites" end alike: a final e belongs to no stem.
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


def _words(texts: Iterable[str]) -> Iterator[str]:
    """Every form under which a text is found: its words, their stems, and numbers with their unit ("500ml")."""
    for each in texts:
        tokens = _tokens(each)
        for token, following in zip_longest(tokens, tokens[1:], fillvalue=""):
            yield token
            # A stem is kept apart from words by its mark, so that it matches other stems alone.
            if token.isalpha():
                yield f"{_stem(token)}~"
            elif following.isalpha() and len(following) <= 3 and token.replace(".", "").isdigit():
                yield token + following
            if found := _MEASURE.fullmatch(token):
                yield from found.groups()


def _distinct(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


async def refresh_search(session: AsyncSession, product_ids: Sequence[UUID] | None = None) -> int:
    """
    Makes the search rows of these products anew, or of all products; the number of products.

    Run it after a product, its translations, attributes or categories changed. How often a word stands in all
    rows is counted by a full run only; words that nobody bears any more stay until then.
    """
    everything = product_ids is None
    if product_ids is None:
        product_ids = list(await session.scalars(select(Product.id).order_by(Product.id)))
        await session.execute(delete(ProductSearch))
        await session.execute(delete(SearchWord))
    categories = await _category_texts(session)
    for start in range(0, len(product_ids), _BATCH):
        batch = product_ids[start : start + _BATCH]
        if not everything:
            await session.execute(delete(ProductSearch).where(ProductSearch.product_id.in_(batch)))
        rows = await _rows(session, batch, categories)
        if rows:
            await session.execute(insert(ProductSearch), rows)
    await session.execute(
        _COUNT_WORDS if everything else _ADD_WORDS, {} if everything else {"ids": list(product_ids)}
    )
    return len(product_ids)


_COUNT_WORDS = text(
    "insert into search_word (word, row_count)"
    " select word, count(*) from product_search, unnest(words) as word group by word order by word"
)
_ADD_WORDS = text(
    "insert into search_word (word, row_count)"
    " select word, count(*) from product_search, unnest(words) as word"
    " where product_id = any (cast(:ids as uuid[])) group by word order by word"
    " on conflict (word) do nothing"
)


async def _category_texts(session: AsyncSession) -> dict[tuple[UUID, str], list[str]]:
    """The names of each category and those above it, by category and language."""
    found = list(
        await session.execute(select(ProductCategory.id, ProductCategory.parent_id, ProductCategory.name))
    )
    translated = {
        (each.category_id, each.locale): each.name
        for each in await session.execute(
            select(
                ProductCategoryTranslation.category_id,
                ProductCategoryTranslation.locale,
                ProductCategoryTranslation.name,
            )
        )
    }
    names = {each.id: each.name for each in found}
    parents = {each.id: each.parent_id for each in found}
    texts: dict[tuple[UUID, str], list[str]] = {}
    for start in parents:
        for locale in SEARCH_LOCALES:
            chain: list[str] = []
            current: UUID | None = start
            while current is not None and len(chain) < 20:
                chain.append(translated.get((current, locale), names[current]))
                current = parents[current]
            texts[start, locale] = chain
    return texts


async def _rows(
    session: AsyncSession, batch: Sequence[UUID], categories: dict[tuple[UUID, str], list[str]]
) -> list[dict[str, Any]]:
    names = {
        (each.product_id, each.locale): each.name
        for each in await session.execute(
            select(ProductTranslation.product_id, ProductTranslation.locale, ProductTranslation.name).where(
                ProductTranslation.product_id.in_(batch)
            )
        )
    }
    attributes: dict[tuple[UUID, str], list[str]] = {}
    for each in await session.execute(
        select(
            ProductAttribute.product_id,
            ProductAttribute.locale,
            ProductAttribute.name,
            ProductAttribute.value,
        )
        .where(ProductAttribute.product_id.in_(batch))
        .order_by(ProductAttribute.product_id, ProductAttribute.locale, ProductAttribute.position)
    ):
        attributes.setdefault((each.product_id, each.locale), []).append(each.value)
    products = await session.execute(
        select(
            Product.id, Product.sku, Product.name, Product.brand, Product.barcode, Product.category_id
        ).where(Product.id.in_(batch))
    )
    rows = []
    for product in products:
        key = item_key(product.sku)
        codes = " ".join(filter(None, (key, product.barcode)))
        for locale in SEARCH_LOCALES:
            name = names.get((product.id, locale), product.name)
            named = _distinct(_words([name]))
            about = [product.brand, product.sku, *categories[product.category_id, locale]]
            words = [
                *_words([*about, *attributes.get((product.id, locale), ())]),
                fold(key),
                product.barcode or key,
            ]
            rows.append(
                {
                    "product_id": product.id,
                    "locale": locale,
                    "name": f" {' '.join(named)} ",
                    "codes": codes,
                    "words": _distinct([*named, *words]),
                }
            )
    return rows


def _slips(word: str) -> set[str]:
    """Words one typing error away: two letters swapped or one too many; in short words also one missing or wrong."""
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    found = {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    found |= {head + tail[1:] for head, tail in cuts if tail}
    if len(word) <= 6:
        found |= {head + letter + tail for head, tail in cuts for letter in _LETTERS}
        found |= {head + letter + tail[1:] for head, tail in cuts if tail for letter in _LETTERS}
    return found - {word}


def _parameters(searched: str) -> dict[str, Any]:
    searched = searched[:CHARACTERS_MAX]
    terms = _distinct(_tokens(searched))
    terms = ([term for term in terms if term not in _STOP_WORDS] or terms)[:TERMS_MAX]
    numbers: list[int] = []
    forms: list[str] = []
    scores: list[float] = []
    for number, term in enumerate(terms):
        found = {term: 1.0}
        if term.isalpha() and len(term) > 2:
            found[f"{_stem(term)}~"] = 0.97
            if len(term) > 3:
                found |= dict.fromkeys(_slips(term), 0.8) | found
        numbers += [number] * len(found)
        forms += found
        scores += found.values()
    key = item_key(searched)
    return {
        "search_numbers": numbers,
        "search_forms": forms,
        "search_scores": scores,
        "search_terms": terms,
        "search_prefixes": [escape_like(term) + "%" for term in terms],
        "search_key": key,
        "search_keys": _distinct(filter(None, [key, *(item_key(term) for term in terms if len(term) > 2)])),
        "search_key_prefix": escape_like(key) + "%" if key else "",
        # Few characters, or letters alone, are more likely words than the beginning of a code.
        "search_trust": 1.0 if len(key) > 3 and re.search("[0-9]", key) else 0.2,
        # Trigrams need three characters; shorter texts are looked up as beginnings only.
        "search_key_part": f"%{escape_like(key)}%" if len(key) > 2 else "",
    }


# Scores: a text's best is 1; codes stand above texts, the customer's own above ours, whole codes above parts.
# Terms weigh by how rare their best words are. Results far behind the best are noise and left out.
_HITS = """
with form as (
  select * from unnest(cast(:search_numbers as int[]), cast(:search_forms as text[]), cast(:search_scores as float8[]))
    as form (number, word, score)
), term as (
  select * from unnest(cast(:search_terms as text[]), cast(:search_prefixes as text[]))
    with ordinality as term (word, prefix, number)
), alike as (
  select form.number, found.word, form.score, found.row_count
  from form join search_word as found on found.word = form.word
  union all
  select term.number - 1, found.word, 0.6 + 0.35 * length(term.word) / length(found.word), found.row_count
  from term join search_word as found on found.word like term.prefix and found.word not like '%~'
  union all
  select term.number - 1, found.word, 0.85 * similarity(found.word, term.word), found.row_count
  from term join search_word as found on found.word % term.word
  where length(term.word) > 3 and term.word !~ '[0-9]' and found.word !~ '[0-9~]'
), ranked as (
  select number, word, max(score) as score, max(row_count) as row_count,
    row_number() over (partition by number order by max(score) desc, max(row_count), word) as place
  from alike group by number, word
), chosen as (
  select number, word, score, 1 / ln(2.7 + max(row_count) over (partition by number)) as weight
  from (
    select *, max(score) over (partition by number) as best from ranked
  ) as measured
  where place <= 24 and score >= 0.6 * best
), rows_hit as (
  select found.product_id, chosen.number, chosen.weight,
    max(chosen.score * case when strpos(found.name, ' ' || chosen.word || ' ') > 0 then 1 else 0.7 end
      * case when found.locale = :search_locale then 1 else 0.98 end) as score,
    min(length(found.name)) as name_length
  from chosen cross join lateral (
    select * from product_search where words @> array[chosen.word] offset 0
  ) as found
  group by found.product_id, chosen.number, chosen.weight
), texts as (
  select product_id,
    sum(weight * score) / (select sum(weight) from (select distinct number, weight from chosen) as weighed)
      * count(*) / cardinality(cast(:search_terms as text[]))
      - least(min(name_length), 200) * 0.0003 as score
  from rows_hit group by product_id
), codes as (
  select product_id, 10.0 as score from customer_item_number
  where customer_id = cast(:search_customer as uuid) and item_key = cast(:search_key as text)
  union all
  select product_id, 5.0 from customer_item_number
  where customer_id = cast(:search_customer as uuid) and item_key = any (cast(:search_keys as text[]))
  union all
  select product_id, 4.0 from customer_item_number
  where customer_id = cast(:search_customer as uuid) and item_key like cast(:search_key_prefix as text)
  union all
  select id, 9.0 from product
  where seller_id = cast(:search_seller as uuid) and sku_key = cast(:search_key as text)
  union all
  select id, 9.0 from product where barcode = cast(:search_key as text)
  union all
  select product_id, (case when codes like cast(:search_key_prefix as text) then 3.0 else 2.0 end) * :search_trust
    - length(codes) * 0.001
  from product_search
  where cast(:search_key_part as text) <> '' and codes like cast(:search_key_part as text) and locale = :search_locale
  union all
  select id, 3.0 * :search_trust - length(sku_key) * 0.001 from product
  where seller_id = cast(:search_seller as uuid) and sku_key like cast(:search_key_prefix as text)
), hits as (
  select product_id, score from texts where score >= 0.5 * (select max(score) from texts)
  union all
  select product_id, score from codes
)
select hits.product_id, round(cast(max(hits.score) as numeric), 6) as score
from hits join product on product.id = hits.product_id
where product.seller_id = cast(:search_seller as uuid)
group by hits.product_id
order by score desc, hits.product_id
limit :search_limit
"""


def search_hits(
    viewer_customer_id: UUID | None, seller_id: UUID, searched: str, locale: str, limit: int = 500
) -> Select[tuple[UUID, Any]]:
    """
    (product_id, score) of what a text finds, best first, in one statement.

    Args:
        viewer_customer_id: whose own item numbers count; None for staff.
        searched: as typed; what is beyond CHARACTERS_MAX characters is left out, and no character is a wildcard.
        locale: breaks ties only; words of all languages find.
    """
    values = _parameters(searched) | {
        "search_customer": viewer_customer_id,
        "search_seller": seller_id,
        "search_locale": locale if locale in SEARCH_LOCALES else SEARCH_LOCALES[0],
        "search_limit": limit,
    }
    types: dict[str, Any] = {
        "search_customer": UuidType(),
        "search_seller": UuidType(),
        "search_numbers": ARRAY(Integer),
        "search_scores": ARRAY(Float),
        "search_forms": ARRAY(Text),
        "search_terms": ARRAY(Text),
        "search_prefixes": ARRAY(Text),
        "search_keys": ARRAY(Text),
    }
    bound = [bindparam(name, value, type_=types.get(name)) for name, value in values.items()]
    found = text(_HITS).bindparams(*bound).columns(column("product_id", UuidType), column("score", Numeric))
    hits = found.subquery("search_hits")
    return select(hits.c.product_id, hits.c.score).order_by(hits.c.score.desc(), hits.c.product_id)
