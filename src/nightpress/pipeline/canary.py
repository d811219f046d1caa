"""The same few plugins by each of several models or prompts, side by side; nothing is published.

Each candidate has a copy of the sample, a project of its own without the records of this one, and
`doit` makes its documents there as it would here: the same questions, gates and repairs.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import shutil
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from nightpress import __version__
from nightpress import project as contract
from nightpress.backends import BACKENDS, Declaration, declaring, find
from nightpress.clock import RealClock
from nightpress.errors import UsageError
from nightpress.ledger import RecordedAttempt, attempts, calls, dollars, reviews
from nightpress.model import Status
from nightpress.plan import Catalog, PluginState, TargetState, staleness
from nightpress.plugin import sources
from nightpress.project import Project, yaml_write

_NOT_TRIED = ("vault", "notify", "publish")
"""What the defaults say that is no matter of a trial."""
_NEVER = ("hollow", "insufficient", "keep", "adopt")
"""Decisions that no model changes."""
NOT_BEGUN = "not begun"


class Candidate(Struct, frozen=True):
    """Who is tried. model: "" is the project's; backend: "" too, with what stands behind the colon
    of `BACKEND:AT`; prompts: a folder like `generators/` whose kinds go before the project's, None:
    none."""

    backend: str
    model: str
    prompts: Path | None

    @property
    def name(self) -> str:
        model = ":".join(filter(None, (self.backend, self.model))) or "as configured"
        return f"{model} + {self.prompts}" if self.prompts else model

    def options(self) -> dict[str, str]:
        """For doit."""
        return {k: v for k, v in (("backend", self.backend), ("model", self.model)) if v}

    def in_yaml(self, backend: str = "") -> list[str]:
        """What to write into the defaults to take it, a line for each key. backend: the one that it
        was tried with where it names none."""
        quoted = yaml_write.quoted
        name, _, at = (self.backend or backend).partition(":")
        lines = [f"backend: {name}"] if name else []
        if at:
            first = next(iter(find(name).settings["properties"]))
            lines.append(f"{name}: {{{first}: {quoted(at)}}}")
        return [*lines, *([f"model: {quoted(self.model)}"] if self.model else [])]


class Tried(Struct, frozen=True):
    """One document by one candidate. status, score, size, tokens, seconds: of its attempt; errors:
    what its gates refuse; evidence: share of its text that rests on the plugin's lines, None where
    that is not known; text: the document, or the draft that was refused."""

    job: str
    status: str
    score: int | None = None
    size: int | None = None
    tokens: int = 0
    seconds: float = 0.0
    errors: tuple[str, ...] = ()
    evidence: float | None = None
    text: str = ""


class Result(Struct, frozen=True):
    """All that one candidate did. calls, tokens, cost (US dollars, None: unknown), seconds: of all
    calls, those for analyses too."""

    candidate: Candidate
    documents: tuple[Tried, ...]
    calls: int
    tokens_in: int
    tokens_out: int
    cost: float | None
    seconds: float

    @property
    def is_tried(self) -> bool:
        """Was any document begun? Not where the run was refused as a whole."""
        return any(one.status != NOT_BEGUN for one in self.documents)

    @property
    def passed(self) -> int:
        return sum(one.status in (Status.PUBLISHED, Status.DEFERRED) and bool(one.text)
                   for one in self.documents)  # fmt: skip

    def mean(self, field: str) -> float | None:
        """Of a figure of the documents, where they have it."""
        found = [v for one in self.documents if (v := getattr(one, field)) is not None]
        return sum(found) / len(found) if found else None


def candidates(
    models: Sequence[str], prompts: Path | None, configured: str = ""
) -> list[Candidate]:
    """Each model by the project's prompts, and by the others, where there are such. configured: the
    project's model, which another backend has not."""
    if prompts is not None and not any(prompts.glob("*/generator.yaml")):
        raise UsageError(
            f"{prompts} holds no generator", "a folder like generators/: KIND/generator.yaml, ..."
        )
    found = []
    for model in models or ("",):
        backend, name = _named(model, configured)
        found += [Candidate(backend, name, None)]
        found += [Candidate(backend, name, prompts)] if prompts is not None else []
    if len(found) < 2:
        raise UsageError("there is nothing to compare", "--models A,B, or --prompts DIR")
    return found


