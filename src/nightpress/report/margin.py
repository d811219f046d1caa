"""The margin of a draft: beside each line the lines of the plugin that say it.

Found anew from the plugin as it stands now, by `checks/evidence`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from nightpress.checks import document, evidence
from nightpress.plan import PluginState, TargetState, judge
from nightpress.project import Project
from nightpress.report.evidence import quoted

SHOWN = 12
"""Lines of one place that are quoted."""
NEAR = 2
"""Lines further on, at most, at which a place goes on from that of the line before."""


class Rest(Struct, frozen=True):
    """A place that lines of the draft rest on, as `file:first-last`, and its lines, each with its
    number; share: how much of what they say it holds (1: word for word)."""

    place: str
    share: float
    quoted: tuple[tuple[int, str], ...]


class Note(Struct, frozen=True):
    """What one line rests on. says_no: how many of its sentences nothing says; goes_on: it rests on
    what the note before it names."""

    rests: tuple[Rest, ...] = ()
    says_no: int = 0
    goes_on: bool = False


class Margin(Struct, frozen=True):
    """notes: by the draft's lines, from 1; share: of the text that rests on the plugin, 0 to 1;
    own: that rests on nothing but the file at its place, as it stands; weak: sections of which
    too little rests on either."""

    notes: Mapping[int, Note]
    share: float
    weak: tuple[evidence.Section, ...]
    own: float = 0.0

    @property
    def said(self) -> str:
        """How much of the text rests on something."""
        own = f", {self.own:.0%} is in the current file alone" if self.own >= 0.005 else ""
        return f"{self.share:.0%} of the text is backed by the plugin{own}"

    @property
    def text(self) -> str:
        """The same, with the sections of which little does."""
        named = [f"{one.title or 'its beginning'} ({one.share:.0%})" for one in self.weak]
        return f"{self.said}; little of {', '.join(named)}" if named else self.said

    def as_dict(self) -> dict[str, Any]:
        return {
            "share": round(self.share, 2),
            "own": round(self.own, 2),
            "weak": msgspec.to_builtins(self.weak),
            "lines": {str(n): [r.place for r in note.rests] for n, note in self.notes.items()},
        }


def of(project: Project, plugin: PluginState, state: TargetState, text: str) -> Margin:
    """The margin of `text` as this enhancement's document."""
    parsed, target = document.parse(text), state.enhancement.target
    held = judge.held_by(project, plugin, state, text)
    found = evidence.sections(parsed, held, target)
    alone = judge.held_by(project, plugin, state, text, witnessed=False)
    share = _share(evidence.sections(parsed, alone, target))
    files = judge.quoted_by(project, plugin, state, text)
    notes = dict(_notes(evidence.units(parsed, held, target), files))
    weak = tuple(one for one in found if evidence.is_weak(one))
    return Margin(notes, share, weak, max(0.0, _share(found) - share))


def _share(found: Sequence[evidence.Section]) -> float:
    size = sum(section.size for section in found)
    return sum(section.share * section.size for section in found) / size if size else 1.0


def _notes(units: Iterable[evidence.Unit], files: Mapping[str, str]) -> Iterator[tuple[int, Note]]:
    """Of each line one; what is quoted from neighbouring lines is named once, at the first."""
    by_line: dict[int, list[evidence.Unit]] = {}
    for unit in units:
        by_line.setdefault(unit.line, []).append(unit)
    opened: list[int] = []
    last: evidence.Place | None = None
    for line, own in by_line.items():
        places = list(dict.fromkeys(unit.place for unit in own if unit.place is not None))
        missing = sum(unit.place is None for unit in own)
        whole = places[0] if len(places) == 1 and not missing else None
        if whole is not None and last is not None and _goes_on(last, whole):
            last = replace(
                last, last=max(last.last, whole.last), share=min(last.share, whole.share)
            )
            opened.append(line)
            continue
        yield from _closed(opened, last, files)
        opened, last = ([line], whole) if whole is not None else ([], None)
        if whole is None:
            yield line, Note(tuple(_rest(place, files) for place in places), missing)
    yield from _closed(opened, last, files)


def _goes_on(before: evidence.Place, now: evidence.Place) -> bool:
    return now.file == before.file and before.first <= now.first <= before.last + NEAR


def _closed(
    lines: list[int], place: evidence.Place | None, files: Mapping[str, str]
) -> Iterator[tuple[int, Note]]:
    """The notes of lines that rest on one place."""
    if place is None:
        return
    rest = _rest(place, files)
    yield lines[0], Note((rest,))
    for line in lines[1:]:
        yield line, Note((replace(rest, quoted=()),), goes_on=True)


def _rest(place: evidence.Place, files: Mapping[str, str]) -> Rest:
    return Rest(str(place), place.share, tuple(quoted(place, files)[:SHOWN]))
