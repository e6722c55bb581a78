"""How large, how long and how late anything on the wire can be: what is outside is not believed.

Promises: every number and text of an event has one of these types, or one of `parts`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

import msgspec

from shared import identifiers

BODY_BYTES_MAX: Final = 4 * 1024 * 1024 - 4096
"""The largest event: topics, producers and fetches leave 4 KB more for its key and headers. A
return of 5,000 lines has about 2 MB."""
YEAR_MIN: Final = 1990
YEAR_MAX: Final = 2100
"""The first and the last year of a period, and of a day that people write. No contract that is
monitored here begins before or ends after, and the calendar can count beyond both."""

Number = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
"""A version, revision or part, from 1."""
Count = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
"""How many there are."""
Position = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
"""An index, size or offset: what every reader of JSON can tell from its neighbours."""
ReceiptNumber = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
Code = Annotated[str, msgspec.Meta(max_length=100, pattern="^[A-Za-z][A-Za-z0-9_.]*(?![\\s\\S])")]
"""A word of our own: a rule, a reason, a state. Never free text."""
Fraction = Annotated[str, msgspec.Meta(max_length=200, pattern="^-?[0-9]+(/[0-9]+)?(?![\\s\\S])")]
"""An exact fraction, `numerator/denominator`."""
TopicName = Annotated[
    str,
    msgspec.Meta(
        max_length=249,
        pattern="^makegood[.](inbound[.][A-Za-z0-9._-]+|[a-z]+[.]v[0-9]+)(?![\\s\\S])",
    ),
]
"""One of our topics, or a party's own."""
Text = Annotated[str, msgspec.Meta(max_length=identifiers.CHARACTERS_MAX)]
NAME_CHARACTERS_MAX: Final = 300
"""More than any page shows. The names of 1,000 suppliers and 200 commitments then fit."""
Name = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=NAME_CHARACTERS_MAX, pattern=r"^[^\x00-\x1f\x7f-\x9f]+(?![\s\S])"
    ),
]
"""What people call something. For display only; two events have such names (`published.Named`)."""


def assert_timely(moment: date) -> None:
    """Raises ValueError for a moment or a day at which nothing happens here."""
    if not YEAR_MIN <= moment.year <= YEAR_MAX:
        raise ValueError(f"{moment} is not in the years {YEAR_MIN} to {YEAR_MAX}")