def check_address(project: Project, tried: Sequence[Candidate]) -> None:
    """UsageError where nobody can say which of several backends the project's `base_url` is for."""
    values = project.values
    if not values.get("base_url") or "base_url_of" in values:
        return
    usual = str(values.get("backend") or "auto")
    names = {(one.backend or usual).partition(":")[0] for one in tried}
    asked = sorted(name for name in names if name == "auto" or _has_address(find(name)))
    if len(asked) > 1:
        raise UsageError(
            f"{', '.join(asked)} are to be tried, and nothing says whose `base_url` is",
            f"name the one that answers there as `backend` in {contract.FILE}",
        )


def _has_address(declared: Declaration) -> bool:
    return declared.kind == "model" and declared.access({}).missing is None


def _named(told: str, configured: str) -> tuple[str, str]:
    """(backend, model) of MODEL, BACKEND, BACKEND:MODEL or, where a backend has no models of its
    own, BACKEND:AT (a preset, a recording), as `build --backend` has it."""
    head, colon, rest = told.partition(":")
    if not head or head not in BACKENDS:
        return "", told
    declared, owner = find(head), declaring(configured)
    if colon and declared.kind == "model" and not _has_address(declared):
        return told, ""
    others = owner is not None and owner.name != head and declared.kind == "model"
    return head, rest or (declared.default_model if others else "")


def sample(catalog: Catalog, count: int) -> dict[str, tuple[str, ...]]:
    """slug -> the documents that are tried, of so many plugins: from the smallest to the largest,
    evenly. People's files are left out, and what no model could make."""
    sizes: dict[str, int] = {}
    jobs: dict[str, tuple[str, ...]] = {}
    for slug, plugin in catalog.plugins.items():
        names = tuple(name for name, state in plugin.states.items() if _may_be_tried(state))
        if names:
            jobs[slug] = names
            ours = {plugin.states[name].enhancement.target for name in names}
            held = ((path, size) for path, (size, _) in plugin.files.items())
            sizes[slug] = sum(size for path, size in held if path not in ours)
    order = sorted(jobs, key=lambda slug: (sizes[slug], slug))
    if count < len(order):
        last = len(order) - 1
        order = [order[round(i * last / max(1, count - 1))] for i in range(count)]
    return {slug: jobs[slug] for slug in dict.fromkeys(order)}


def _may_be_tried(state: TargetState) -> bool:
    standing = state.inputs.standing
    ours = standing.sha256 is None or staleness.is_ours(standing, state.inputs.publication)
    return ours and state.decision.action not in _NEVER


def lay_out(
    project: Project, plugins: Sequence[PluginState], candidate: Candidate, root: Path
) -> None:
    """A project in `root` with these plugins alone, without what we have published of them."""
    values = {k: v for k, v in project.defaults.values.items() if k not in _NOT_TRIED}
    (root / "manifests").mkdir(parents=True)
    (root / contract.FILE).write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
    dodo = contract.bundled("dodo.py").read_text(encoding="utf-8")
    (root / "dodo.py").write_text(dodo, encoding="utf-8")
    for name in ("generators", "schemas"):
        if (project.root / name).is_dir():
            shutil.copytree(project.root / name, root / name, symlinks=True)
    if candidate.prompts is not None:
        shutil.copytree(candidate.prompts, root / "generators", symlinks=True, dirs_exist_ok=True)
    for plugin in plugins:
        assert plugin.manifest is not None  # noqa: S101 (it has documents to be tried)
        manifest = project.manifests / f"{plugin.slug}.yaml"
        shutil.copyfile(manifest, root / "manifests" / manifest.name)
        shutil.copytree(plugin.root, root / plugin.manifest.path, symlinks=True, dirs_exist_ok=True)
        for state in plugin.states.values():
            if staleness.is_ours(state.inputs.standing, state.inputs.publication):
                (root / plugin.manifest.path / state.enhancement.target).unlink(missing_ok=True)


def result(root: Path, candidate: Candidate, jobs: Collection[str]) -> Result:
    """What `doit` made in the candidate's project."""
    project = Project(root, {}, os.environ, RealClock())
    if not project.has_ledger:
        return Result(candidate, tuple(Tried(job, NOT_BEGUN) for job in jobs), 0, 0, 0, 0.0, 0.0)
    ledger = project.ledger
    latest = {row.job: row for row in attempts.latest(ledger)}
    held = {one.job: one.draft.decode("utf-8", "replace") for one in reviews.waiting(ledger)}
    tried = tuple(_tried(root, job, latest.get(job), held) for job in sorted(jobs))
    made = calls.since(ledger, "")
    ledger.close()
    return Result(
        candidate, tried, len(made), sum(c.tokens_in for c in made),
        sum(c.tokens_out for c in made), dollars(made), sum(c.seconds for c in made),
    )  # fmt: skip


