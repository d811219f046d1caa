"""Up to date, or what to do and why: every rule of the one decision, as a table of values."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from nightpress.model import Action, Decision, Finding, Fingerprint, Reason, Window
from nightpress.plan import staleness
from nightpress.plan.staleness import Inputs, LastRow, Publication, Standing

WINDOW = Window(100, 1_000)
NOW = Fingerprint("content", "generator", "schemas", "settings", "model")
FILES = {"README.md": "1", "commands/a.md": "2"}
OURS = Publication("published", "ours", NOW, "gemini:pro", FILES)
ADOPTED = Publication("adopted", "theirs", NOW, "gemini:pro", FILES)
REFUSED = LastRow("refused", NOW, "theirs", "too short")
SHORT = "too little source: 5 of 1,500 bytes"
ERROR = Finding("frontmatter", "error", "no name")
WARNING = Finding("prose", "warning", "long")


def of(**values: Any) -> Inputs:
    """Inputs of a document of ours that is up to date, but for `values`."""
    usual: dict[str, Any] = {
        "standing": Standing("ours", 500), "window": WINDOW, "fingerprint": NOW, "files": FILES,
        "writer": "gemini:pro", "publication": OURS,
    }  # fmt: skip
    return Inputs(**usual | values)


def foreign(**values: Any) -> Inputs:
    """Inputs of a document that stands and is nobody's publication, but for `values`."""
    return of(**{"standing": Standing("theirs", 500), "publication": None} | values)


def absent(**values: Any) -> Inputs:
    return of(**{"standing": Standing(), "publication": None} | values)


def moved(**digests: str) -> Publication:
    """Our publication, made when these ingredients were others."""
    return replace(OURS, fingerprint=replace(NOW, **digests))


