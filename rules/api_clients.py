"""What may be done with an API client, and the networks it may call from."""

import ipaddress
from collections.abc import Sequence
from enum import StrEnum

from rules.refusals import ErrorCode, Refusal, refuse_all

NETWORKS_MAX = 20


class ApiClientAction(StrEnum):
    UPDATE = "UPDATE"
    ROTATE_SECRET = "ROTATE_SECRET"  # nosec B105 - an act
    DISABLE = "DISABLE"


def client_actions(*, is_own: bool, is_disabled: bool) -> tuple[ApiClientAction, ...]:
    """
    What can be done with a client now.

    Args:
        is_own: it belongs to those the viewer acts for. The seller stops its customers' clients and does no more.
    """
    if is_disabled:
        return ()
    return tuple(ApiClientAction) if is_own else (ApiClientAction.DISABLE,)


def checked_networks(texts: Sequence[str]) -> list[str]:
    """
    Addresses and networks in their one spelling, each once, in the order given.

    Raises:
        Refusal(INVALID), Refusals: one per text that is neither, with its index in the path.
        Refusal(LIMIT_EXCEEDED): more than NETWORKS_MAX.
    """
    if len(texts) > NETWORKS_MAX:
        raise Refusal(
            ErrorCode.LIMIT_EXCEEDED, "At most {limit} at a time.", ("addresses",), limit=NETWORKS_MAX
        )
    found: dict[str, None] = {}
    wrong = []
    for index, text in enumerate(texts):
        try:
            found[str(ipaddress.ip_network(text.strip(), strict=False))] = None
        except ValueError:
            wrong.append(
                Refusal(
                    ErrorCode.INVALID,
                    "This is no IP address or network, such as 203.0.113.7 or 203.0.113.0/24.",
                    ("addresses", index),
                )
            )
    refuse_all(wrong)
    return list(found)
