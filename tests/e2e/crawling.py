"""Walks through every kind of page that somebody can reach by links."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlsplit

from tests.e2e.surfer import Surfer

# GraphiQL and the SDL are no pages of the storefront; they have tests of their own.
ELSEWHERE = ("/graphiql", "/schema.graphql")
LINKS = "links => links.map((link) => link.href)"
# What a page shows and what it tells readers of screens.
TEXTS = """() => {
  const spoken = ["aria-label", "placeholder", "title", "alt", "data-label", "data-suggest-label"];
  const kept = document.body.cloneNode(true);
  for (const each of kept.querySelectorAll("[lang], script, style, pre, code, [translate=no]")) each.remove();
  const told = [document.title.split(" · ")[0], kept.textContent];
  for (const each of kept.querySelectorAll("*")) {
    for (const name of spoken) if (each.hasAttribute(name)) told.push(each.getAttribute(name));
  }
  return told.join("\\n");
}"""


FILES = (".ics", ".pdf", ".csv", ".xlsx", ".xml")


def kind_of(path: str) -> str:
    """Pages that differ by what they show only are of one kind; each tab of a list is one of its own."""
    parts = urlsplit(path)
    # A number, an id, a SKU: whatever names one thing of many has a digit in it.
    place = re.sub(r"(?<=/)[^/]*\d[^/]*", "*", parts.path)
    asked = [
        f"{name}={value}" if name in ("state", "status", "view", "mine") else name
        for name, value in parse_qsl(parts.query)
    ]
    return "&".join([place, *sorted(asked)])


async def crawl(surfer: Surfer, start: str, per_kind: int) -> AsyncIterator[str]:
    """Opens up to so many pages of each kind; the surfer stands on the one that is told."""
    waiting, seen, kinds = [start], {start}, Counter([kind_of(start)])
    while waiting:
        path = waiting.pop(0)
        await surfer.open(path)
        yield path
        links: list[str] = await surfer.page.eval_on_selector_all("a[href]", LINKS)
        for link in links:
            if link.startswith(("mailto:", "tel:")):
                continue
            assert link.startswith(surfer.site.base + "/"), f"{path} leads away: {link}"
            address = link.removeprefix(surfer.site.base).partition("#")[0]
            kind = kind_of(address)
            if address.count("=") > 1:  # each filter and tab by itself, not all of them with each other
                continue
            place = urlsplit(address).path
            if address in seen or kinds[kind] >= per_kind or place in ELSEWHERE or place.endswith(FILES):
                continue
            seen.add(address)
            kinds[kind] += 1
            waiting.append(address)