DECISIONS: dict[str, tuple[Inputs, Action, tuple[str, ...]]] = {
    # the very text that we published
    "ours": (of(), "fresh", ()),
    "ours, another generator": (of(publication=moved(generator="x")), "make", ("generator",)),
    "ours, another contract": (of(publication=moved(schemas="x")), "make", ("schemas",)),
    "ours, other settings": (of(publication=moved(settings="x")), "make", ("settings",)),
    "ours, another model": (of(publication=moved(model="x")), "make", ("model",)),
    "ours, other content": (
        of(publication=replace(moved(content="x"), files={"README.md": "0"})), "make", ("content",),
    ),
    "ours, other content, of which nothing is known": (
        of(publication=replace(moved(content="x"), files=None)), "make", ("content",),
    ),
    "ours, other content that is the same files": (of(publication=moved(content="x")), "fresh", ()),
    "ours, a sibling of ours counts on neither side": (
        of(
            publication=replace(moved(content="x"), files={**FILES, "b/SKILL.md": "3"}),
            publications=frozenset({"b/SKILL.md"}),
        ),
        "fresh", (),
    ),
    "ours, everything at once, in this order": (
        of(
            publication=replace(
                OURS, fingerprint=Fingerprint("a", "b", "c", "d", "e"), files={"gone.md": "1"}
            ),
            standing=Standing("ours", 99),
        ),
        "make", ("content", "generator", "schemas", "settings", "model", "undersized"),
    ),
    "ours, under the window": (of(standing=Standing("ours", 99)), "make", ("undersized",)),
    "ours, of the least size": (of(standing=Standing("ours", 100)), "fresh", ()),
    "ours, of the most size": (of(standing=Standing("ours", 1_000)), "fresh", ()),
    "ours, over the window": (of(standing=Standing("ours", 1_001)), "make", ("oversized",)),
    "ours, findings of it are not asked": (of(findings=[ERROR]), "fresh", ()),
    "ours, a shortage is no matter where nothing is to be made": (of(shortage=SHORT), "fresh", ()),
    # a backend that stands in for want of a key
    "offline by default keeps a model's document": (
        of(publication=moved(model="x"), writer="offline", writer_by_default=True), "fresh", (),
    ),
    "offline by default renews its own": (
        of(
            publication=replace(moved(model="x"), writer="offline"), writer="offline",
            writer_by_default=True,
        ),
        "make", ("model",),
    ),
    "offline as told replaces a model's document": (
        of(publication=moved(model="x"), writer="offline"), "make", ("model",),
    ),
    "offline by default, where more has changed": (
        of(publication=moved(model="x", settings="x"), writer="offline", writer_by_default=True),
        "make", ("settings",),
    ),
    # edited by hand since
    "edited": (of(standing=Standing("theirs", 500)), "keep", ("edited",)),
    "edited, and its plugin has changed": (
        of(standing=Standing("theirs", 500), publication=moved(content="x", settings="x")),
        "keep", ("edited",),
    ),
    "edited, too small": (of(standing=Standing("theirs", 9)), "keep", ("edited",)),
    "edited, and asked for": (
        of(standing=Standing("theirs", 500), asked=True), "keep", ("edited",),
    ),
    "edited, and forced": (of(standing=Standing("theirs", 500), forced=True), "make", ("asked",)),
    # asked for
    "ours, asked for": (of(asked=True), "make", ("asked",)),
    "ours, asked for, with what has changed": (
        of(asked=True, publication=moved(settings="x")), "make", ("asked", "settings"),
    ),
    "a person's, asked for": (foreign(asked=True), "make", ("asked",)),
    "adopted, asked for": (foreign(publication=ADOPTED, asked=True), "make", ("asked",)),
    "asked for, too little source": (
        of(asked=True, shortage=SHORT), "insufficient", ("insufficient", "asked"),
    ),
    "forced, too little source": (of(forced=True, shortage=SHORT), "make", ("asked",)),
    "refused before, asked for": (foreign(asked=True, last=REFUSED), "make", ("asked",)),
    "refused before, forced": (foreign(forced=True, last=REFUSED), "make", ("asked",)),
    # no file
    "never": (absent(), "make", ("never",)),
    "gone": (absent(publication=OURS), "make", ("missing",)),
    "an adopted one that is gone": (absent(publication=ADOPTED), "make", ("missing",)),
    "never, too little source": (absent(shortage=SHORT), "insufficient", ("insufficient", "never")),
    # a person's file
    "good": (foreign(), "adopt", ("good",)),
    "good, with warnings": (foreign(findings=[WARNING]), "adopt", ("good",)),
    "good, of the least size": (foreign(standing=Standing("theirs", 100)), "adopt", ("good",)),
    "good, a shortage is no matter": (foreign(shortage=SHORT), "adopt", ("good",)),
    "too small": (foreign(standing=Standing("theirs", 99)), "make", ("never", "undersized")),
    "too large": (foreign(standing=Standing("theirs", 1_001)), "make", ("never", "oversized")),
    "with findings": (foreign(findings=[WARNING, ERROR]), "make", ("never", "findings")),
    "small, with findings": (
        foreign(standing=Standing("theirs", 1), findings=[ERROR]), "make",
        ("never", "undersized", "findings"),
    ),
    "small, too little source": (
        foreign(standing=Standing("theirs", 99), shortage=SHORT), "insufficient",
        ("insufficient", "never", "undersized"),
    ),
    # adopted
    "adopted": (foreign(publication=ADOPTED), "fresh", ()),
    "adopted, small": (
        foreign(publication=ADOPTED, standing=Standing("theirs", 9)), "fresh", (),
    ),
    "adopted, with findings": (foreign(publication=ADOPTED, findings=[ERROR]), "fresh", ()),
    "adopted, another generator and model": (
        foreign(publication=replace(ADOPTED, fingerprint=replace(NOW, generator="x", model="x"))),
        "fresh", (),
    ),
    "adopted, other content": (
        foreign(publication=replace(ADOPTED, fingerprint=replace(NOW, content="x"))),
        "adopt", ("good",),
    ),
    "adopted, other settings": (
        foreign(publication=replace(ADOPTED, fingerprint=replace(NOW, settings="x"))),
        "adopt", ("good",),
    ),
    "adopted, edited since": (
        foreign(publication=replace(ADOPTED, sha256="earlier")), "adopt", ("good",),
    ),
    "adopted, other content, findings": (
        foreign(
            publication=replace(ADOPTED, fingerprint=replace(NOW, content="x")), findings=[ERROR]
        ),
        "make", ("never", "findings"),
    ),
    "adopted in spite of that finding, other content": (
        foreign(
            publication=replace(
                ADOPTED, fingerprint=replace(NOW, content="x"), accepted=("frontmatter#1a",)
            ),
            findings=[ERROR],
        ),
        "adopt", ("good",),
    ),
    "adopted in spite of another finding, other content": (
        foreign(
            publication=replace(
                ADOPTED, fingerprint=replace(NOW, content="x"), accepted=("prose#1a",)
            ),
            findings=[ERROR],
        ),
        "make", ("never", "findings"),
    ),
    # refused before, from the very same
    "refused before": (
        foreign(standing=Standing("theirs", 9), last=REFUSED), "parked",
        ("parked", "never", "undersized"),
    ),
    "refused before, nothing stood and stands": (
        absent(last=replace(REFUSED, before_sha256=None)), "parked", ("parked", "never"),
    ),
    "refused before, when another file stood": (
        foreign(standing=Standing("theirs", 9), last=replace(REFUSED, before_sha256="earlier")),
        "make", ("never", "undersized"),
    ),
    "refused before, from other content": (
        foreign(
            standing=Standing("theirs", 9),
            last=replace(REFUSED, fingerprint=replace(NOW, content="x")),
        ),
        "make", ("never", "undersized"),
    ),
    "refused before, by another model": (
        absent(
            last=replace(REFUSED, fingerprint=replace(NOW, model="x"), before_sha256=None),
            writer="offline", writer_by_default=True,
        ),
        "make", ("never",),
    ),
    "failed before": (
        absent(last=LastRow("failed", NOW, None)), "make", ("never",),
    ),
    "refused before, and too little source": (
        absent(last=replace(REFUSED, before_sha256=None), shortage=SHORT), "parked",
        ("parked", "never"),
    ),
    "refused before, and good by now": (foreign(last=REFUSED), "adopt", ("good",)),
    "its draft waits": (
        absent(last=LastRow("deferred", NOW, None, "waits", waits=True)), "parked",
        ("review", "never"),
    ),
    "put off, but no draft waits": (
        absent(last=LastRow("deferred", NOW, None)), "make", ("never",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DECISIONS)
def test_the_decision_and_its_reasons(name: str) -> None:
    inputs, action, codes = DECISIONS[name]
    decision = staleness.decide(inputs)
    assert (decision.action, tuple(reason.code for reason in decision.reasons)) == (action, codes)


SAID: dict[str, tuple[Inputs, list[str]]] = {
    "files": (
        of(
            files={"a": "2", "b": "1", "d": "1", "e": "1", "f": "1"},
            publication=replace(moved(content="x"), files={"a": "1", "b": "1", "c": "1"}),
        ),
        ["content changed: d added, e added, f added and 2 more"],
    ),
    "a file": (
        of(publication=replace(moved(content="x"), files={**FILES, "README.md": "0"})),
        ["content changed: README.md changed"],
    ),
    "a file that is gone": (
        of(publication=replace(moved(content="x"), files={**FILES, "OLD.md": "0"})),
        ["content changed: OLD.md removed"],
    ),
    "files that nobody knows": (
        of(publication=replace(moved(content="x"), files=None)), ["content changed"],
    ),
    "model": (
        of(publication=moved(model="x"), writer="gemini:flash"),
        ["model changed: gemini:pro -> gemini:flash"],
    ),
    "the rest": (
        of(publication=moved(generator="x", schemas="x", settings="x")),
        ["generator changed", "analysis contract changed", "settings changed"],
    ),
    "size": (
        of(standing=Standing("ours", 1_234), window=Window(2_000, 3_000)),
        ["undersized (1,234 of 2,000 bytes)"],
    ),
    "findings, each check once": (
        foreign(findings=[ERROR, ERROR, Finding("links", "error", "broken"), WARNING]),
        ["never made", "the file that stands there has findings: frontmatter, links"],
    ),
    "refused": (
        absent(last=replace(REFUSED, before_sha256=None)),
        ["refused before (too short)", "never made"],
    ),
    "waits": (
        absent(last=LastRow("deferred", NOW, None, waits=True)),
        ["its draft waits for you: doit review", "never made"],
    ),
    "forced": (of(forced=True), ["asked for (force)"]),
    "asked": (of(asked=True), ["asked for"]),
    "gone": (absent(publication=OURS), ["target missing"]),
    "shortage": (absent(shortage=SHORT), [SHORT, "never made"]),
}  # fmt: skip


@pytest.mark.parametrize("name", SAID)
def test_the_reasons_in_words(name: str) -> None:
    inputs, texts = SAID[name]
    assert [reason.text for reason in staleness.decide(inputs).reasons] == texts


JUDGEMENT = {
    "no file": (absent(), False),
    "ours": (of(), False),
    "edited": (of(standing=Standing("theirs", 500)), False),
    "a person's": (foreign(), True),
    "a person's, of the least size": (foreign(standing=Standing("theirs", 100)), True),
    "a person's, too small": (foreign(standing=Standing("theirs", 99)), False),
    "a person's, too large": (foreign(standing=Standing("theirs", 1_001)), False),
    "adopted": (foreign(publication=ADOPTED), False),
    "adopted, other content": (
        foreign(publication=replace(ADOPTED, fingerprint=replace(NOW, content="x"))), True,
    ),
    "adopted, edited": (foreign(publication=replace(ADOPTED, sha256="earlier")), True),
}  # fmt: skip


@pytest.mark.parametrize("name", JUDGEMENT)
def test_the_standing_file_is_judged_only_where_it_matters(name: str) -> None:
    inputs, needed = JUDGEMENT[name]
    assert staleness.needs_judgement(inputs) is needed
    if not needed:  # then findings change nothing, but where they would be told beside the size
        plain, found = (staleness.decide(replace(inputs, findings=f)) for f in ((), (ERROR,)))
        assert plain.action == found.action


@pytest.mark.parametrize(
    ("standing", "publication", "ours", "edited"),
    [
        (Standing(), None, False, False),
        (Standing(), OURS, False, False),
        (Standing("ours", 1), None, False, False),
        (Standing("ours", 1), OURS, True, False),
        (Standing("theirs", 1), OURS, False, True),
        (Standing("theirs", 1), ADOPTED, False, False),
        (Standing("another", 1), ADOPTED, False, False),
    ],
)
def test_whose_file_stands_there(
    standing: Standing, publication: Publication | None, ours: bool, edited: bool
) -> None:
    assert staleness.is_ours(standing, publication) is ours
    assert staleness.is_edited(standing, publication) is edited


KEPT = LastRow("kept", NOW, "theirs")
SCARCE = LastRow("insufficient", NOW, "theirs")
RECORDED: list[tuple[Inputs, Action, bool]] = [
    (foreign(), "keep", False),
    (foreign(last=KEPT), "keep", True),
    (foreign(last=replace(KEPT, before_sha256="earlier")), "keep", False),
    (foreign(last=replace(KEPT, fingerprint=replace(NOW, content="x"))), "keep", True),
    (foreign(last=SCARCE), "keep", False),
    (foreign(last=SCARCE), "insufficient", True),
    (foreign(last=replace(SCARCE, before_sha256=None)), "insufficient", False),
    (foreign(last=replace(SCARCE, fingerprint=replace(NOW, content="x"))), "insufficient", False),
    (foreign(last=KEPT), "insufficient", False),
    (foreign(last=KEPT), "make", False),
    (foreign(last=LastRow("published", NOW, "theirs")), "fresh", False),
]


@pytest.mark.parametrize(("inputs", "action", "already"), RECORDED)
def test_what_the_ledger_says_already(inputs: Inputs, action: Action, already: bool) -> None:
    assert staleness.recorded(inputs, Decision(action, (Reason("x", "x"),))) is already


@pytest.mark.parametrize(
    ("action", "once", "again"),
    [
        ("make", True, True),
        ("adopt", True, True),
        ("keep", True, False),
        ("insufficient", True, False),
        ("parked", False, False),
        ("fresh", False, False),
    ],
)
def test_what_there_is_to_do(action: Action, once: bool, again: bool) -> None:
    assert staleness.work(action, False) is once
    assert staleness.work(action, True) is again
