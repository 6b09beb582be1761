"""GraphiQL from our own server: it opens, documents what its viewer may use, and runs the examples."""

import pytest
from playwright.async_api import expect

from schema import explorer
from tests.e2e.conftest import Surf
from tests.e2e.surfer import BUYER, INTEGRATOR, MARKS, REP, Surfer

pytestmark = [
    *MARKS,
    pytest.mark.skipif(
        not (explorer.FILES.parents[1] / "storefront" / "static" / "vendor" / "stamp").exists(),
        reason="GraphiQL's files were never fetched",
    ),
]
# What the viewer's documentation names among the mutations, and what it must not.
FIELDS = {
    BUYER: ({"addToCart", "placeOrder", "cancelOrder"}, {"confirmOrder", "refuseOrder", "releaseOrder"}),
    REP: ({"confirmOrder", "refuseOrder"}, {"addToCart", "placeOrder", "createWishlist"}),
    INTEGRATOR: (set(), {"addToCart", "createWishlist"}),
}


async def documented(surfer: Surfer, kind: str) -> set[str]:
    """The names of a root type's fields, as the documentation shows them; none where there is no such type."""
    docs = surfer.find(".graphiql-doc-explorer")
    if not await docs.is_visible():
        await surfer.find("button[aria-label='Show Documentation Explorer']").click()
    await expect(docs).to_contain_text("query")
    root = docs.locator(f"a:text-is('{kind}')").first
    if not await root.count():
        return set()
    await root.click()
    await expect(docs.locator(".graphiql-doc-explorer-field-name").first).to_be_visible()
    names = {
        each.strip() for each in await docs.locator(".graphiql-doc-explorer-field-name").all_inner_texts()
    }
    await docs.locator("a.graphiql-doc-explorer-back").click()
    return names


@pytest.mark.parametrize("email", FIELDS)
async def test_it_documents_and_runs_what_its_viewer_may_use(surf: Surf, email: str) -> None:
    person = await surf(email)
    await person.open("/graphiql")
    await expect(person.find(".graphiql-container")).to_be_visible()
    assert await person.find("[role=tab], .graphiql-tab").count() > 3

    wanted, foreign = FIELDS[email]
    assert "products" in await documented(person, "Query")
    mutations = await documented(person, "Mutation")
    assert wanted <= mutations
    assert not foreign & mutations

    await person.find(".graphiql-execute-button").click()
    result = person.find(".result-window")
    await expect(result).to_contain_text(email)
    assert '"errors"' not in await result.inner_text()


async def test_it_opens_where_no_example_is_allowed(surf: Surf, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of tabs that is empty is no list of tabs: GraphiQL would stop at its first one."""
    monkeypatch.setattr(explorer, "examples_for", lambda *given: [])
    person = await surf(BUYER)

    await person.open("/graphiql")

    await expect(person.find(".graphiql-execute-button")).to_be_visible()
