"""The words of nightpress as frozen values: what every wing passes to the others.

Paths are POSIX strings, relative to the root that their docstring names; sizes are bytes; digests
are lower-case hex sha256; times are UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal, NamedTuple, Protocol, get_args

from msgspec import Struct, field

BackendKind = Literal["offline", "model"]
Severity = Literal["error", "warning", "info"]


class Status(StrEnum):
    """How an attempt stands; the values are those of the ledger's column `status`."""

    STARTED = "started"
    PREPARED = "prepared"
    PUBLISHED = "published"
    ADOPTED = "adopted"
    REFUSED = "refused"
    FAILED = "failed"
    DEFERRED = "deferred"
    INSUFFICIENT = "insufficient"
    HOLLOW = "hollow"
    KEPT = "kept"
    INTERRUPTED = "interrupted"


OPEN = (Status.STARTED, Status.PREPARED)
"""The attempt goes on, or its run was killed."""
OUTCOMES = tuple(status for status in Status if status not in OPEN)
"""How an attempt can end, in the order in which outcomes are told."""
STANDING = (Status.PUBLISHED, Status.ADOPTED)
"""What the attempt was for stands at its target."""
ATTEMPTED = (Status.PUBLISHED, Status.REFUSED, Status.FAILED)
"""What the success rate is taken of."""
PARKED, REJECTED = "parked", "rejected"
"""The key for an attempt that waits for a person, with its draft, say; its row says `deferred`."""
ENDINGS = tuple(w for s in OUTCOMES for w in ([PARKED, s] if s == Status.DEFERRED else [s]))
"""The keys for how an attempt ended, in the order in which they are told."""


def said(ending: str) -> str:
    """The word that people read for how an attempt ended: that of its state, where it has one."""
    return STATES[PARKED].word if ending == PARKED else ending


class Word(NamedTuple):
    """What people read for a state, and what that means."""

    word: str
    means: str


STATES: Mapping[str, Word] = {
    PARKED: Word(
        "waiting", "nothing is done until somebody decides or something changes: its draft waits"
        " for you, what you put back is there, the provider's filter stopped it, or nothing can be"
        " written at its place",
    ),
    REJECTED: Word("rejected", "its draft was, and what was there stays until something changes"),
    "refused": Word(
        "refused", "its draft did not pass the gates, and is kept for you to read; not asked for"
        " again until something changes",
    ),
    "make": Word("stale", "what we published is no longer what its plugin or its recipe asks for"),
    "unmade": Word("not made yet", "never published; or a draft will be made beside a person's"),
    "render": Word("to update", "its text is still true; its frontmatter or its record follows"),
    "adopt": Word("to adopt", "a person's file, taken on record as it is by the next run"),
    "keep": Word("kept", "a person's file that is too small or was edited; it stays as it is"),
    "hollow": Word("hollow", "the plugin has nothing real to say yet"),
    "insufficient": Word("insufficient", "the plugin says too little for a document of this size"),
    "fresh": Word("up to date", "published or adopted, and nothing moved that it rests on"),
}  # fmt: skip
"""The states of a document, the one that needs the user most first. Every surface takes the words
from here; what an attempt comes to (ENDINGS) has the same word where it stays so."""

RESTORED = "restored.json"
"""Beside the ledger of a project that was restored: which files the restore brought."""


DATA = ("evals", "queries")
"""Formats of a generator's target that are JSON for whoever tries a skill, and no document."""


class Window(Struct, frozen=True):
    """The size that a document must have: min <= bytes <= max. floor: `content`: min is lowered
    for a plugin that says less; upto: the bytes that what it says is good for (0: max)."""

    min: int = 8_000
    max: int = 14_000
    floor: Literal["content", "fixed"] = "content"
    upto: int = 0

    @property
    def upper(self) -> int:
        return self.upto or self.max

    @property
    def is_lowered(self) -> bool:
        """Does the plugin say less than what the whole window is for?"""
        return self.upper < self.max

    @property
    def aim(self) -> int:
        """Bytes that a writer should aim at, so that neither end is missed."""
        return (self.min * 2 + self.upper * 3) // 5

    def holds(self, size: int) -> bool:
        return self.min <= size <= self.max


class Generator(Struct, frozen=True):
    """One type of enhancement as data: the folder `generators/<type>/`, validated.

    `folder` is an absolute path; `settings` is the validated generator.yaml, whole;
    `prompt` and `system` are the template sources; `digest` covers every file of the folder.
    """

    type: str
    folder: str
    title: str
    target: str
    digest: str
    prompt: str
    system: str
    needs: tuple[str, ...] = ()
    frontmatter: Literal["skill", "none"] = "none"
    size: Window | None = None
    min_source_bytes: Mapping[str, int | str] = field(default_factory=dict)
    input_bytes: int = 60_000
    max_output_tokens: int = 16_384
    checks: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


