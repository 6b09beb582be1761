"""The schema as text: the whole of it for the repository, a view of it for its viewer."""

import re
from pathlib import Path

import strawberry
from graphql import GraphQLSchema
from strawberry.printer import print_schema

SDL_FILE = Path(__file__).parent / "schema.graphql"


def sdl_of(schema: strawberry.Schema) -> str:
    """
    The printed SDL with its definitions in the order of their names.

    Only the text is sorted: a sorted schema would break unions at run time (STACK.md, 3).
    """
    blocks = print_schema(schema).strip().split("\n\n")
    # A description may hold an empty line, and a type does: what does not begin a definition belongs to the last.
    definitions: list[str] = []
    inside = False
    for block in blocks:
        if inside:
            definitions[-1] += f"\n\n{block}"
        else:
            definitions.append(block)
        inside = _is_open(definitions[-1])
    return "\n\n".join(sorted(definitions, key=_name)) + "\n"


def _is_open(text: str) -> bool:
    """Whether a definition goes on after an empty line: within quotes, braces or brackets of it."""
    outside = "".join(text.split('"""')[::2])
    in_text = text.count('"""') % 2 == 1
    return in_text or outside.count("{") > outside.count("}") or outside.count("(") > outside.count(")")


def _name(definition: str) -> tuple[bool, str]:
    """Directives first, then by name; the description before a definition does not count."""
    lines = "".join(definition.split('"""')[::2]).strip().splitlines()
    words = lines[0].split()
    return (words[0] != "directive", words[1] if len(words) > 1 else words[0])


_ACCESS = re.compile(r"@access\(to: \[([A-Z_, ]+)\]\)")


def sdl_of_view(view: GraphQLSchema) -> str:
    """The SDL of a viewer's view; its @access names the permissions that the viewer holds, as its enum does."""
    text = sdl_of(view._strawberry_schema)  # type: ignore[attr-defined]
    held = re.search(r"^enum Permission \{(.*?)^\}", text, re.MULTILINE | re.DOTALL)
    names = frozenset() if held is None else frozenset(re.findall(r"^  ([A-Z_]+)", held[1], re.MULTILINE))

    def held_of(found: re.Match[str]) -> str:
        return f"@access(to: [{', '.join(each for each in found[1].split(', ') if each in names)}])"

    return _ACCESS.sub(held_of, text)
