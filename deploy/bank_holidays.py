"""The bank holidays of England, from the library `holidays` (docs/decisions/0016).

Promises: `python -m deploy.bank_holidays` writes `shared/bank_holidays.txt` anew, and a test holds
what is kept against the library.
"""

from __future__ import annotations

from typing import Final

from shared import calendar

YEARS: Final = range(1900, 2101)
_HEAD: Final = """\
# The bank holidays of England, Monday to Friday, one line for each year. Made from the library
# `holidays` by `python -m deploy.bank_holidays`. The council enters what is declared later.
"""


def export() -> str:
    """The text of the file."""
    import holidays

    lines = []
    for year in YEARS:
        found = holidays.country_holidays("GB", subdiv="ENG", years=year)
        days = [f"{day:%m-%d}" for day in sorted(found) if day.weekday() < 5]
        lines.append(f"{year} {' '.join(days)}\n")
    return _HEAD + "".join(lines)


if __name__ == "__main__":
    calendar.BANK_HOLIDAYS.write_text(export())
