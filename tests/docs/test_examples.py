"""Every example of the documents is run, and answers what the page says; what is not run is counted (blocks.py)."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from httpx import Client

from app.demo import DEMO_PASSWORD
from app.settings import ROOT
from tests.conftest import Cluster
from tests.docs.blocks import PAGES, PEOPLE, BadBlock, Block, blocks_of, difference, filled
from tests.e2e.surfer import serving

# Starting and installing, code of the house that is explained, and what a page says of other programs.
SHOWN = {"README.md": 2, "docs/ADDING_A_SUBJECT.md": 3, "docs/INVOICING.md": 1, "docs/RUNBOOK.md": 2}
ELSEWHERE = {
    "docs/AUTH.md": "tests/auth/test_oauth_examples.py",
    "docs/IMPORTS.md": "tests/schema/test_imports_documented.py",
    "docs/RUNBOOK.md": "tests/app/test_backup.py",
}
WRITTEN = "http://localhost:8000"


class Reader:
    """Somebody who does what a page says, from its beginning to its end, on a demo company of their own."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.kept: dict[str, Any] = {}
        self.tokens: dict[str, str] = {}

    def token(self, who: str) -> str:
        if who not in self.tokens:
            told = {"email": PEOPLE[who], "password": DEMO_PASSWORD}
            with Client(base_url=self.base) as client:
                self.tokens[who] = client.post("/auth/token", json=told).json()["access_token"]
        return self.tokens[who]

    def ask(self, block: Block, variables: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token(block.word)}", "Accept-Language": "en"}
        body = {"query": block.text, "variables": filled(variables, self.kept)}
        with Client(base_url=self.base, headers=headers, timeout=30) as client:
            answer = client.post("/graphql", json=body).json()
        answer.pop("extensions", None)
        return answer

    def run(self, block: Block) -> str:
        """What the commands or the program say."""
        bare = WRITTEN.removeprefix("http://")
        text = block.text.replace(bare, self.base.removeprefix("http://"))
        words = (
            ["bash", "-euo", "pipefail", "-c", text]
            if block.language == "sh"
            else [sys.executable, "-c", text]
        )
        told = {**os.environ, "no_proxy": "127.0.0.1"}
        done = subprocess.run(words, capture_output=True, text=True, env=told, timeout=60, check=False)
        assert done.returncode == 0, f"{block.place}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def prove(reader: Reader, blocks: Sequence[Block]) -> int:
    """Runs the blocks of a page in their order; how many ran."""
    ran = 0
    for at, block in enumerate(blocks):
        if block.language == "json" or block.word in ("shown", "elsewhere"):
            continue
        ran += 1
        beneath = {
            each.word: each for each in takewhile(lambda each: each.language == "json", blocks[at + 1 :])
        }
        if block.language == "graphql":
            given = json.loads(beneath["variables"].text) if "variables" in beneath else {}
            found = reader.ask(block, given)
        else:
            said = reader.run(block)
            found = json.loads(said) if "answer" in beneath else {}
        if "answer" not in beneath:
            assert "errors" not in found, f"{block.place}: {found['errors']}"
            continue
        wrong = difference(json.loads(beneath["answer"].text), found, reader.kept)
        assert wrong is None, f"{block.place}: {wrong}\n{json.dumps(found, indent=2, ensure_ascii=False)}"
    return ran


BLOCKS = {each.relative_to(ROOT).as_posix(): list(blocks_of(each)) for each in PAGES}
RUNNING = [
    page for page, blocks in BLOCKS.items() if any(each.word not in ("shown", "elsewhere") for each in blocks)
]


@pytest.mark.parametrize("page", RUNNING)
def test_the_examples_of_a_page(page: str, cluster: Cluster, demo_template: str, tmp_path: Path) -> None:
    name = cluster.clone(demo_template)
    with serving(cluster, name, tmp_path) as site:
        ran = prove(Reader(site.base), BLOCKS[page])
    cluster.drop(name)

    assert ran == sum(
        each.language != "json" and each.word not in ("shown", "elsewhere") for each in BLOCKS[page]
    )


def test_what_is_not_run_is_known() -> None:
    shown = Counter(each.page for blocks in BLOCKS.values() for each in blocks if each.word == "shown")
    elsewhere = {each.page for blocks in BLOCKS.values() for each in blocks if each.word == "elsewhere"}

    assert shown == SHOWN
    assert elsewhere == set(ELSEWHERE)
    for page, module in ELSEWHERE.items():
        assert Path(page).name in (ROOT / module).read_text(encoding="utf-8")


def test_json_stands_under_what_it_belongs_to() -> None:
    for blocks in BLOCKS.values():
        for before, block in zip([None, *blocks], blocks, strict=False):
            if block.language == "json" and block.word not in ("shown", "elsewhere"):
                assert before is not None, block.place
                assert before.word not in ("shown", "elsewhere", "answer"), block.place


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\]\(([A-Z_]+\.md)\)", index))

    assert named == {each.name for each in PAGES if each.parent.name == "docs"} - {"README.md"}


# The proof itself


@pytest.mark.parametrize(
    ("case", "page"),
    [
        ("not marked", "```graphql\n{ viewer { locale } }\n```\n"),
        ("marked with a word nobody knows", "```sh runs\ntrue\n```\n"),
        ("without a language", "```\ntrue\n```\n"),
        ("not closed", "```sh run\ntrue\n"),
    ],
)
def test_a_block_that_nobody_would_run_is_found(case: str, page: str, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(page, encoding="utf-8")

    with pytest.raises(BadBlock, match=r"page\.md:1"):
        list(blocks_of(tmp_path / "page.md", "page.md"))


@pytest.mark.parametrize(
    ("case", "expected", "found", "wrong"),
    [
        ("the same", {"a": [1, "x"]}, {"a": [1, "x"]}, None),
        ("another value", {"a": 1}, {"a": 2}, ".a: 1 was expected, 2 came"),
        ("a text for a number", {"a": "1"}, {"a": 1}, ".a: '1' was expected, 1 came"),
        ("a field too many", {}, {"a": 2}, ": [] was expected, ['a'] came"),
        ("a field too few", {"a": 2}, {}, ": ['a'] was expected, [] came"),
        ("a row too many", [1], [1, 2], ": 1 values were expected, 2 came"),
        ("a value that varies", {"a": "…"}, {"a": [2]}, None),
        ("a name for one value", ["…x", "…x"], [1, 1], None),
        ("a name for two values", ["…x", "…x"], [1, 2], "[1]: 2 is not …x, which was 1"),
    ],
)
def test_answers_are_compared(case: str, expected: Any, found: Any, wrong: str | None) -> None:
    assert difference(expected, found, {}) == wrong


def test_what_was_found_goes_into_later_variables() -> None:
    kept: dict[str, Any] = {}
    difference({"cart": {"id": "…cart"}}, {"cart": {"id": "Q2"}}, kept)

    assert filled({"input": [{"cartId": "…cart", "note": "as it is"}]}, kept) == {
        "input": [{"cartId": "Q2", "note": "as it is"}]
    }