def keep(project: Project, root: Path, one: Result) -> None:
    """Put on record here what the candidate's calls cost and brought: what a build asks just so is
    answered from there."""
    if not one.calls:
        return
    tried, own, writer = Project(root, {}, os.environ, RealClock()), project.ledger, one.candidate
    now = datetime.fromtimestamp(project.clock.time(), UTC)
    run_id = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    own.begin_run(
        run_id, pid=os.getpid(), command="nightpress canary", version=__version__,
        backend=writer.backend or project.writer().backend,
        model=writer.model or project.writer().model,
    )  # fmt: skip
    calls.take_over(own, tried.ledger, run_id)
    spent = {"calls": one.calls, "tokens": one.tokens_in + one.tokens_out, "cost": one.cost or 0.0}
    own.end_run(run_id, 0, spent)
    tried.ledger.close()


def _tried(root: Path, job: str, row: RecordedAttempt | None, held: Mapping[str, str]) -> Tried:
    if row is None:
        return Tried(job, NOT_BEGUN)
    slug, _, name = job.partition("/")
    text = held.get(job, "")
    if row.status == Status.PUBLISHED:
        text = sources.standing_text(root / row.plugin_path, row.target, row.content_sha256)
    elif not text and (refused := root / ".nightpress" / "drafts" / slug / f"{name}.md").is_file():
        text = refused.read_text(encoding="utf-8", errors="replace")
    errors = [f"{f.check}: {f.message}" for f in row.findings if f.severity == "error"]
    if not errors and row.error_message and row.status != Status.PUBLISHED:
        errors = [row.error_message]
    return Tried(
        job, str(row.status), row.score_after, row.bytes_after, row.tokens_in + row.tokens_out,
        row.processing_time_seconds or 0.0, tuple(errors), _evidence(row), text,
    )  # fmt: skip


def _evidence(row: RecordedAttempt) -> float | None:
    """The share of the document's lines, by sections, that rests on something."""
    lines = [(one.last - one.first + 1, one.share) for one in row.evidence]
    total = sum(count for count, _ in lines)
    return sum(count * share for count, share in lines) / total if total else None


def winner(results: Sequence[Result]) -> Result | None:
    """Who has the most documents passed, then the best score as it is shown, then the lowest price
    (unknown: the highest); None where no document passed."""
    return max(
        (one for one in results if one.passed),
        key=lambda one: (
            one.passed, round(one.mean("score") or 0), -math.inf if one.cost is None else -one.cost
        ),
        default=None,
    )  # fmt: skip


def verdict(results: Sequence[Result], backend: str = "") -> list[str]:
    """The winner, and what to do to take it, line by line; what goes into the defaults comes last,
    as it is pasted. backend: what the run was told for candidates that name none."""
    best = winner(results)
    if best is None:
        return ["no winner: no candidate has a document that passed"]
    said = [f"winner: {best.candidate.name} (most passed, then best score, then lowest price)"]
    prompts, lines = best.candidate.prompts, best.candidate.in_yaml(backend)
    if prompts is not None:
        said.append(f"to take its prompts, copy the folders in {prompts} into generators/")
    if lines:
        what = "this line" if len(lines) == 1 else f"these {len(lines)} lines"
        said.append(
            f"to take it, put {what} into {contract.FILE}, in place of any with the same key:"
        )
    if prompts is None and not lines:
        said.append("there is nothing to change: the project is configured so")
    return [*said, *lines]


def as_dict(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Figures for `--format json`, without the texts."""
    best = winner(results)
    return [
        {
            "candidate": one.candidate.name, "winner": one is best, "passed": one.passed,
            "documents": len(one.documents),
            "score": one.mean("score"), "evidence": one.mean("evidence"),
            "bytes": one.mean("size"), "calls": one.calls, "tokens_in": one.tokens_in,
            "tokens_out": one.tokens_out, "cost_usd": one.cost, "seconds": round(one.seconds, 1),
            "each": [
                {"job": d.job, "status": d.status, "score": d.score, "bytes": d.size,
                 "tokens": d.tokens, "seconds": d.seconds, "evidence": d.evidence,
                 "errors": list(d.errors)}
                for d in one.documents
            ],
        }
        for one in results
    ]  # fmt: skip
