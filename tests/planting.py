"""The flaw that a run plants, by name (`VENTAS_FLAW`): in its own process, and in those that it starts."""

import os


def plant_flaw() -> None:
    """Nothing where none is named; the flaws know all of the code, so they are imported only then."""
    named = os.environ.get("VENTAS_FLAW")
    if named:
        from tests.safety.flaws_all import plant

        plant(named)
