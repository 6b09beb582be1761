"""A visitor without JavaScript: opens pages, reads them, fills in forms."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from httpx import AsyncClient, Response

PASSWORD = "alborada-demo"
BUYER = "compras@laparra.example"
COMPANY_ADMIN = "admin@laparra.example"
REP = "diego.arnal@alborada.example"
MANAGER = "javier.lahoz@alborada.example"
LOGISTICS = "ramon.used@alborada.example"
FINANCE = "isabel.tobajas@alborada.example"
INTEGRATOR = "integracion@alborada.example"
ADMINISTRATOR = "elena.gascon@alborada.example"
_SPOKEN = ("aria-label", "placeholder", "title", "alt", "data-label", "data-suggest-label")
_SILENT = ("script", "style", "pre", "title")
_VOID = {"meta", "link", "input", "img", "br", "hr"}


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[dict[str, str]] = field(default_factory=list)


class Reader(HTMLParser):
    """What a page says, and the forms and links it offers."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._open: list[tuple[str, bool]] = []
        self._select: tuple[str, list[tuple[str, bool]]] | None = None
        self._area: str | None = None
        self._by_id: dict[str, Form] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.tags.append((tag, given))
        silent = tag in _SILENT or ("lang" in given and tag != "html") or given.get("translate") == "no"
        silent = silent or (bool(self._open) and self._open[-1][1])
        if tag not in _VOID:
            self._open.append((tag, silent))
        if not silent:
            self.texts += [given[name] for name in _SPOKEN if name in given]
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get")))
            if "id" in given:
                self._by_id[given["id"]] = self.forms[-1]
        self._handle_field(tag, given)

    def _handle_field(self, tag: str, given: dict[str, str]) -> None:
        inside = any(each == "form" for each, _ in self._open)
        form = self._by_id.get(given.get("form", "")) or (self.forms[-1] if self.forms and inside else None)
        if form is None:
            return
        if tag == "button" and given.get("type", "submit") == "submit":
            form.buttons.append(given)
        if tag == "input" and given.get("name"):
            kind = given.get("type", "text")
            if kind not in ("checkbox", "radio") or "checked" in given:
                form.fields[given["name"]] = given.get("value", "")
        if tag == "textarea":
            self._area = given["name"]
            form.fields[given["name"]] = ""
        if tag == "select":
            self._select = (given["name"], [])
        if tag == "option" and self._select is not None:
            self._select[1].append((given.get("value", ""), "selected" in given))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass
        if tag == "select" and self._select is not None:
            name, options = self._select
            chosen = [value for value, selected in options if selected] or [options[0][0]]
            self.forms[-1].fields[name] = chosen[0]
            self._select = None
        if tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None and self.forms:
            self.forms[-1].fields[self._area] = data
        if not (self._open and self._open[-1][1]):
            self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.texts))


class Visitor:
    """Somebody in front of the portal, with cookies and without scripts."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client
        self.response: Response | None = None
        self.page = Reader("")

    async def open(self, path: str, status: int = 200) -> Reader:
        return self._read(await self.client.get(path, follow_redirects=True), status)

    async def check_absent(self, *paths: str) -> None:
        """For this visitor there are no such pages: each is answered 404 where it was asked for."""
        for path in paths:
            await self.open(path, 404)
            assert self.path == path

    def _read(self, response: Response, status: int) -> Reader:
        assert response.status_code == status, (
            response.status_code,
            str(response.url),
            Reader(response.text).text[:900],
        )
        self.response = response
        self.page = Reader(response.text)
        return self.page

    @property
    def path(self) -> str:
        assert self.response is not None
        return self.response.url.path

    @property
    def html(self) -> str:
        """The present page as it came."""
        assert self.response is not None
        return self.response.text

    def form(self, **fields: str) -> Form:
        """The form of the present page whose hidden fields, or whose button, have these values."""
        for form in self.page.forms:
            pressed = [{each["name"]: each.get("value", "")} for each in form.buttons if "name" in each]
            if any(fields.items() <= (form.fields | button).items() for button in [*pressed, {}]):
                return form
        raise AssertionError(f"There is no form with {fields} on {self.path}.")

    async def submit(self, form: Form, status: int = 200, **typed: Any) -> Reader:
        target = form.action or str(self.response.url if self.response else "/")
        answer = await self.client.post(target, data=form.fields | typed, follow_redirects=True)
        return self._read(answer, status)

    async def sign_in(self, email: str, password: str = PASSWORD) -> Reader:
        await self.open("/login")
        return await self.submit(self.form(next="/"), email=email, password=password)
