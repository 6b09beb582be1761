"""Forms from elsewhere, and roads that lead elsewhere."""

import pytest
from httpx import AsyncClient
from starlette.requests import Request

from auth.csrf import comes_from_here
from auth.routes import safe_next
from tests.auth.conftest import SHOP, Door, form_token, get_token, sign_in, whoami
from tests.factories import PASSWORD, make_customer, make_seller, make_user


async def _email(door: Door) -> str:
    async with door.database.job() as session:
        seller = await make_seller(session)
        return (await make_user(session, seller, await make_customer(session, seller))).email


FORGED = [
    ("without the token", {}, {}),
    ("with a wrong token", {"csrf_token": "A" * 43}, {}),
    ("with somebody else's token", {"csrf_token": "theirs"}, {}),
    ("from a foreign origin", {"csrf_token": "right"}, {"Origin": "https://evil.example"}),
    ("from an origin that may call the API", {"csrf_token": "right"}, {"Origin": SHOP}),
    ("from a page without an origin", {"csrf_token": "right"}, {"Origin": "null"}),
    ("from a foreign page that hides it", {"csrf_token": "right"}, {"Sec-Fetch-Site": "cross-site"}),
    ("from a sister domain", {"csrf_token": "right"}, {"Sec-Fetch-Site": "same-site"}),
    ("as plain text", {"csrf_token": "right"}, {"Content-Type": "text/plain"}),
]


async def _forge(
    browser: AsyncClient, stranger: AsyncClient, path: str, fields: dict[str, str], **more: str
) -> dict[str, str]:
    tokens = {"right": await form_token(browser), "theirs": await form_token(stranger)}
    named = fields.get("csrf_token", "")
    return {**more, **({"csrf_token": tokens.get(named, named)} if named else {})}


@pytest.mark.parametrize(("case", "fields", "headers"), FORGED)
async def test_forged_forms_change_nothing(
    any_door: Door, case: str, fields: dict[str, str], headers: dict[str, str]
) -> None:
    email = await _email(any_door)
    browser, stranger = await any_door.browser(), await any_door.browser()
    await sign_in(browser, email)
    for path, more in (("/logout", {}), ("/locale", {"locale": "en"}), ("/select-company", {"customer": ""})):
        data = await _forge(browser, stranger, path, fields, **more)

        answer = await browser.post(path, data=data, headers=headers)

        assert answer.status_code == 403, path
        assert "ventas=" not in "".join(answer.headers.get_list("set-cookie"))
    said = await whoami(browser)
    assert said["viewer"] is not None
    assert said["locale"] == "es"


@pytest.mark.parametrize(("case", "fields", "headers"), FORGED)
async def test_forged_sign_in_signs_nobody_in(
    any_door: Door, case: str, fields: dict[str, str], headers: dict[str, str]
) -> None:
    email = await _email(any_door)
    browser, stranger = await any_door.browser(), await any_door.browser()
    data = await _forge(browser, stranger, "/login", fields, email=email, password=PASSWORD)

    answer = await browser.post("/login", data=data, headers=headers)

    assert (answer.status_code, answer.headers.get("location")) in [
        (303, "/login?error=expired"),
        (403, None),
    ]
    assert await any_door.sessions() == 0
    assert (await whoami(browser))["viewer"] is None


async def test_forms_of_our_own_pages_pass(door: Door) -> None:
    email = await _email(door)
    for headers in (
        {"Origin": door.base_url, "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {},
    ):
        browser = await door.browser()
        data = {"email": email, "password": PASSWORD, "csrf_token": await form_token(browser)}
        assert (await browser.post("/login", data=data, headers=headers)).headers["location"] == "/"
        data = {"csrf_token": await form_token(browser)}
        assert (await browser.post("/logout", data=data, headers=headers)).status_code == 303


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, True),
        ({"origin": "https://ventas.example.com"}, True),
        ({"origin": "http://localhost:8000"}, True),
        ({"origin": "http://localhost:8001"}, False),
        ({"origin": "https://localhost:8000"}, False),
        ({"origin": "https://ventas.example.com.evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({"origin": "https://evil.example", "sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
    ],
)
def test_where_a_form_comes_from(headers: dict[str, str], expected: bool) -> None:
    raw = [(name.encode(), value.encode()) for name, value in {"host": "localhost:8000", **headers}.items()]
    scope = {
        "type": "http", "scheme": "http", "method": "POST", "path": "/login", "headers": raw, "query_string": b"",
        "server": ("localhost", 8000),
    }  # fmt: skip
    assert comes_from_here(Request(scope), "https://ventas.example.com") is expected


