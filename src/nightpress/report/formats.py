"""Numbers, sizes and times as people read them, the same in the page and in Markdown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nightpress.model import said


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def size(value: int | None) -> str:
    """Bytes with thousands separated."""
    return "-" if value is None else f"{value:,} B"


def seconds(value: float | None) -> str:
    """`0.15 s`, `12 s`, `4 min 10 s`, `2 h 05 min`."""
    if value is None:
        return "-"
    if value < 10:
        return f"{value:.2f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def usd(value: float | None) -> str:
    if value is None:
        return "price unknown"
    return "$0" if value == 0 else f"${value:,.4f}" if value < 1 else f"${value:,.2f}"


def moment(value: str) -> str:
    """`2026-11-23 20:13` (UTC) of an ISO time; "" stays so."""
    return value[:16].replace("T", " ")


def percent(value: float | None) -> str:
    return "-" if value is None else f"{value:g} %"


FILTERS: dict[str, Callable[[Any], str]] = {
    "said": said,
    "number": number, "size": size, "seconds": seconds, "usd": usd, "moment": moment,
    "percent": percent,
}  # fmt: skip
