"""The report's charts as inline SVG, drawn by pygal and coloured by the page.

pygal's own style sheet and script are left out (the page's policy runs no script but its own);
each series gets the class `tone-NAME`, so that light and dark are the page's to decide, and each
value a title, which browsers show on hovering.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from nightpress.ledger import CallDay
from nightpress.model import said
from nightpress.report.figures import Day, Figures, GateRow, Phase, Sizes

WIDTH, HEIGHT = 324, 240
"""Of a chart where it is smallest: there its text is as large as it says, elsewhere larger."""
MOST_GATES = 8
WEEK = 7


def charts(figures: Figures) -> dict[str, str]:
    """name -> SVG, for whatever there is something to draw of."""
    drawn = {
        "outcomes": outcomes(figures.days) if figures.days else "",
        "sizes": sizes(figures.sizes) if figures.sizes.documents else "",
        "phases": phases(figures.phases) if figures.phases else "",
        "calls": calls(figures.call_days, _per_day(figures)) if figures.call_days else "",
        "gates": gates(figures.gates[:MOST_GATES]) if figures.gates else "",
    }
    return {name: svg for name, svg in drawn.items() if svg}


def outcomes(days: Sequence[Day]) -> str:
    import pygal

    held = {day.day: day.outcomes for day in days}
    dates = calendar(held)
    present = list(dict.fromkeys(status for day in days for status in day.outcomes))
    chart = pygal.StackedBar(**_config())
    chart.x_labels = [day[5:] for day in dates]
    _thin(chart, len(dates))
    _whole(chart, max(sum(day.outcomes.values()) for day in days))
    for status in present:
        chart.add(said(status), [held.get(day, {}).get(status) or None for day in dates])
    return _svg(chart, present)


def sizes(found: Sizes) -> str:
    """Both histograms side by side, in halves of each bin (2,000 bytes), over the window's band."""
    import pygal

    chart = pygal.Histogram(**_config(x_value_formatter=_kilobytes))
    tallest = max([1, *(b.before for b in found.bins), *(b.after for b in found.bins)])
    chart.add("window", [(tallest, *found.window)])
    for label, name, shift in (("before", "before", 0), ("now", "after", 900)):
        bars = [
            (getattr(b, name), b.least + 150 + shift, b.least + 950 + shift)
            for b in found.bins
            if getattr(b, name)
        ]
        chart.add(label, bars)
    last = found.bins[-1].most if found.bins else found.window[1]
    chart.x_labels = list(range(0, last + 1, 4_000))
    return _svg(chart, ["window", "before", "now"])


def phases(found: Sequence[Phase]) -> str:
    import pygal

    chart = pygal.HorizontalBar(**_config(value_formatter=_seconds))
    chart.x_labels = [phase.phase for phase in reversed(found)]
    chart.add("p95", [phase.p95 for phase in reversed(found)])
    chart.add("p50", [phase.p50 for phase in reversed(found)])
    return _svg(chart, ["p95", "p50"])