ELSEWHERE = [
    "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
    "/\n/evil.example", " //evil.example", "javascript:alert(1)", "https:evil.example", "evil.example",
    "///evil.example", "/\x00/evil.example", "http:///evil.example", "/ok\r\nSet-Cookie: a=b", "", "?next=x",
    "/" + "a" * 2000, "/login", "/login?next=/", "/logout", "/ｅvil", "/x\\..\\..//evil.example",
]  # fmt: skip


@pytest.mark.parametrize("text", ELSEWHERE)
async def test_no_road_leads_elsewhere(door: Door, text: str) -> None:
    assert safe_next(text) == "/"
    assert (await sign_in(await door.browser(), await _email(door), next=text)).headers["location"] == "/"


@pytest.mark.parametrize(
    "text", ["/", "/orders", "/orders?page=2&q=a%20b#top", "/products/A-1", "/%2f%2fevil.example"]
)
def test_paths_on_this_site_are_kept(text: str) -> None:
    assert safe_next(text) == text


async def test_failed_sign_in_keeps_the_road_but_not_the_address(door: Door) -> None:
    email = await _email(door)

    answer = await sign_in(await door.browser(), email, "wrong password", next="/orders?page=2")

    assert answer.headers["location"] == "/login?error=credentials&next=%2Forders%3Fpage%3D2"


async def test_visitor_token_is_made_when_a_page_asks_and_stays(door: Door) -> None:
    browser = await door.browser()
    assert not (await browser.get("/whoami")).headers.get_list("set-cookie")

    first = await browser.get("/page")

    cookie = first.headers["set-cookie"].lower()
    assert {"httponly", "path=/", "samesite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert await form_token(browser) == first.json()["csrf_token"]


# The token endpoint from a front end of another origin


async def test_allowed_front_end_signs_in_and_calls(door: Door) -> None:
    email = await _email(door)
    browser = await door.browser()
    asking = {
        "Origin": SHOP,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }

    preflight = await browser.options("/auth/token", headers=asking)
    granted = await browser.post(
        "/auth/token", json={"email": email, "password": PASSWORD}, headers={"Origin": SHOP}
    )

    assert preflight.headers["access-control-allow-origin"] == SHOP
    assert granted.status_code == 200
    assert granted.headers["access-control-allow-origin"] == SHOP
    assert "access-control-allow-credentials" not in granted.headers
    assert not granted.headers.get_list("set-cookie")
    headers = {"Origin": SHOP, "Authorization": f"Bearer {granted.json()['access_token']}"}
    answer = await browser.post("/graphql", headers=headers)
    assert answer.json()["viewer"] is not None
    assert (await browser.delete("/auth/token", headers=headers)).status_code == 204


async def test_allowed_front_end_has_nothing_of_a_cookie(door: Door) -> None:
    browser = await door.browser()
    await sign_in(browser, await _email(door))

    assert (await browser.post("/graphql", headers={"Origin": SHOP})).json()["viewer"] is None


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", SHOP + ".evil.example", SHOP + ":444", "http://shop.example.com"],
)
async def test_any_other_origin_is_refused(door: Door, origin: str) -> None:
    email = await _email(door)
    browser = await door.browser()

    answer = await browser.post(
        "/auth/token", json={"email": email, "password": PASSWORD}, headers={"Origin": origin}
    )

    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    assert await door.sessions() == 0


@pytest.mark.parametrize(
    ("case", "body", "kind"),
    [
        ("nothing", b"", "application/json"),
        ("no JSON", b"{", "application/json"),
        ("a list", b"[]", "application/json"),
        ("no password", b'{"email": "a@b"}', "application/json"),
        ("numbers", b'{"email": 1, "password": 2}', "application/json"),
        ("deep", b"[" * 8000, "application/json"),
        ("NaN", b'{"email": NaN, "password": ""}', "application/json"),
        ("half a character", b'{"email": "\\ud800", "password": "x"}', "application/json"),
        ("too large", b'{"email": "' + b"a" * 20_000 + b'", "password": "x"}', "application/json"),
        ("plain text", b'{"email": "a@b", "password": "x"}', "text/plain"),
        (
            "a customer that is no text",
            b'{"email": "a@b", "password": "x", "customer": 1}',
            "application/json",
        ),
    ],
)
async def test_malformed_token_requests_are_named(door: Door, case: str, body: bytes, kind: str) -> None:
    answer = await (await door.browser()).post("/auth/token", content=body, headers={"Content-Type": kind})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "INVALID"


async def test_token_endpoint_takes_a_form_too(door: Door) -> None:
    email = await _email(door)
    browser = await door.browser()

    answer = await browser.post("/auth/token", data={"email": email, "password": PASSWORD})

    assert answer.status_code == 200
    assert (await get_token(browser, email, "wrong password")).status_code == 401
