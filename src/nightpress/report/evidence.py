"""`nightpress why FILE:LINE`: the lines of the plugin that a line of a document rests on.

Found anew from the plugin as it stands now: a clone without a ledger gets the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from nightpress.checks import document, evidence
from nightpress.errors import UsageError
from nightpress.plan import Gatherer, PluginState, TargetState, catalog, judge
from nightpress.plugin import sources
from nightpress.project import Project
from nightpress.report.why import Why

SHOWN = 6
"""Lines of one place that are shown."""


def of_line(project: Project, path: str, line: int) -> Why:
    """What a line rests on; of a heading or an empty line, what its section does. path: relative
    to the project. Raises UsageError where no manifest declares it, or it has no such line."""
    plugin, state = _declared(project, path)
    target = state.enhancement.target
    text = sources.standing_text(plugin.root, target, state.inputs.standing.sha256)
    lines = text.split("\n")
    if not 1 <= line <= len(lines):
        raise UsageError(f"{path} has {len(lines)} lines, and no line {line}", "name one of them")
    parsed, held = document.parse(text), judge.held_by(project, plugin, state, text)
    files = judge.quoted_by(project, plugin, state, text)
    units = [unit for unit in evidence.units(parsed, held, target) if unit.line == line]
    if units:
        return _sentences(f"{path}:{line}", units, files)
    sections = evidence.sections(parsed, held, target)
    section = next((s for s in sections if s.first <= line <= s.last), None)
    if section is None:
        raise UsageError(
            f"{path}:{line} is frontmatter, which has no evidence", "name a line of the text"
        )
    return _section(f"{path}:{line}", section, files)


def _declared(project: Project, path: str) -> tuple[PluginState, TargetState]:
    items = catalog.load(project, everything=True).items.values()
    item = next((item for item in items if item.target == path), None)
    if item is None:
        raise UsageError(
            f"{path} is no document that a manifest declares, so nothing is known of its lines",
            "nightpress why PATH, without a line, tells of any file",
        )
    plugin = Gatherer(project).gather(item.slug)
    state = plugin.states.get(item.name)
    if state is None or state.inputs.standing.sha256 is None:
        raise UsageError(f"{path}: there is no such file yet", "doit makes it")
    return plugin, state


def _sentences(where: str, units: list[evidence.Unit], files: Mapping[str, str]) -> Why:
    known = sum(unit.place is not None for unit in units)
    state = "rests" if known == len(units) else "partly rests" if known else "rests on nothing"
    own = {unit.place is not None and _is_own(unit.place, where) for unit in units} == {True}
    text = {
        "rests": "the file that was there before says so" if own else "the plugin says so",
        "partly rests": f"the plugin says {known} of its {len(units)} sentences",
        "rests on nothing": "nothing in the plugin says so",
    }[state]
    found = Why(where, state, text, data={"sentences": [_as_data(unit) for unit in units]})
    for unit in units:
        found.facts.append(("sentence", unit.text))
        if unit.place is None:
            found.facts.append(("", "rests on nothing that the plugin says"))
        else:
            found.facts += _shown(unit.place, files)
    return found


def _is_own(place: evidence.Place, where: str) -> bool:
    """Is it in the document itself, as somebody wrote it, and nowhere else in the plugin?"""
    path = where.rpartition(":")[0]
    return path == place.file or path.endswith(f"/{place.file}")


def _as_data(unit: evidence.Unit) -> dict[str, object]:
    return {"text": unit.text, "place": msgspec.to_builtins(unit.place)}


def _shown(place: evidence.Place, files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The place, and its lines."""
    how = "" if place.share == 1 else f" ({place.share:.0%} of its words, by weight)"
    yield "rests on", f"{place}{how}"
    for number, line in quoted(place, files)[:SHOWN]:
        yield "", f"{number:>5} | {line}"


def quoted(place: evidence.Place, files: Mapping[str, str]) -> list[tuple[int, str]]:
    """The lines of a place, each with its number; files: path -> text."""
    lines = files.get(place.file, "").split("\n")
    return list(enumerate(lines[place.first - 1 : place.last], place.first))


def _section(where: str, section: evidence.Section, files: Mapping[str, str]) -> Why:
    named = f"section {section.title!r}" if section.title else "the text before the first heading"
    if not section.size:
        return Why(where, "section", f"{named} has no text of its own")
    text = (
        f"{section.share:.0%} of the {section.size:,} bytes of {named} (lines {section.first} to"
        f" {section.last}) are backed by the plugin"
    )
    found = Why(where, "section", text, data={"section": msgspec.to_builtins(section)})
    for place in section.places[:SHOWN]:
        found.facts += _shown(place, files)
    if (more := len(section.places) - SHOWN) > 0:
        found.facts.append(("", f"and {more} more places"))
    return found
