"""The commands `makegood behind` and `makegood alerts`: what a contract manager asks first.

Promises: the worst comes first. At 80 columns nothing that identifies is cut; what is longer goes
on in the next line. An empty answer says what it means. `--json` prints what the service answered,
in the same order.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

import rich.padding
import rich.text
import typer

from deploy import client
from deploy.client import console
from shared import calendar, formats

if typing.TYPE_CHECKING:
    pass

PAGE_ITEMS: Final = 1000
ITEMS_MAX: Final = 10_000
"""So many are read: they are put in order here."""
SHOWN_DEFAULT: Final = 20
LINES_SHOWN_MAX: Final = 3
"""Of one alert."""

_KINDS: Final = (
    *("shortfall_worsened", "shortfall_opened", "contract_ends_with_gap", "queue_holds_rating"),
    *("correction_changed_rating", "duplicate_claim", "return_overdue"),
    *("commitment_without_owner", "return_due", "shortfall_recovered"),
)
"""Of alerts, the worst first."""
_STYLES: Final = {
    "Inadequate": "red",
    "Requires improvement": "dark_orange",
    "Approaching target": "yellow",
    "Good": "green",
}

_Contract = Annotated[str | None, typer.Option(help="Of this contract only.")]
_Limit = Annotated[int, typer.Option(min=1, max=ITEMS_MAX, help="How many are printed.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def behind(  # noqa: PLR0913  # each is an option of the command
    rating: Annotated[str | None, typer.Option(help="With this rating only.")] = None,
    supplier: Annotated[str | None, typer.Option(help="Of this supplier only, by org-id.")] = None,
    contract: _Contract = None,
    *,
    missing: Annotated[bool, typer.Option(help="Only where a return is missing.")] = False,
    case: Annotated[bool, typer.Option(help="Only where a case is open.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Also what is on course.")] = False,
    limit: _Limit = SHOWN_DEFAULT,
    as_json: _Json = False,
) -> None:
    """Show who is behind, the worst first.

    Over all contracts: by how much, and why.
    """
    filters = {"rating": rating, "supplier": supplier, "contract": contract}
    filters |= {"missing": "true" if missing else None, "case": "open" if case else None}
    asked = {name: value for name, value in filters.items() if value is not None}
    found = _read("/api/v1/performance", asked)
    wanted = found if everything or rating else [each for each in found if _is_behind(each)]
    if as_json:
        _print_json(wanted[:limit])
        return
    if not wanted:
        console.print(rich.text.Text(_nobody(found, has_filters=bool(asked))))
        return
    _print_all(wanted, limit, "commitment", _print_standing)


def alerts(
    kind: Annotated[str | None, typer.Option(help="Of this kind only, by code.")] = None,
    contract: _Contract = None,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that somebody has acknowledged.")
    ] = False,
    limit: _Limit = SHOWN_DEFAULT,
    as_json: _Json = False,
) -> None:
    """List the alerts that wait for somebody.

    Those that nobody has acknowledged, the worst first, and what to do by when.
    """
    filters = {"kind": kind, "contract": contract, "acknowledged": None if everything else "false"}
    asked = {name: value for name, value in filters.items() if value is not None}
    found = sorted(_read("/api/v1/alerts", asked), key=_badness)  # of equals the newest first
    if as_json:
        _print_json(found[:limit])
        return
    if not found:
        matching = " of this kind or contract" if kind or contract else ""
        waits = "There are no alerts" if everything else "No alert waits for anybody"
        console.print(f"{waits}{matching}.")
        return
    _print_all(found, limit, "alert", _print_alert)


# --- reading -------------------------------------------------------------------------------------


def _read(path: str, asked: dict[str, str]) -> list[dict[str, Any]]:
    """All items of a list. Ends the command if there is no answer, or a refusal."""
    import httpx

    endpoint = client.find("verification", "manager")
    items: list[dict[str, Any]] = []
    query = asked | {"limit": str(PAGE_ITEMS)}
    with (
        client.reached(endpoint),
        httpx.Client(
            base_url=endpoint.url, headers=endpoint.headers, timeout=client.SECONDS_MAX
        ) as service,
    ):
        while len(items) < ITEMS_MAX:
            page = client.json_of(service.get(path, params=query), endpoint)
            items += page["items"]
            if page["next"] is None:
                break
            query["cursor"] = page["next"]
    return items


def _is_behind(item: dict[str, Any]) -> bool:
    is_short = item["gap"] is not None and Decimal(item["gap"]) > 0
    return bool(is_short or item["case"] or item["returns_missing"])


def _badness(alert: dict[str, Any]) -> tuple[bool, bool, int]:
    """What waits for somebody first, then by kind."""
    kind = alert["kind"]
    rank = _KINDS.index(kind) if kind in _KINDS else -1  # newer than this program: first
    return alert["acknowledged_at"] is not None, alert["is_over"], rank


# --- printing ------------------------------------------------------------------------------------


def _print_json(items: Sequence[dict[str, Any]]) -> None:
    typer.echo(json.dumps({"items": items}, ensure_ascii=False, indent=2))


def _nobody(found: Sequence[dict[str, Any]], *, has_filters: bool) -> str:
    if found:
        return "Nobody is behind. `makegood behind --all` shows what is on course or not due yet."
    if has_filters:
        return "No commitment is like this. Leave an option out to see more."
    return "No commitment is active yet. Contracts come in with `makegood import-contracts`."


def _print_all(
    items: Sequence[dict[str, Any]],
    limit: int,
    noun: str,
    show: Callable[[dict[str, Any]], None],
) -> None:
    plural = noun if len(items) == 1 else f"{noun}s"
    console.print(f"{len(items)} {plural}, the worst first.", highlight=False)
    for item in items[:limit]:
        console.print()
        show(item)
    if len(items) > limit:
        console.print(f"\n… and {len(items) - limit} more: --limit {len(items)}.", highlight=False)


def _line(text: str, *, indent: int = 2, style: str = "") -> None:
    """One line, or as many as it takes."""
    folded = rich.text.Text(text, style=style, overflow="fold")
    console.print(rich.padding.Padding(folded, (0, 0, 0, indent), expand=False))


def _print_standing(item: dict[str, Any]) -> None:
    _line(item["headline"], indent=0, style="bold")
    _line(f"{item['rating'] or 'Not rated yet'}", style=_STYLES.get(item["rating"], ""))
    _line(f"{item['contract_id']} {item['commitment_id']}")
    _line(item["contract_title"])
    _line(_names(item["suppliers"]))
    _line(item["words"])
    if item["case"] is not None:
        opened = formats.day(calendar.london_day(datetime.fromisoformat(item["case"]["opened_at"])))
        _line(f"Case {item['case']['case_id']}, open since {opened}.")
    for each in item["returns_missing"]:
        due = formats.day(date.fromisoformat(each["due_on"]))
        who = each["supplier_name"] or each["supplier_id"]
        _line(f"Missing: the return of {who} for {formats.month(each['period'])}, due {due}.")


def _print_alert(item: dict[str, Any]) -> None:
    _line(item["headline"], indent=0, style="bold")
    commitment = f" {item['commitment_id']}" if item["commitment_id"] else ""
    _line(f"{item['contract_id']}{commitment}")
    _line(_names(item["suppliers"]))
    _line(item["words"])
    step = item["next_step"]
    late = "red" if step is not None and step["is_late"] else ""
    _line("Nothing to do." if step is None else f"Next: {step['words']}", style=late)
    shown = item["lines"][:LINES_SHOWN_MAX]
    for each in shown:
        _print_line(each, item["unit"])
    if len(item["lines"]) > len(shown) or not item["has_all_lines"]:
        _line(f"More lines: {item['links']['lines']}")
    raised = formats.day(calendar.london_day(datetime.fromisoformat(item["raised_at"])))
    _line(f"Alert {item['alert_id']}, {raised}.")
    if item["acknowledged_by"]:
        _line(f"Acknowledged by {item['acknowledged_by']}.")


def _print_line(line: dict[str, Any], unit: str | None) -> None:
    month = formats.month(line["period"])
    reported, counted = (formats.amount(Decimal(line[n]), unit) for n in ("reported", "counted"))
    _line(f"Line {line['line_id']} of {month}: {reported} reported, {counted} counts.")
    _line(f"Return {line['return_id']}", indent=4)
    for finding in line["findings"]:
        _line(f"{finding['words']} {finding['what_to_do']}", indent=4)


def _names(suppliers: Sequence[dict[str, Any]]) -> str:
    return "; ".join(f"{each['name'] or ''} {each['id']}".strip() for each in suppliers)
