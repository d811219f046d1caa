"""What a report tells, as values: computed once, rendered as a page, as Markdown and as JSON.

The fields are the keys of report.json, which stay: new ones may be added. Sizes are
bytes, durations seconds, times ISO 8601 UTC, costs US dollars (None: no price is known).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from nightpress.ledger import CallDay
from nightpress.model import ATTEMPTED, STATES, Status
from nightpress.voice import spoken


class Day(Struct, frozen=True):
    """Attempts that ended on one day, by status."""

    day: str
    outcomes: Mapping[str, int]


class Bin(Struct, frozen=True):
    """Documents of a size, least <= bytes < most: before nightpress, and as they stand."""

    least: int
    most: int
    before: int
    after: int


class Sizes(Struct, frozen=True):
    """The sizes of published and adopted documents, and the default window. before: of how many a
    file stood there before; within_*: how many have a size in their own window, whose floor follows
    what the plugin says."""

    window: tuple[int, int]
    bins: Sequence[Bin] = ()
    documents: int = 0
    within_before: int = 0
    within_after: int = 0
    before: int = 0


class Phase(Struct, frozen=True):
    """How long one phase took: n times; p50, p95 by nearest rank."""

    phase: str
    n: int
    p50: float
    p95: float
    longest: float


class QuotaState(Struct, frozen=True):
    """A model's quota today (the provider's day), and the busiest minute of the report's days."""

    model: str
    rpm: int | None
    tpm: int | None
    rpd: int | None
    used_today: int
    left_today: int | None
    resets_at: str
    busiest_calls: int
    busiest_tokens: int


class ModelRow(Struct, frozen=True):
    """Which model was asked, and which answered ("": none did)."""

    asked: str
    answered: str
    calls: int
    tokens_in: int
    tokens_out: int
    cost: float | None


class GateRow(Struct, frozen=True):
    """How often a gate spoke in the latest attempts, by severity."""

    gate: str
    errors: int
    warnings: int
    infos: int


class Cause(Struct, frozen=True):
    """Enhancements whose latest attempt ended badly for one reason, and what to do about it."""

    cause: str
    status: str
    count: int
    todo: str
    example: str
    said: str


class RunRow(Struct, frozen=True):
    """One run. workers: what each of an engine did, as the event `workers` tells it."""

    run_id: str
    started: str
    finished: str
    backend: str
    model: str
    exit_code: int | None
    seconds: float | None
    outcomes: Mapping[str, int]
    calls: int
    workers: Sequence[Mapping[str, Any]] = ()


class AttemptRow(Struct, frozen=True):
    """One attempt at an enhancement."""

    at: str
    status: str
    model: str
    seconds: float
    tokens: int
    said: str


class Provenance(Struct, frozen=True):
    """Where a published file comes from. prompt: hash of the question that was asked ("" offline);
    template: digest of the generator; restore: the command that brings back what stood before."""

    at: str
    status: str
    backend: str
    asked: str
    answered: str
    sha256: str
    prompt: str
    template: str
    calls: int
    tokens_in: int
    tokens_out: int
    cost: float | None
    snapshot: str
    restore: str


class DocumentRow(Struct, frozen=True):
    """One enhancement as it stands. state: in one word; window: the sizes asked of it; draft: the
    kept draft or the page of those that wait, relative to `.nightpress/`."""

    job: str
    type: str
    target: str
    state: str
    reasons: Sequence[str]
    size: int
    size_before: int | None = None
    score: int | None = None
    score_before: int | None = None
    tries: int = 0
    last: str = ""
    attempts: Sequence[AttemptRow] = ()
    findings: Sequence[Mapping[str, Any]] = ()
    findings_left_out: int = 0
    provenance: Provenance | None = None
    diff: Sequence[str] = ()
    window: tuple[int, int] | None = None
    draft: str = ""


class PluginRow(Struct, frozen=True):
    """One plugin and its documents; state: the one of them that needs the user most."""

    slug: str
    name: str
    state: str
    documents: Sequence[DocumentRow]


class NeedRow(Struct, frozen=True):
    """What one plugin itself needs: its source findings, as `file:line: message`; hollow: it has
    nothing real to say."""

    slug: str
    hollow: bool
    findings: Sequence[str]


class ListedRow(Struct, frozen=True):
    """One plugin's skills in the listing that an agent always has: characters and tokens always,
    tokens if all of them are loaded; first: of the requests, found by their own skill first."""

    slug: str
    skills: int
    characters: int
    tokens_always: int
    tokens_on_load: int
    requests: int
    first: int


class ConfusedRow(Struct, frozen=True):
    """A skill that comes first at few of its own requests; rival: the one that takes most."""

    job: str
    requests: int
    first: int
    rival: str
    taken: int


