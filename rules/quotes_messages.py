"""What passes between the two sides of a quote: the kinds of files it takes, and what a link is used for."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import PurePath
from types import MappingProxyType

BODY_MAX = 4000
ATTACHMENTS_MAX = 20
REMINDER_DAYS = 3  # before the last day, where the seller says nothing
REMINDER_DAYS_MAX = 30
TERMS_MAX = 10_000
LINK_DAYS_MAX = 90
NAME_MAX = 200


class AttachmentPurpose(StrEnum):
    """What a file beside a quote is for. SIGNED_OFFER proves what was said elsewhere; it accepts nothing."""

    INFORMATION = "INFORMATION"
    SIGNED_OFFER = "SIGNED_OFFER"


class LinkUse(StrEnum):
    """What somebody did through a link."""

    OPENED = "OPENED"
    PRINTED = "PRINTED"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"


class AcceptedHow(StrEnum):
    """How an acceptance came: by a person who signed in, or through a link, under the name that was given there."""

    SIGNED_IN = "SIGNED_IN"
    LINK = "LINK"


# The ending that a stored file gets, whatever it was called.
ENDINGS: Mapping[str, str] = MappingProxyType(
    {
        "application/pdf": ".pdf",
        "image/png": ".png",
        "image/jpeg": ".jpg",
        "text/csv": ".csv",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    }
)


def attachment_name(name: str, media_type: str) -> str:
    """The name under which a file is offered: its own, with the ending of what it is; at most 200 characters."""
    ending = ENDINGS[media_type]
    stem = PurePath(name).stem.strip(" .") or "file"
    return stem[: NAME_MAX - len(ending)] + ending
