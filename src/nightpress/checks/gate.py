"""What a check is: a named pure function, what it may know, and what it may say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field

from nightpress.checks.document import Document
from nightpress.checks.near_duplicates import Neighbours
from nightpress.model import Anatomy, Finding, Severity, Window

if TYPE_CHECKING:
    from nightpress.checks.trigger import Beaten, Skill

Family = Literal[
    "form", "grounding", "substance", "safety", "regression", "truncation", "normalised", "custom"
]
Options = Mapping[str, Any]


class Spot(Struct, frozen=True):
    """One thing that a check found; its gate adds name and severity. Line and column count from
    1; 0 means the whole document."""

    message: str
    line: int = 0
    column: int = 0
    hint: str = ""


class Context(Struct, frozen=True):
    """What the checks may know beyond the text. Everything is optional: what is not known is not
    judged.

    settings: the generator's `checks:` mapping, with the manifest's over it; target: the document's
    path, relative to the plugin's folder; plugin_paths: every path that stands (or will stand) in
    the plugin, None if unknown; marketplace_plugins: names of the plugins; elsewhere: whether
    another plugin has a component (kind, name), None if unknown; standing: the text that this one
    would replace; persons: what a person wrote of it; witness: the plugin's own document that
    this one was made from, and which is source like its files; ours: whether a generator of ours
    wrote it, so that house rules hold (else a gate's `alone` severity does); finish: the reply's
    reason; instructions: the prompt's own words, without plugin content; neighbours: the paragraphs
    of the marketplace's other documents; custom: the project's own checks, already loaded; forced:
    the user accepts losses against the standing file; outline: the sections that the generator
    declares; bundle: path -> text of the other files of the document's bundle; profile: by whose
    rules it is installed; format: what the target is, by its generator; rivals: from which of the
    marketplace's other skills a skill would take requests.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    target: str | None = None
    frontmatter: Literal["skill", "none"] = "skill"
    window: Window | None = None
    anatomy: Anatomy | None = None
    plugin_paths: frozenset[str] | None = None
    marketplace_plugins: frozenset[str] = frozenset()
    elsewhere: Callable[[str, str], bool] | None = None
    standing: str | None = None
    persons: str = ""
    witness: str = ""
    ours: bool = True
    finish: str = "stop"
    allow_live_syntax: bool = False
    instructions: str = ""
    neighbours: Neighbours | None = None
    custom: tuple[Gate, ...] = ()
    forced: bool = False
    outline: tuple[Mapping[str, Any], ...] = ()
    bundle: Mapping[str, str] = field(default_factory=dict)
    profile: str = "claude-code"
    format: str = "markdown"
    rivals: Callable[[Skill], Iterable[Beaten]] | None = None


Check = Callable[[Document, Context, Options], Iterable[Spot]]


class Gate(Struct, frozen=True):
    """One check as the registry holds it; the check's docstring is its entry in docs/checks.md.

    alone: the severity for a document that we did not write, kept by hand, where house rules would
    be false alarms; None: the same. fixed: no setting turns it off or lowers it; most: findings
    that are told of one document; spares: it finds nothing in a line that a person wrote and that
    stands in the file before, nor of the whole document what it finds of that file: nobody is asked
    to change it.
    """

    name: str
    family: Family
    severity: Severity
    check: Check
    options: Options = field(default_factory=dict)
    alone: Severity | None = None
    fixed: bool = False
    spares: bool = False
    most: int = 20


class Verdict(Struct, frozen=True):
    """text: the document after normalisation, which is what may be published;
    score: 0-100; deductions: points that it lost, by gate; measures: the numbers behind them
    (bytes, tokens, shares); counted_from: what the score was counted from, in one line.
    """

    text: str
    findings: tuple[Finding, ...]
    score: int
    deductions: Mapping[str, int]
    measures: Mapping[str, float]
    counted_from: str = ""

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.severity == "error")