class Listing(Struct, frozen=True):
    """Are the skills found? Shares of all requests, 0 to 1 (None: nothing was asked); twins by
    their jobs; what the listing takes, and how many characters of it an agent is shown."""

    skills: int
    requests: int
    first: float | None
    top3: float | None
    characters: int
    shown: int
    tokens_always: int
    tokens_on_load: int
    twins: Sequence[tuple[str, str]] = ()
    confused: Sequence[ConfusedRow] = ()
    plugins: Sequence[ListedRow] = ()


class Backups(Struct, frozen=True):
    """Good copies, and the last rehearsal of a recovery; "" and None: there is none.
    failed_since: what the last try said, if it failed."""

    last_backup: str = ""
    last_backup_said: str = ""
    last_drill: str = ""
    last_drill_said: str = ""
    drill_ok: bool | None = None
    count: int = 0
    off_site: bool | None = None
    failed_since: str = ""


class Figures(Struct, frozen=True):
    """The whole report. since: the first day of everything that is counted by day, by phase, by
    call and by model; `attempts`, `rate` (published of attempted, percent) and `cost` are of all
    time.
    not_attempted: declared documents that no draft was ever made for; writer: who writes, as the
    settings and the last run on record say."""

    project: str
    generated: str
    version: str
    writer: str
    since: str
    standing: Mapping[str, int]
    attempts: Mapping[str, int]
    rate: float | None
    not_attempted: int
    runs: Sequence[RunRow]
    days: Sequence[Day]
    sizes: Sizes
    phases: Sequence[Phase]
    call_days: Sequence[CallDay]
    quota: Sequence[QuotaState]
    models: Sequence[ModelRow]
    gates: Sequence[GateRow]
    causes: Sequence[Cause]
    backups: Backups
    plugins: Sequence[PluginRow]
    problems: Sequence[str] = field(default=())
    needs: Sequence[NeedRow] = field(default=())
    listing: Listing | None = None
    format: int = 1


def attempted(figures: Figures) -> int:
    """Attempts that the rate is taken of."""
    return sum(figures.attempts.get(status, 0) for status in ATTEMPTED)


def rate_words(figures: Figures) -> str:
    """`112 of 112 attempts published (100 %); 129 documents not attempted`; "" before any."""
    if figures.rate is None:
        return ""
    published, tried = figures.attempts.get(Status.PUBLISHED, 0), attempted(figures)
    words = f"{published:,} of {tried:,} attempts published ({figures.rate:g} %)"
    if n := figures.not_attempted:
        words += f"; {n:,} document{'s' * (n != 1)} not attempted"
    return words


def size_words(sizes: Sizes) -> str:
    """`6 of 7 documents of the right size`, and how it was before; "" before any."""
    if not sizes.documents:
        return ""
    some = f"{sizes.documents:,} document{'s' * (sizes.documents != 1)}"
    words = f"{sizes.within_after:,} of {some} of the right size"
    if sizes.before:
        return f"{words}; {sizes.within_before:,} of {sizes.before:,} before nightpress"
    return f"{words}; none before nightpress"


def first_words(first: int, requests: int) -> str:
    """`3 of 4`, or words where a plugin quotes no request that its skill could be found by."""
    return f"{first:,} of {requests:,}" if requests else "no requests"


def listing_words(told: Listing) -> str:
    """How many requests find their skill, and what the listing of all skills costs."""
    said = (
        f"The names and descriptions of {told.skills:,} skills take {told.characters:,} characters"
        f" ({told.shown:,} are listed whole) and about {told.tokens_always:,} tokens, loaded or"
        f" not; a skill that is loaded takes about {told.tokens_on_load // told.skills:,}."
    )
    if told.first is None or told.top3 is None:
        return said
    found = (
        f"Of {told.requests:,} sample requests (the skills' own words; nightpress check adds their"
        f" plugins') {told.first:.0%} rank their own skill first,"
    )
    return f"{found} {told.top3:.0%} among the first three. {said}"


UNUSABLE = "unusable"
"""A plugin of which no document could be looked at."""
STATE_WORDS = {UNUSABLE: UNUSABLE, **{state: words.word for state, words in STATES.items()}}
"""A state as users read it, the one that needs them most first."""


def in_words(figures: Figures) -> Figures:
    """The figures with every command in the words of whoever typed ours (see voice)."""
    return replace(
        figures,
        causes=tuple(replace(one, todo=spoken(one.todo), said=spoken(one.said))
                     for one in figures.causes),
        problems=tuple(map(spoken, figures.problems)),
        plugins=tuple(
            replace(plugin, documents=tuple(map(_in_words, plugin.documents)))
            for plugin in figures.plugins
        ),
    )  # fmt: skip


def _in_words(document: DocumentRow) -> DocumentRow:
    from_ = document.provenance
    return replace(
        document,
        reasons=tuple(map(spoken, document.reasons)),
        attempts=tuple(replace(one, said=spoken(one.said)) for one in document.attempts),
        provenance=from_ and replace(from_, restore=spoken(from_.restore)),
    )