def calls(days: Sequence[CallDay], per_day: int | None) -> str:
    """Calls of each day, and the day's quota as a line where there is one."""
    import pygal

    held = {day.day: day for day in days}
    dates = calendar(held)
    chart = pygal.StackedBar(**_config())
    chart.x_labels = [day[5:] for day in dates]
    _thin(chart, len(dates))
    names = ["replies", "no reply"]
    found = [held.get(day) for day in dates]
    chart.add("replies", [day.replies or None if day else None for day in found])
    chart.add("no reply", [(day.calls - day.replies) or None if day else None for day in found])
    most = max(day.calls for day in days)
    if per_day and per_day < 20 * most:
        # a label so near to the quota's that they would overlap is left out
        apart = {most} if abs(most - per_day) > 0.1 * max(most, per_day) else set()
        chart.y_labels = sorted({0, per_day // 2, per_day} | apart)
        chart.y_labels_major = [per_day]
    return _svg(chart, names)


def gates(found: Sequence[GateRow]) -> str:
    import pygal

    chart = pygal.HorizontalStackedBar(**_config())
    rows = list(reversed(found))
    chart.x_labels = [gate.gate for gate in rows]
    names = {"errors": "errors", "warnings": "warnings", "infos": "notes"}
    _whole(chart, max(gate.errors + gate.warnings + gate.infos for gate in found))
    for name, shown in names.items():
        chart.add(shown, [getattr(gate, name) or None for gate in rows])
    return _svg(chart, [*names])


def calendar(days: Iterable[str]) -> list[str]:
    """Every day from the first to the last one, and a week at least: a day without work shows."""
    held = sorted(days)
    last = date.fromisoformat(held[-1])
    first = min(date.fromisoformat(held[0]), last - timedelta(days=WEEK - 1))
    return [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]


def _per_day(figures: Figures) -> int | None:
    """The sum of what all models that were asked allow a day."""
    limits = [state.rpd for state in figures.quota]
    known = [limit for limit in limits if limit is not None]
    return sum(known) if known and len(known) == len(limits) else None


# --- pygal, as we want it ---


def _config(**own: Any) -> dict[str, Any]:
    return {
        "width": WIDTH, "height": HEIGHT, "js": [], "css": [], "disable_xml_declaration": True,
        "no_prefix": True, "legend_at_bottom": True, "legend_box_size": 10,
        "margin": 6, "margin_right": 18,
        "spacing": 6, "truncate_legend": 24, "truncate_label": 24, "max_scale": 5,
        "value_formatter": _number, "print_zeroes": False, "style": _style(),
        **own,
    }  # fmt: skip


def _style() -> Any:
    """Only the sizes of text, by which pygal lays out; every colour is the page's."""
    from pygal.style import Style

    return Style(
        font_family="sans-serif", label_font_size=12, major_label_font_size=12,
        legend_font_size=12, title_font_size=13, value_font_size=11,
    )  # fmt: skip


def _thin(chart: Any, count: int) -> None:
    """At most seven labels of days: more would overlap."""
    if count > 7:
        chart.show_minor_x_labels = False
        chart.x_labels_major_every = -(-count // 6)


def _whole(chart: Any, most: int) -> None:
    """Counts are whole: a scale of few has no label between two of them."""
    if most <= 4:
        chart.y_labels = list(range(most + 1))


def _svg(chart: Any, tones: Sequence[str]) -> str:
    chart.add_xml_filter(_ours(tones))
    return str(chart.render(is_unicode=True))


def _ours(tones: Sequence[str]) -> Callable[[Any], Any]:
    """An XML filter: no style, no script; tones for series; titles for values."""

    def clean(root: Any) -> Any:
        for parent in list(root.iter()):
            for child in list(parent):
                if child.tag in ("defs", "style", "script") or not isinstance(child.tag, str):
                    parent.remove(child)
        for element in root.iter():
            element.attrib.pop("style", None)
            words = element.get("class", "").split()
            for place, tone in enumerate(tones):
                if f"serie-{place}" in words or element.get("id") == f"activate-serie-{place}":
                    element.set("class", " ".join([*words, f"tone-{tone.replace(' ', '-')}"]))
            element.attrib.pop("id", None)
            _describe(element)
        root.attrib |= {"role": "img", "focusable": "false"}
        root.attrib.pop("id", None)
        return root

    return clean


def _describe(element: Any) -> None:
    """pygal's `desc` elements feed its script's tooltips; without it, one title says the value."""
    said = [child for child in element if child.tag == "desc"]
    words: Mapping[str, str] = {c.get("class", ""): c.text or "" for c in said}
    for child in said:
        element.remove(child)
    text = ": ".join(w for w in (words.get("x_label", ""), words.get("value", "")) if w)
    if text:
        title = element.makeelement("title", {})
        title.text = text
        element.insert(0, title)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _seconds(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f} s" if value >= 10 else f"{value:.2g} s"


def _kilobytes(value: float) -> str:
    return f"{value / 1000:g} kB"
