"""Up to date, or what to do and why: every rule of the one decision, as a table of values."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from nightpress.model import Action, Decision, Finding, Fingerprint, Reason, Window
from nightpress.plan import staleness
from nightpress.plan.staleness import Inputs
from nightpress.plan.standing import LastRow, Publication, Standing

WINDOW = Window(100, 1_000)
NOW = Fingerprint("content", "generator", "schemas", "settings", "model")
FILES = {"README.md": "1", "commands/a.md": "2"}
OURS = Publication("published", "ours", NOW, "gemini:pro", FILES)
ADOPTED = Publication("adopted", "theirs", NOW, "gemini:pro", FILES)
REFUSED = LastRow("refused", NOW, "theirs", "too short")
BEFORE = replace(
    ADOPTED, fingerprint=replace(NOW, content="x"), files={**FILES, "commands/a.md": "0"}
)
WAITING = LastRow("deferred", NOW, "theirs", "waits", waits=True)
SHORT = "insufficient source: 5 of 1,500 bytes"
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


def small(**values: Any) -> Inputs:
    """Inputs of a person's file that is too small, but for `values`."""
    return foreign(**{"standing": Standing("theirs", 99)} | values)


def edited(**values: Any) -> Inputs:
    return of(**{"standing": Standing("theirs", 500)} | values)


def adopted(**values: Any) -> Inputs:
    return foreign(**{"publication": ADOPTED} | values)


