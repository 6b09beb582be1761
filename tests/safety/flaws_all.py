"""Every flaw there is: of the API and its database, of processes that are killed, of pages."""

import tests.e2e.flaws
import tests.safety.flaws_processes
import tests.safety.flaws_promises
import tests.safety.flaws_quotes
import tests.safety.flaws_stock  # noqa: F401 - each adds its own
from tests.safety.flaws import FLAWS

__all__ = ["FLAWS", "plant"]


def plant(name: str) -> None:
    FLAWS[name].plant()