class Enhancement(Struct, frozen=True):
    """One enhancement as its manifest declares it; `target` is relative to the plugin's folder."""

    name: str
    generator: str
    target: str
    size: Window
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def standing(self) -> str:
        """What may happen to a person's file at the target: keep, review, extend or replace."""
        return str(self.settings.get("standing", "keep"))

    @property
    def profile(self) -> str:
        """By whose rules the skill is installed: claude-code, agent-plugins or upload."""
        return str(self.settings.get("profile", "claude-code"))

    @property
    def verifies(self) -> bool:
        """Is a model's draft with sections of weak evidence asked about once more?"""
        return self.settings.get("verify") == "model"

    @property
    def about(self) -> str:
        """The component that a reference is of: its path in the plugin; "" of no reference."""
        return str(self.settings.get("about", ""))

    @property
    def references(self) -> Mapping[str, str]:
        """Of a skill with a bundle: path of each component that has a reference -> that one's
        target."""
        known: Mapping[str, str] = self.settings.get("references", {})
        return known

    @property
    def starts_afresh(self) -> bool:
        """Does nothing of the file at the target go into the document (a template made it)?"""
        return self.settings.get("standing_text") == "ignored"


class Manifest(Struct, frozen=True):
    """One plugin's manifest. slug: the file's stem and the task's name; name: the real one;
    path: the plugin's folder and `file`: the manifest, both relative to the project."""

    slug: str
    name: str
    path: str
    file: str
    enhancements: tuple[Enhancement, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)


# --- what stands in a plugin ------------------------------------------------------------------


class SourceFile(Struct, frozen=True):
    """The text of one file, read safely; what was not UTF-8 is replaced. `truncated` when the
    file was longer than the reading cap; sha256: of exactly the bytes that were read."""

    path: str
    text: str
    size: int
    truncated: bool = False
    sha256: str = ""


class Component(Struct, frozen=True):
    """A command, agent, skill, hook, script or MCP server of a plugin.

    name: as a user types it, without the slash for a command; path: relative to the plugin's
    folder; meta: its frontmatter or JSON object (already bounded); body: text after the
    frontmatter.
    """

    kind: Literal["command", "agent", "skill", "hook", "script", "mcp"]
    name: str
    path: str
    description: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)
    body: str = ""


FactKind = Literal[
    "command", "alias", "argument", "option", "exit code", "agent", "skill", "hook", "server",
    "tool", "script", "variable", "setting", "file", "writes", "package", "program", "version",
    "port", "url", "model", "number",
]  # fmt: skip
FACT_KINDS: tuple[FactKind, ...] = get_args(FactKind)
Basis = Literal["structural", "said"]


class Fact(Struct, frozen=True):
    """One thing that a plugin has, or says that it has.

    name: as it is written (`/locks` without its slash, `--since` with its dashes); values:
    defaults, a hook's matcher and script, what an exit code means; of: whose it is, as a command
    (`/locks`), a script's path or a server; lines: from 1, of `file`; none of one that is known
    without the text it stands in.
    """

    kind: FactKind
    name: str
    file: str
    lines: tuple[int, ...]
    basis: Basis
    values: tuple[str, ...] = ()
    of: str = ""

    @property
    def place(self) -> str:
        return f"{self.file}:{self.lines[0]}" if self.lines else self.file


class Anatomy(Struct, frozen=True):
    """What a plugin consists of, found from its files alone. facts: what is known of files whose
    text is not among `files`."""

    name: str
    description: str
    version: str
    author: str
    keywords: tuple[str, ...]
    components: tuple[Component, ...]
    files: tuple[SourceFile, ...]
    license: str = ""
    facts: tuple[Fact, ...] = ()

    def of(self, kind: str) -> tuple[Component, ...]:
        return tuple(c for c in self.components if c.kind == kind)


# --- calls ------------------------------------------------------------------------------------


Lane = Literal["interactive", "flex", "batch"]
"""How a call is made: at once, at a lower price when there is room, or in a job of many."""


class Layout(Struct, frozen=True):
    """How a prompt was filled in. fence: name of the tags around its data; end: characters of it
    that its template made."""

    fence: str
    end: int


class Request(Struct, frozen=True):
    """One question to a backend; the same for all of them.

    phase: "analysis", "generation" or "repair"; job: `slug` or `slug/name`, what it serves;
    system: the constant instructions (first, so that implicit caching applies); prompt: the
    rendered prompt; schema: the JSON Schema that the reply must satisfy, or None for Markdown;
    material: what the offline backend works from; its prompt and a model's hold the same text;
    lane: at what price and speed it is asked; no matter of the question itself; layout: of the
    prompt, where it is to be sent in another order (`project/layout`); asked: system and prompt
    that the question is known by, where they were sent in another order.
    """

    phase: Literal["analysis", "generation", "repair"]
    job: str
    model: str
    system: str
    prompt: str
    max_output_tokens: int
    material: Material
    schema: Mapping[str, Any] | None = None
    lane: Lane = "interactive"
    layout: Layout | None = None
    asked: tuple[str, str] | None = None


