"""The page: no network, nothing of a plugin's but as text, and one file for up to `FIRST` plugins.

The policy in its head allows exactly its own style sheet and script, by hash; the table's rows
are a block of JSON in which `<`, `>` and `&` are escaped, so that no name ends it. Of more plugins
the page has those that need the user first; the rest lie beside it (`beside`), and its script, and
nothing else, may load them.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

from msgspec import to_builtins

from nightpress.report import advice, charts, formats
from nightpress.report import figures as words
from nightpress.report.figures import Figures, NeedRow, PluginRow

FIRST = 1_000
"""Plugins that the page itself has: 1.3 kB each, and a browser opens it at once."""
EACH = 200
"""Plugins of one file beside it: what is loaded to open the first of them."""


def page(figures: Figures) -> str:
    """The whole page."""
    from markupsafe import Markup

    drawn = charts.charts(figures)
    return rendered(
        "page.html.j2",
        asset("page.css"),
        asset("copy.js") + asset("page.js"),
        formats.FILTERS,
        loads=len(figures.plugins) > FIRST,
        f=figures,
        causes=[cause for cause in figures.causes if not advice.is_idle(cause.todo)],
        attempted=words.attempted(figures),
        words=words.STATE_WORDS,
        listing_words=words.listing_words,
        first_words=words.first_words,
        todo_list=todo_list,
        cause_words=advice.words,
        # drawn from numbers, dates and names of statuses; pygal escapes text
        charts={name: Markup(svg) for name, svg in drawn.items()},  # noqa: S704
        rows=Markup(embedded(rows(figures))),  # noqa: S704 - escaped by embedded()
    )


def asset(name: str) -> str:
    """A file of ours that goes into a page."""
    return (resources.files("nightpress.report") / "templates" / name).read_text(encoding="utf-8")


def rendered(
    template: str,
    style: str,
    script: str,
    filters: Mapping[str, Callable[[Any], str]],
    *,
    loads: bool = False,
    **values: object,
) -> str:
    """A page of one of our templates: every value is escaped, and nothing but this style sheet and
    this script, both our own, may apply or run. loads: and what the script loads."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    loader = Environment(
        loader=PackageLoader("nightpress.report", "templates"),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    loader.filters |= filters
    return loader.get_template(template).render(
        policy=policy(style, script, loads=loads),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        **values,
    )


def todo_list(need: NeedRow) -> str:
    """What a plugin needs as a task list in Markdown, to hand to its author."""
    what = "has nothing real to say yet" if need.hollow else "contradicts itself, or has gaps"
    return "\n".join([f"{need.slug} {what}:", "", *(f"- [ ] {one}" for one in need.findings)])


def policy(style: str, script: str, *, loads: bool = False) -> str:
    """Content-Security-Policy: nothing is fetched, and nothing runs but these two texts. loads: and
    what that script itself asks for (by no address: a file has none that a policy could name)."""
    trusted = f"'{_hash(script)}'" + " 'strict-dynamic'" * loads
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src {trusted};"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def embedded(value: Any) -> str:
    """JSON that may stand inside a script element: `<`, `>`, `&` and line separators escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def rows(figures: Figures) -> dict[str, Any]:
    """What the table's script works on; empty values are left out, to keep the page small."""
    states = [plugin.state for plugin in figures.plugins]
    return {
        "states": words.STATE_WORDS,
        "order": list(words.STATE_WORDS),
        "counts": {state: states.count(state) for state in words.STATE_WORDS if state in states},
        "plugins": [_row(plugin) for plugin in figures.plugins[:FIRST]],
        "more": len(figures.plugins[FIRST:]),
    }


def beside(figures: Figures) -> Iterator[tuple[str, str]]:
    """(name, text) of each script in the folder `rows` that hands the page over what it has no room
    for: the documents of `EACH` plugins in a file, and the table's lines of them all."""
    lines: list[list[Any]] = []
    rest = figures.plugins[FIRST:]
    for number, start in enumerate(range(0, len(rest), EACH)):
        part = rest[start : start + EACH]
        lines += [_line(plugin, f"{number:04}") for plugin in part]
        yield _handed(f"{number:04}", [_row(plugin) for plugin in part])
    if lines:
        yield _handed("all", lines)


def _handed(name: str, value: Sequence[Any]) -> tuple[str, str]:
    return f"{name}.js", f'nightpress("{name}",{embedded(value)});\n'


def _line(plugin: PluginRow, file: str) -> list[Any]:
    """One line of the table, as page.js takes it: what it shows, and where its documents are."""
    own = plugin.documents
    before = [document.size_before for document in own if document.size_before is not None]
    scores = [document.score for document in own if document.score is not None]
    return [
        plugin.slug, "" if plugin.name == plugin.slug else plugin.name,
        list(words.STATE_WORDS).index(plugin.state), file,
        sum(document.size for document in own), sum(before) if before else None,
        min(scores, default=None), sum(document.tries for document in own),
        max((document.last for document in own), default=""),
    ]  # fmt: skip


def _row(plugin: PluginRow) -> Mapping[str, Any]:
    return {
        "slug": plugin.slug,
        "name": plugin.name,
        "state": plugin.state,
        "documents": [_lean(to_builtins(document)) for document in plugin.documents],
    }


def _lean(value: Any) -> Any:
    """The value without keys that hold nothing."""
    if isinstance(value, dict):
        lean = {key: _lean(inner) for key, inner in value.items()}
        return {key: inner for key, inner in lean.items() if inner not in (None, "", [], {}, ())}
    if isinstance(value, list | tuple):
        return [_lean(inner) for inner in value]
    return value
