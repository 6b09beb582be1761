"""
The pages' GraphQL documents: read from `queries/`, cut to one operation and to what the visitor may ask.

A line that ends in `# needs: permission` is left out for a visitor without it, so that one document serves every
role that opens the page. A field may span lines where its first one says `# needs: permission {` and its last `# }`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "queries"
_DEFINITION = re.compile(r"(query|mutation|fragment)\s+([A-Za-z]+)")
_SPREAD = re.compile(r"\.\.\.\s*([A-Z][A-Za-z]*)")
_NEEDS = re.compile(r"#\s*needs:\s*([a-z:-]+)\s*(\{)?\s*$")
_ROLES = re.compile(r"#\s*role:\s*(.+)$")


@dataclass(frozen=True, slots=True)
class Definition:
    """An operation or fragment as written; `roles` are those that use the operation, by the file's front matter."""

    kind: str
    name: str
    text: str
    roles: tuple[str, ...]
    file: str


@dataclass(frozen=True, slots=True)
class Documents:
    """All operations and fragments, by name; names are unique among all files."""

    definitions: dict[str, Definition] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path = FOLDER) -> "Documents":
        found = cls()
        for path in sorted(folder.glob("*.graphql")):
            for definition in _split(path):
                if definition.name in found.definitions:
                    raise ValueError(f"{path.name}: {definition.name} is defined twice.")
                found.definitions[definition.name] = definition
        return found

    @property
    def operations(self) -> list[Definition]:
        return [each for each in self.definitions.values() if each.kind != "fragment"]

    def document(self, operation: str, permissions: Iterable[str]) -> str:
        """The operation with the fragments it uses, without what needs a permission that is not held."""
        return _composed(self, operation, frozenset(permissions))

    def __hash__(self) -> int:
        return id(self)


@lru_cache(maxsize=2000)
def _composed(documents: Documents, operation: str, permissions: frozenset[str]) -> str:
    texts: dict[str, str] = {}
    wanted = [operation]
    while wanted:
        name = wanted.pop()
        if name not in texts:
            texts[name] = _permitted(documents.definitions[name].text, permissions)
            wanted += _SPREAD.findall(texts[name])
    return "\n".join(texts.values())


def _permitted(text: str, permissions: frozenset[str]) -> str:
    kept: list[str] = []
    dropping = False
    for line in text.splitlines():
        needs = _NEEDS.search(line)
        if dropping:
            dropping = not line.rstrip().endswith("# }")
            continue
        if needs is not None and needs[1] not in permissions:
            dropping = needs[2] is not None
            continue
        line = line.split("#", 1)[0].rstrip()
        if line:
            kept.append(line)
    return "\n".join(kept)


def _split(path: Path) -> list[Definition]:
    """A file's definitions: each begins in the first column."""
    roles: tuple[str, ...] = ()
    blocks: list[tuple[re.Match[str], tuple[str, ...], list[str]]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        named = _ROLES.match(line)
        if named is not None:
            roles = tuple(each.strip() for each in named[1].split(","))
            continue
        start = _DEFINITION.match(line)
        if start is not None:
            blocks.append((start, roles, []))
        if blocks:
            blocks[-1][2].append(line)
    return [
        Definition(start[1], start[2], "\n".join(lines), roles, path.name) for start, roles, lines in blocks
    ]