HOUSE: Mapping[str, Any] = {"metadata": {"author": "{author}", "version": "{version}"}}
"""Fields of a skill's frontmatter beside name and description, where the defaults name none."""


class Material(Struct, frozen=True):
    """What a document is made from: the plugin, its analysis (generation only), the standing text
    to be replaced (may be empty), the window, the generator's settings. siblings: targets of
    the plugin's other skills, which have documents of their own; current: the text at the target
    now, whose frontmatter is kept; ours: we published it (and it goes back to no person's file);
    house: the project's own fields of the frontmatter; spares: nothing of the standing text may be
    lost (a person's, and not to be replaced); extends: nor is its frontmatter proposed anew;
    afresh: nothing of the standing text is used: a template made it; references: path of a
    component -> path of the file in the skill's folder that tells all of it; profile: by whose
    rules it is installed; held: digest of all that the plugin's folder holds; quotes: characters of
    a listing up to which it is quoted whole; excerpts: of a longer one a function is."""

    anatomy: Anatomy
    analysis: Mapping[str, Any] | None
    standing: str
    generator: Generator | None
    target: str
    window: Window
    links: tuple[str, ...] = ()
    siblings: tuple[str, ...] = ()
    current: str = ""
    ours: bool = False
    house: Mapping[str, Any] = field(default_factory=lambda: HOUSE)
    spares: bool = False
    afresh: bool = False
    extends: bool = False
    references: Mapping[str, str] = field(default_factory=dict)
    profile: str = "claude-code"
    held: str = ""
    quotes: int = 3_200
    excerpts: bool = False


class Reply(Struct, frozen=True):
    """A backend's reply. finish: "stop" or "length"; model: the one that answered; rerouted: it is
    another than the one that was asked (and no mere version of it); tier: what the provider says of
    the price that it was served at, in its own word; tokens_cached: of tokens_in, those that it had
    in its cache, where it says so; limits: of the model, as the provider states them beside it."""

    text: str
    model: str
    finish: str = "stop"
    tokens_in: int = 0
    tokens_out: int = 0
    http_status: int | None = None
    raw: str = ""
    rerouted: bool = False
    tier: str = ""
    tokens_cached: int = 0
    limits: Mapping[str, int] = {}


class Backend(Protocol):
    """Who writes. One `ask` is at most one HTTP attempt; whatever is no reply is raised as
    `errors.BackendError`. `kind` is "offline" (no call leaves the machine) or "model".
    `close` gives up what is in flight in other threads: those calls raise BackendError."""

    name: str
    kind: BackendKind

    def ask(self, request: Request) -> Reply: ...

    def close(self) -> None: ...


# --- judgement --------------------------------------------------------------------------------


class Finding(Struct, frozen=True):
    """What a check has to say; line and column count from 1, 0 means the whole document."""

    check: str
    severity: Severity
    message: str
    line: int = 0
    column: int = 0
    hint: str = ""


class Reason(Struct, frozen=True):
    """Why something is stale, in the user's words; `code` is stable for programs."""

    code: str
    text: str


class Fingerprint(Struct, frozen=True):
    """One digest per ingredient of an enhancement. telling: of what its content tells, which may
    be the same where the content is not; "" where nobody asked."""

    content: str
    generator: str
    schemas: str
    settings: str
    model: str
    telling: str = ""


Action = Literal["fresh", "make", "render", "adopt", "keep", "parked", "insufficient", "hollow"]


class Decision(Struct, frozen=True):
    """What to do about one enhancement, and why. Only "make", "render" (the text
    stays; fields of its frontmatter follow plugin.json) and "adopt" are work. publish: what
    becomes of a draft that passes: auto (published), review (it waits for a person), extend
    (published where nothing of the file that stands there is lost, else it waits). sections: the
    headings of those that are asked for; (): all of it is."""

    action: Action
    reasons: tuple[Reason, ...] = ()
    publish: str = "auto"
    sections: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """Its key in STATES. A draft that was refused or rejected is told from what else is parked,
        and what was never published from what no longer holds."""
        codes = {reason.code for reason in self.reasons}
        if self.action == "parked" and codes & {"parked", REJECTED}:
            return "refused" if "parked" in codes else REJECTED
        if self.action == "make" and codes & {"never", "person"}:
            return "unmade"
        return self.action

    @property
    def word(self) -> str:
        return STATES[self.state].word

    def __repr__(self) -> str:
        reasons = "; ".join(r.text for r in self.reasons)
        return f"{self.word}: {reasons}" if reasons else self.word
