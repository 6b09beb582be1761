"""A story that several people walk through the pages, each act by whoever does it."""

import os
import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from babel.numbers import format_currency
from playwright.async_api import expect

from tests.e2e.conftest import Surf
from tests.e2e.surfer import Surfer
from tests.e2e.test_every_page import SIZES, faults_of


@dataclass
class Walk:
    """Who walks, in which language and on which screen, and what was on it."""

    surf: Surf
    locale: str
    size: str
    scheme: str
    people: dict[str, Surfer] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    seen: int = 0

    async def someone(self, email: str) -> Surfer:
        if email not in self.people:
            person = await self.surf(email, viewport=SIZES[self.size], color_scheme=self.scheme)
            if self.locale != "es":
                await person.speak(self.locale)
            self.people[email] = person
        return self.people[email]

    async def open(self, email: str, path: str) -> Surfer:
        """The page, which everybody can use, whatever they see and however wide their screen is."""
        person = await self.someone(email)
        await person.open(path)
        await self.look(person)
        return person

    async def look(self, person: Surfer) -> None:
        self.seen += 1
        self.faults += [f"{person.path}: {each}" for each in await faults_of(person)]
        folder = os.environ.get("VENTAS_SHOTS")
        if folder:
            name = person.path.strip("/").replace("/", "-")[:40]
            shot = f"{self.locale}-{self.size}-{self.scheme}-{self.seen:02}-{name}.png"
            await person.page.screenshot(path=Path(folder) / shot, full_page=True)

    async def submit(self, person: Surfer, form: str, **fields: str) -> None:
        """Fills a form in and sends it; it must go through."""
        for name, text in fields.items():
            await person.find(f"{form} [name='{name}']").first.fill(text)
        await person.find(f"{form} button[type=submit]").first.click()
        await expect(person.find("#notices .notice-success").first).to_be_visible()
        await self.look(person)

    def money(self, amount: Decimal) -> str:
        return format_currency(amount, "EUR", locale={"es": "es_ES", "en": "en_GB"}[self.locale])

    def typed(self, amount: Decimal) -> str:
        return str(amount).replace(".", "," if self.locale == "es" else ".")

    async def figure(self, person: Surfer, selector: str) -> Decimal:
        """An amount as it is shown, read by the rules of the language."""
        shown = await person.find(selector).first.inner_text()
        digits = re.sub(r"[^0-9.,-]", "", shown.replace("\N{MINUS SIGN}", "-"))
        group, point = (".", ",") if self.locale == "es" else (",", ".")
        return Decimal(digits.replace(group, "").replace(point, "."))
