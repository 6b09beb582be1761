"""Flaws to plant."""


def plant(name: str) -> None:
    raise KeyError(name)
