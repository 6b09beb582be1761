"""The door's pages: signing in, choosing a company, the theme. What they post goes to auth's own routes."""

from starlette.responses import Response

from storefront.forms import Problem, safe_path
from storefront.page import At, Page


async def show_login(page: Page) -> Response:
    session = page.session
    if session is not None:
        return page.go("/select-company" if session.must_choose_customer else "/")
    minutes = page.query("minutes")
    minutes = minutes if minutes.isdigit() and len(minutes) < 5 else "15"
    error = page.query("error")
    texts = {
        "credentials": page.gettext("The email address or the password is wrong."),
        "throttled": page.gettext("Too many attempts. Try again in %(minutes)s minutes.", minutes=minutes),
        "expired": page.gettext("This page had been open for too long. Please sign in again."),
    }
    problems = [Problem(texts[error], "email")] if error in texts else []
    done = {
        "invitation": page.gettext("You are in. Sign in to begin."),
        "password": page.gettext("The password is set. Sign in with it."),
    }.get(page.query("done"), "")
    status = 429 if error == "throttled" else 200
    return page.show(
        "login.html", status, problems=problems, done=done, forward=safe_path(page.query("next"))
    )


async def show_forgotten(page: Page) -> Response:
    return page.show("forgotten.html", is_sent=bool(page.query("sent")))


async def show_link(page: Page) -> Response:
    """Where the link of a mail leads: into a company, or to a new password."""
    link = page.request.state.link
    texts = {
        "differ": page.gettext("The two passwords are not the same."),
        "password": page.gettext("A password has 12 to 256 characters."),
        "throttled": page.gettext("Too many attempts. Try again in %(minutes)s minutes.", minutes="15"),
    }
    error = page.query("error")
    problems = [Problem(texts[error], "password")] if link is not None and error in texts else []
    return page.show("link.html", 200 if link is not None else 404, link=link, problems=problems)


async def show_companies(page: Page) -> Response:
    problems = []
    if page.query("error"):
        problems.append(Problem(page.gettext("You do not belong to this company.")))
    return page.show("select_company.html", problems=problems, forward=safe_path(page.query("next")))


async def choose_theme(page: Page) -> Response:
    return page.choose_theme()


PAGES = (
    At("/login", show_login),
    At("/forgotten", show_forgotten),
    At("/invitation/{token}", show_link),
    At("/password/{token}", show_link),
    At("/select-company", show_companies),
    At("/theme", acts={"": choose_theme}),
)
