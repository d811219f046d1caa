"""What `nightpress check` found, as text, JSON or SARIF; what a baseline has accepted is left out.

Pure but for the registry of gates.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from nightpress.checks import Told, baseline, registry_docs
from nightpress.model import Finding
from nightpress.plan import Judged, Triggers, counts, triggers
from nightpress.report import sarif
from nightpress.text import safe
from nightpress.voice import spoken

AGAIN = "nightpress build PLUGIN makes it again; nightpress adopt PLUGIN/NAME keeps the text"
"""What to do about a stale document."""


class Report(Struct, frozen=True):
    """judged: what stands; accepted: a baseline's marks; stale_counts: stale documents fail (those
    that were never made are told of); verbose: what could be counted is
    named; quiet: people are told of what fails alone."""

    judged: Sequence[Judged]
    accepted: frozenset[str] = frozenset()
    stale_counts: bool = True
    verbose: bool = False
    quiet: bool = False

    def failing(self, rule: str) -> Report:
        """The report in which findings of a rule are errors."""

        def strict(one: Finding) -> Finding:
            return replace(one, severity="error") if one.check == rule else one

        judged = [replace(j, findings=tuple(map(strict, j.findings))) for j in self.judged]
        return replace(self, judged=judged)

    @property
    def findings(self) -> list[Told]:
        return [(document.path, f) for document in self.judged for f in document.findings]

    @property
    def _placed(self) -> list[Told]:
        """The same, by the documents' paths in the repository: so a forge and a baseline do."""
        return [(document.place, f) for document in self.judged for f in document.findings]

    def _new(self) -> list[Told]:
        return baseline.split(self._placed, self.accepted)[0]

    def placed(self) -> list[Told]:
        """What counts, by its path in the repository; that a document is stale is a finding, too,
        of a rule `stale`."""
        stale = [
            (document.place, Finding("stale", "warning", "; ".join(document.stale), 1))
            for document in self.judged
            if document.stale and self.stale_counts
        ]
        return [*self._new(), *stale]

    def new(self) -> list[Told]:
        new = {id(finding) for _, finding in self._new()}
        return [place for place in self.findings if id(place[1]) in new]

    @property
    def ok(self) -> bool:
        stale = self.stale_counts and any(document.stale for document in self.judged)
        return not stale and all(finding.severity != "error" for _, finding in self.new())

    @property
    def sins(self) -> int:
        """How many findings a baseline would hold: an info only says what is."""
        return sum(finding.severity != "info" for _, finding in self.findings)

    def baseline(self) -> str:
        return baseline.dump(self._placed)

    # --- for people ---

    def lines(self, *, fold: bool = False) -> Iterator[str]:
        """What was found, and one line at the end; of one document also its score, and what that
        was counted from. fold: a line for each gate, where what was found fills a screen."""
        found = list(self._found())
        if self.quiet:
            yield from found
            return
        yield from self._by_gate() if fold and len(found) > SCREEN else found
        if len(self.judged) == 1 and self.judged[0].counted_from:
            yield f"{self.judged[0].path}: score {self.judged[0].counted_from}"
        yield from self.triggers().lines() if self.verbose else self.triggers().short()
        yield from self._accepted()
        yield self._closing()

    def _by_gate(self) -> Iterator[str]:
        """Severity, gate, how often, and the first place, in one row of a terminal: errors first,
        then what is found most often."""
        groups: dict[tuple[str, str], list[str]] = {}
        for path, finding in self.new():
            key = (finding.severity, finding.check)
            groups.setdefault(key, []).append(f"{path}:{finding.line or 1}")
        for word, told in (("stale", "stale"), ("not made yet", "unmade")):
            if self.stale_counts and (paths := [d.path for d in self.judged if getattr(d, told)]):
                groups[word, ""] = paths
        rows = sorted(groups.items(), key=lambda row: (_rank(row[0][0]), -len(row[1])))
        for (severity, gate), places in rows[:GATES]:
            head = f"{f'{severity:<8} {gate}':<30} {len(places):>5,}  "
            yield head + _fitting(places[0], COLUMNS - 1 - len(head))
        if (more := len(rows) - GATES) > 0:
            yield f"... and {more} more gate{'s' * (more > 1)}"
        yield "each with its message and hint: nightpress check -v, or nightpress check FOLDER"

    def _found(self) -> Iterator[str]:
        """`path:line:column: severity: gate: message`, and its hint; what is stale or missing."""
        for path, finding in self.new():
            if self.quiet and finding.severity != "error":
                continue
            yield f"{path}:{finding.line or 1}:{finding.column or 1}: {_sentence(finding)}"
            if finding.hint:
                yield f"    hint: {finding.hint}"
        if self.stale_counts:
            for document in self.judged:
                if document.stale:
                    yield f"{document.path}: stale: {'; '.join(document.stale)}"
            if any(document.stale for document in self.judged):
                yield f"    hint: {AGAIN}"
            for document in self.judged:
                if document.unmade and not self.quiet:
                    yield f"{document.path}: not made yet: {'; '.join(document.unmade)}"

    def _accepted(self) -> Iterator[str]:
        """What nightpress.lock has as accepted: nothing of it is told above."""
        accepted = [document for document in self.judged if document.accepted]
        if self.verbose:
            for document in accepted:
                for one in document.accepted:
                    yield f"{document.path}: accepted: {one.check}: {one.message}"
        elif accepted:
            errors = _some(sum(len(document.accepted) for document in accepted), "error")
            where = _some(len(accepted), "document")
            yield f"accepted in nightpress.lock: {errors} of {where}: nightpress check -v"

    def triggers(self) -> Triggers:
        skills = [(one.skill, one.size) for one in self.judged if one.skill is not None]
        return Triggers.of(
            [skill for skill, _ in skills], [size for _, size in skills], triggers.OF_PLUGINS
        )

    def _closing(self) -> str:
        totals = counts(self.judged)
        new = [finding.severity for _, finding in self.new()]
        accepted = len(self.findings) - len(new)
        parts = [
            _some(totals["documents"], "document"),
            _some(new.count("error"), "error"),
            _some(new.count("warning"), "warning"),
        ]
        if self.stale_counts:
            parts.append(f"{totals['stale']:,} stale")
            parts += [f"{totals['unmade']:,} not made yet"] * bool(totals["unmade"])
        text = f"{parts[0]}: {', '.join(parts[1:])}"
        return f"{text} ({accepted} accepted by the baseline)" if accepted else text

    # --- for programs ---

    def as_dict(self) -> dict[str, Any]:
        new = {id(finding) for _, finding in self.new()}
        rows = [
            {
                "path": document.path,
                "bytes": document.size,
                "score": document.score,
                "counted_from": document.counted_from,
                "stale": list(document.stale),
                "unmade": list(document.unmade),
                "findings": [asdict(f) for f in document.findings if id(f) in new],
                "accepted": [asdict(f) for f in document.accepted],
            }
            for document in self.judged
        ]
        accepted = len(self.findings) - len(new)
        return {
            "ok": self.ok,
            **counts(self.judged),
            "accepted": accepted,
            "trigger": self.triggers().as_dict(),
            "results": rows,
        }

    def as_sarif(self, version: str) -> dict[str, Any]:
        """Stale documents are results, too, of a rule `stale`."""
        return sarif.sarif(self.placed(), version, registry_docs.explained())

    def text(self, form: str, version: str, *, fold: bool = False) -> str:
        """The whole output in one of the three forms; fold: see `lines`."""
        if form == "json":
            return json.dumps(self.as_dict(), indent=2, ensure_ascii=True) + "\n"
        if form == "sarif":
            return json.dumps(self.as_sarif(version), indent=2, ensure_ascii=True) + "\n"
        return "".join(f"{safe(spoken(line))}\n" for line in self.lines(fold=fold))


SCREEN, GATES, COLUMNS = 18, 16, 80
"""Lines that a terminal shows one by one; gates that it is told of otherwise; how wide it is."""


def _rank(word: str) -> int:
    """Stale documents and errors fail; what only says what is comes last."""
    order = ("stale", "error", "not made yet", "warning", "info")
    return order.index(word)


_PARTS = frozenset({"skills", "commands", "agents", "hooks", ".claude-plugin"})
"""Folders of a plugin."""


def _fitting(place: str, room: int) -> str:
    """The place in so many columns: what tells least goes first, the plugin's name last."""
    if len(place) <= room:
        return place
    *folders, file = place.split("/")
    inside = next((at for at, name in enumerate(folders) if name in _PARTS), len(folders))
    plugin = folders[inside - 1] if inside else ""
    line = file.rpartition(":")[2]
    for short in (f".../{plugin}/.../{file}", f"{plugin}/.../{file}", f"{plugin}/...:{line}"):
        if plugin and len(short) <= room:
            return short
    end = f"...:{line}"
    return f"{(plugin or file)[: room - len(end)]}{end}"


def _sentence(finding: Finding) -> str:
    return f"{finding.severity}: {finding.check}: {finding.message}"


def _some(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