def undone(**values: Any) -> Inputs:
    """Inputs of a document of which the original stands again, but for `values`."""
    return small(**{"publication": OURS, "undone": OURS} | values)


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
        of(
            standing=Standing("theirs", 500),
            publication=replace(moved(content="x", settings="x"), files={"README.md": "0"}),
        ),
        "keep", ("edited", "moved"),
    ),
    "edited, too small": (of(standing=Standing("theirs", 9)), "keep", ("edited",)),
    "edited, and asked for": (edited(asked=True), "make", ("person", "asked")),
    "edited, and named": (edited(named=True), "keep", ("edited",)),
    "edited, too small, and named": (
        edited(standing=Standing("theirs", 9), named=True), "make", ("person", "undersized"),
    ),
    "edited, too small, where everything is replaced": (
        edited(standing=Standing("theirs", 9), policy="replace"), "keep", ("edited",),
    ),
    "edited, too small, where drafts are reviewed": (
        edited(standing=Standing("theirs", 9), policy="review"), "make", ("person", "undersized"),
    ),
    "edited, too small, where files are extended": (
        edited(standing=Standing("theirs", 9), policy="extend"), "make", ("person", "undersized"),
    ),
    "edited, where files are extended": (edited(policy="extend"), "keep", ("edited",)),
    "edited, and forced": (
        of(standing=Standing("theirs", 500), forced=True), "make", ("asked", "person"),
    ),
    "ours, forced": (of(forced=True), "make", ("asked",)),
    "never, and forced": (absent(forced=True), "make", ("asked",)),
    # asked for
    "ours, asked for": (of(asked=True), "make", ("asked",)),
    "ours, asked for, with what has changed": (
        of(asked=True, publication=moved(settings="x")), "make", ("asked", "settings"),
    ),
    "a person's, asked for": (foreign(asked=True), "make", ("person", "asked")),
    "adopted, asked for": (adopted(asked=True), "make", ("person", "asked")),
    "asked for, too little source": (
        of(asked=True, shortage=SHORT), "insufficient", ("insufficient", "asked"),
    ),
    "forced, too little source": (of(forced=True, shortage=SHORT), "make", ("asked",)),
    "refused before, asked for": (foreign(asked=True, last=REFUSED), "make", ("person", "asked")),
    "refused before, forced": (foreign(forced=True, last=REFUSED), "make", ("asked", "person")),
    # no file
    "never": (absent(), "make", ("never",)),
    "gone": (absent(publication=OURS), "make", ("missing",)),
    "an adopted one that is gone": (absent(publication=ADOPTED), "make", ("missing",)),
    "never, hollow": (absent(hollow="x", shortage=SHORT), "hollow", ("hollow", "never")),
    "hollow, a template to be replaced": (
        small(policy="replace", hollow="x"), "hollow", ("hollow", "person", "undersized"),
    ),
    "never, too little source": (absent(shortage=SHORT), "insufficient", ("insufficient", "never")),
    # a person's file
    "good": (foreign(), "adopt", ("good",)),
    "good, with warnings": (foreign(findings=[WARNING]), "adopt", ("good",)),
    "good, of the least size": (foreign(standing=Standing("theirs", 100)), "adopt", ("good",)),
    "good, a shortage is no matter": (foreign(shortage=SHORT), "adopt", ("good",)),
    "named, and good": (foreign(named=True), "adopt", ("good",)),
    "too large": (foreign(standing=Standing("theirs", 1_001)), "adopt", ("oversized",)),
    "too large, and named": (
        foreign(standing=Standing("theirs", 1_001), named=True), "adopt", ("oversized",),
    ),
    "too large, where everything is replaced": (
        foreign(standing=Standing("theirs", 1_001), policy="replace"), "adopt", ("oversized",),
    ),
    "with findings": (foreign(findings=[WARNING, ERROR]), "adopt", ("findings",)),
    "with findings, where everything is replaced": (
        foreign(findings=[ERROR], policy="replace"), "adopt", ("findings",),
    ),
    "too large, with findings": (
        foreign(standing=Standing("theirs", 1_001), findings=[ERROR]), "adopt",
        ("oversized", "findings"),
    ),
    "too small": (small(), "keep", ("undersized",)),
    "too small, a shortage is no matter": (small(shortage=SHORT), "keep", ("undersized",)),
    "too small, and named": (small(named=True), "make", ("person", "undersized")),
    "too small, and named, too little source": (
        small(named=True, shortage=SHORT), "insufficient", ("insufficient", "person", "undersized"),
    ),
    "too small, where drafts are reviewed": (
        small(policy="review"), "make", ("person", "undersized"),
    ),
    "too small, where files are extended": (
        small(policy="extend"), "make", ("person", "undersized"),
    ),
    "too small, where everything is replaced": (
        small(policy="replace"), "make", ("person", "undersized"),
    ),
    "small, too little source": (
        small(policy="replace", shortage=SHORT), "insufficient",
        ("insufficient", "person", "undersized"),
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
    "adopted, where everything is replaced": (
        adopted(standing=Standing("theirs", 9), policy="replace"), "fresh", (),
    ),
    "adopted, where files are extended": (
        adopted(standing=Standing("theirs", 9), policy="extend"), "fresh", (),
    ),
    "adopted, and named": (adopted(named=True), "fresh", ()),
    "adopted, and a draft waits": (adopted(last=WAITING), "parked", ("review", "person")),
    "adopted, a draft waits, and the source has moved on": (
        adopted(publication=BEFORE, last=WAITING), "parked", ("review", "person", "moved"),
    ),
    "adopted, and its draft was rejected": (
        adopted(last=replace(WAITING, waits=False, rejected="no")), "fresh", ("rejected",),
    ),
    "adopted again since its draft was made": (
        adopted(last=replace(WAITING, before_sha256="other")), "fresh", (),
    ),
    "edited, and a draft waits": (edited(last=WAITING), "parked", ("review", "person", "edited")),
    "good, a draft waits": (foreign(last=WAITING), "parked", ("review", "person", "good")),
    "adopted, small, and named": (
        adopted(standing=Standing("theirs", 9), named=True), "make", ("person", "undersized"),
    ),
    "adopted, other settings": (
        adopted(publication=replace(ADOPTED, fingerprint=replace(NOW, settings="x"))), "fresh", (),
    ),
    "adopted, a command has changed": (adopted(publication=BEFORE), "fresh", ("moved",)),
    "adopted, a command has changed, and named": (
        adopted(publication=BEFORE, named=True), "make", ("person", "moved"),
    ),
    "adopted, a file has changed that it does not name": (
        adopted(publication=replace(BEFORE, files={**FILES, "README.md": "0"})), "fresh", (),
    ),
    "adopted, a file has changed that it names": (
        adopted(
            publication=replace(BEFORE, files={**FILES, "README.md": "0"}),
            mentioned=frozenset({"README.md"}),
        ),
        "fresh", ("moved",),
    ),
    "adopted, other content of which nothing is known": (
        adopted(publication=replace(BEFORE, files=None)), "fresh", (),
    ),
    "adopted, edited since": (
        adopted(publication=replace(ADOPTED, sha256="earlier")), "adopt", ("good",),
    ),
    "adopted, edited since, and small": (
        small(publication=replace(ADOPTED, sha256="earlier")), "keep", ("undersized",),
    ),
    # what stood before our publication stands again
    "undone": (undone(), "parked", ("undone",)),
    "undone, where everything is replaced": (undone(policy="replace"), "parked", ("undone",)),
    "undone, where files are extended": (undone(policy="extend"), "parked", ("undone",)),
    "undone, the lock file with it": (undone(publication=None), "parked", ("undone",)),
    "undone, and named": (undone(named=True), "make", ("person", "undersized")),
    "undone, and asked for": (undone(asked=True), "make", ("person", "asked")),
    "undone, and forced": (undone(forced=True), "make", ("asked", "person", "undersized")),
    "undone, inside the window": (
        undone(standing=Standing("theirs", 500)), "parked", ("undone",),
    ),
    "undone, another ingredient, and kept": (
        undone(undone=moved(settings="x")), "keep", ("undersized",),
    ),
    "undone, another ingredient, and replaced": (
        undone(undone=moved(settings="x"), policy="replace"), "make", ("person", "undersized"),
    ),
    "undone, another ingredient, inside the window": (
        undone(standing=Standing("theirs", 500), undone=moved(settings="x")), "adopt", ("good",),
    ),
    "undone, by a model whose key is gone": (
        undone(undone=moved(model="x"), writer="offline", writer_by_default=True), "parked",
        ("undone",),
    ),
    "undone, and adopted since": (
        undone(standing=Standing("theirs", 500), publication=ADOPTED), "fresh", (),
    ),
    "an update undone, the lock file with it": (
        of(publication=moved(settings="x"), undone=replace(OURS, sha256="newer")), "parked",
        ("undone",),
    ),
    "an update undone, and named": (
        of(publication=moved(settings="x"), undone=OURS, named=True), "make", ("settings",),
    ),
    "an update undone, another ingredient": (
        of(publication=moved(settings="x"), undone=moved(settings="y")), "make", ("settings",),
    ),
    "an update undone that changed nothing": (of(undone=OURS), "fresh", ()),
    # refused before, from the very same
    "refused before": (
        small(policy="replace", last=REFUSED), "parked", ("parked", "person", "undersized"),
    ),
    "refused before, and named": (
        small(named=True, last=REFUSED), "parked", ("parked", "person", "undersized"),
    ),
    "refused before, for it was named then": (
        small(last=REFUSED), "parked", ("parked", "person", "undersized"),
    ),
    "its draft waits, for it was named then": (
        small(last=WAITING), "parked", ("review", "person", "undersized"),
    ),
    "its draft waits, and it is named again": (
        small(named=True, last=WAITING), "parked", ("review", "person", "undersized"),
    ),
    "its draft waits, and is asked for": (
        small(asked=True, last=WAITING), "make", ("person", "asked"),
    ),
    "its draft waits, and it was edited since": (
        small(standing=Standing("other", 99), last=WAITING), "keep", ("undersized",),
    ),
    "its draft waits, from other content": (
        small(last=replace(WAITING, fingerprint=replace(NOW, content="x"))), "keep",
        ("undersized",),
    ),
    "refused before, nothing stood and stands": (
        absent(last=replace(REFUSED, before_sha256=None)), "parked", ("parked", "never"),
    ),
    "refused before, when another file stood": (
        small(policy="replace", last=replace(REFUSED, before_sha256="earlier")),
        "make", ("person", "undersized"),
    ),
    "refused before, from other content": (
        small(policy="replace", last=replace(REFUSED, fingerprint=replace(NOW, content="x"))),
        "make", ("person", "undersized"),
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
        ("review",),
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


PUBLISH: dict[str, tuple[Inputs, str]] = {
    "never": (absent(policy="keep"), "auto"),
    "ours": (of(publication=moved(settings="x")), "auto"),
    "ours, whatever is done to files of people": (
        of(publication=moved(settings="x"), policy="review"), "auto",
    ),
    "named": (small(named=True), "review"),
    "reviewed": (small(policy="review"), "review"),
    "extended": (small(policy="extend"), "extend"),
    "replaced": (small(policy="replace"), "auto"),
    "named, where files are extended": (small(policy="extend", named=True), "extend"),
    "named, where everything is replaced": (small(policy="replace", named=True), "auto"),
    "asked for": (foreign(asked=True), "review"),
    "asked for, where everything is replaced": (foreign(asked=True, policy="replace"), "auto"),
    "forced": (small(forced=True), "auto"),
    "edited, and forced": (edited(forced=True), "auto"),
    "edited, and asked for": (edited(asked=True), "review"),
    "edited, and asked for, where everything is replaced": (
        edited(asked=True, policy="replace"), "review",
    ),
    "edited, and named, where everything is replaced": (
        edited(standing=Standing("theirs", 9), named=True, policy="replace"), "review",
    ),
    "edited, where files are extended": (
        edited(standing=Standing("theirs", 9), policy="extend"), "extend",
    ),
    "adopted, and asked for": (adopted(asked=True), "review"),
    "adopted, and named, where everything is replaced": (
        adopted(publication=BEFORE, named=True, policy="replace"), "review",
    ),
    "undone, and named": (undone(named=True), "review"),
    "undone, and named, where everything is replaced": (
        undone(named=True, policy="replace"), "auto",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISH)
def test_what_becomes_of_the_draft(name: str) -> None:
    inputs, publish = PUBLISH[name]
    decision = staleness.decide(inputs)
    assert (decision.action, decision.publish) == ("make", publish)


@pytest.mark.parametrize(
    ("inputs", "replaced"),
    [
        (small(policy="replace"), True),
        (small(policy="replace", last=REFUSED), True),
        (small(policy="review"), False),
        (small(policy="review", last=WAITING), False),
        (small(policy="extend"), False),
        (small(), False),
        (foreign(), False),
        (undone(), False),
        (absent(), True),
    ],
)
def test_what_is_no_content_of_its_siblings(inputs: Inputs, replaced: bool) -> None:
    assert staleness.replaces(staleness.decide(inputs)) is replaced


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
        ["a person's file, taken as it is with its findings: frontmatter, links"],
    ),
    "kept": (small(), ["a person's file, kept: undersized (99 of 100 bytes)"]),
    "reviewed": (
        small(policy="review"),
        ["a person's file: its draft will wait for you", "undersized (99 of 100 bytes)"],
    ),
    "extended": (
        small(policy="extend"),
        ["a person's file: extended if nothing of it is lost", "undersized (99 of 100 bytes)"],
    ),
    "replaced": (
        small(policy="replace"), ["REPLACES a person's file", "undersized (99 of 100 bytes)"],
    ),
    "forced over it": (small(forced=True), ["forced", "REPLACES a person's file"]),
    "forced over it, to be reviewed": (
        small(forced=True, reviewed=True),
        ["forced", "a person's file: its draft will wait for you"],
    ),
    "replaced, to be reviewed": (
        small(policy="replace", reviewed=True),
        ["a person's file: its draft will wait for you", "undersized (99 of 100 bytes)"],
    ),
    "waits beside it": (
        small(policy="review", last=WAITING),
        [
            "its draft waits for you: doit review", "a person's file",
            "undersized (99 of 100 bytes)",
        ],
    ),
    "undone": (
        undone(),
        ["the text from before us is back: not made again until you name it"],
    ),
    "moved on": (adopted(publication=BEFORE), ["source has moved on: commands/a.md changed"]),
    "refused": (
        absent(last=replace(REFUSED, before_sha256=None)),
        ["refused before (too short)", "never made"],
    ),
    "waits": (
        absent(last=LastRow("deferred", NOW, None, waits=True)),
        ["its draft waits for you: doit review"],
    ),
    "forced": (of(forced=True), ["forced"]),
    "asked": (of(asked=True), ["you asked for it"]),
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
    "a person's, too large": (foreign(standing=Standing("theirs", 1_001)), True),
    "adopted": (foreign(publication=ADOPTED), False),
    "adopted, other content": (
        foreign(publication=replace(ADOPTED, fingerprint=replace(NOW, content="x"))), False,
    ),
    "undone": (undone(standing=Standing("theirs", 500)), False),
    "undone, another ingredient": (
        undone(standing=Standing("theirs", 500), undone=moved(settings="x")), True,
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
    (foreign(last=replace(SCARCE, status="hollow")), "hollow", True),
    (foreign(last=SCARCE), "hollow", False),
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
        ("hollow", True, False),
        ("parked", False, False),
        ("fresh", False, False),
    ],
)
def test_what_there_is_to_do(action: Action, once: bool, again: bool) -> None:
    assert staleness.work(action, False) is once
    assert staleness.work(action, True) is again
