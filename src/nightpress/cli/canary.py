"""`nightpress canary`: the same sample by each model or set of prompts; nothing is published."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nightpress import errors, voice
from nightpress.project import options
from nightpress.text import safe, some

if TYPE_CHECKING:
    from nightpress.pipeline import canary
    from nightpress.plan import PluginState
    from nightpress.project import Project

PAGE = "canary.html"
_HEAD = ("", "passed", "score", "evidence", "bytes", "calls", "tokens", "price", "seconds")
TAKEN = ("backend", "paid", "max_calls", "max_tokens", "max_cost", "until")
"""Options of a run that a trial takes."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    canary = commands.add_parser(
        "canary",
        help="try models or prompts on a few plugins; publishes nothing",
        description="Makes the documents of the same few plugins by each candidate, in copies of "
        "them, with the same questions, gates and repairs as a build, and shows gates, score, "
        "evidence, size, tokens, price and seconds side by side; the texts are in a page. Nothing "
        "is published. Calls and replies go on record: a build that asks just so pays nothing.",
    )
    add = canary.add_argument
    add("--plugins", default="8", metavar="N", help="plugins, from small to large (8)")
    add(
        "--models",
        default="",
        metavar="A,B",
        help="MODEL, BACKEND or BACKEND:MODEL, each a candidate; command:PRESET",
    )
    add("--prompts", metavar="DIR", help="kinds like those in generators/, tried beside yours")
    for name in TAKEN:
        option = options.OPTIONS[name]
        help = option.help.replace("in this run", "of all candidates together")
        add("--" + name.replace("_", "-"), metavar=option.values.split(",")[0], help=help)
    add("--format", choices=("text", "json"), default="text", help="json: all figures")
    add("--project", default=".", metavar="FOLDER", help="the project (here)")
    canary.set_defaults(run=_canary)


def _canary(given: argparse.Namespace) -> int:
    from nightpress.clock import RealClock
    from nightpress.pipeline import canary
    from nightpress.plan import Environ, catalog
    from nightpress.project import Project, lacks_dodo, located

    root = located(given.project).resolve()
    if lacks := lacks_dodo(root):
        raise lacks
    bounds = {name: str(value) for name in TAKEN if (value := getattr(given, name)) is not None}
    if not str(given.plugins).isdecimal() or not (count := int(given.plugins)):
        raise errors.UsageError(
            f"--plugins {given.plugins}: expected a whole number from 1 up", "--plugins 5, say"
        )
    models = [one.strip() for one in given.models.split(",") if one.strip()]
    prompts = Path(given.prompts).resolve() if given.prompts else None
    project = Project(root, options.read(bounds), Environ(os.environ), RealClock())
    configured = str(project.defaults.values.get("model") or "")
    candidates = canary.candidates(models, prompts, configured)
    canary.check_address(project, candidates)
    loaded = catalog.load(project, slugs=frozenset(project.slugs()))  # what is up to date, too
    sampled = canary.sample(loaded, count)
    if not sampled:
        raise errors.UsageError(
            "no plugin has a document to try",
            "documents written by people and plugins with insufficient source are skipped",
        )
    plugins = [loaded.plugins[slug] for slug in sampled]
    jobs = [f"{slug}/{name}" for slug, names in sampled.items() for name in names]
    counted = f"{some(len(plugins), 'plugin')}, {some(len(jobs), 'document')}"
    _tell(f"{counted}: {', '.join(sampled)}")
    if voice.is_dry():
        _tell(f"would be written by each of: {', '.join(one.name for one in candidates)}")
        return errors.EXIT_OK
    status, found = _tried(project, plugins, jobs, candidates, bounds)
    for left in candidates[len(found) :]:
        _tell(f"{left.name}: not tried, because the budget ran out or the run was stopped")
    _show(project, found, given)
    return status


def _tried(
    project: Project, plugins: list[PluginState], jobs: list[str],
    candidates: Sequence[canary.Candidate], bounds: dict[str, str],
) -> tuple[int, list[canary.Result]]:  # fmt: skip
    """The exit status, and what came of each candidate for which there was budget."""
    from nightpress.pipeline import canary

    status = errors.EXIT_OK
    found: list[canary.Result] = []
    with tempfile.TemporaryDirectory(prefix="nightpress-canary-") as folder:
        for number, one in enumerate(candidates):
            place = Path(folder).resolve() / str(number)
            canary.lay_out(project, plugins, one, place)
            _tell(f"{one.name} ...")
            ended = _doit(place, {**bounds, **one.options()}, jobs)
            if ended not in (errors.EXIT_OK, errors.EXIT_FAILED):
                status = ended
            found.append(canary.result(place, one, jobs))
            canary.keep(project, place, found[-1])
            if status == errors.EXIT_INTERRUPTED or not _take(bounds, found[-1]):
                break
    return status, found


def _show(project: Project, found: list[canary.Result], given: argparse.Namespace) -> None:
    from nightpress.pipeline import canary
    from nightpress.storage import atomic, private

    verdict = canary.verdict(found, given.backend or "")
    private.folder(project.state)
    atomic.write(project.state / PAGE, _page(found, verdict).encode(), private.FILE)
    if given.format == "json":
        sys.stdout.write(json.dumps(canary.as_dict(found), indent=1) + "\n")
    else:
        for line in _lines(found):
            sys.stdout.write(line + "\n")
    _tell(f"the texts: {(project.state / PAGE).relative_to(project.root)}")
    for line in verdict:
        if given.format == "json":
            _tell(line)
        else:
            sys.stdout.write(safe(line) + "\n")


def _figures(one: canary.Result) -> tuple[str, ...]:
    """A row of the table."""
    return (
        one.candidate.name, _passed(one), _mean(one, "score", "{:.0f}"),
        _mean(one, "evidence", "{:.0%}"), _mean(one, "size", "{:,.0f}"), f"{one.calls:,}",
        f"{one.tokens_in + one.tokens_out:,}",
        "unknown" if one.cost is None else f"${one.cost:.4f}", f"{one.seconds:,.1f}",
    )  # fmt: skip


def _passed(one: canary.Result) -> str:
    return f"{one.passed} of {len(one.documents)}" if one.is_tried else "not tried"


def _lines(results: Sequence[canary.Result]) -> Iterator[str]:
    """The table, and what the gates refused."""
    rows = [_HEAD, *map(_figures, results)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield safe("  ".join(cells).rstrip())
    for one in results:
        if not one.is_tried:
            yield safe(f"{one.candidate.name}: not tried: its run was refused, as told above")
        for document in one.documents:
            if document.errors:
                yield safe(f"{one.candidate.name}: {document.job} {document.status}: "
                           f"{document.errors[0]}")  # fmt: skip


def _page(results: Sequence[canary.Result], verdict: Sequence[str]) -> str:
    """One page, without network: the table, and each document by each candidate, side by side. A
    document is a stranger's text: escaped here, and in the terminal."""
    from nightpress.report import html

    jobs = [document.job for document in results[0].documents]
    return html.rendered(
        "canary.html.j2",
        html.asset("canary.css"),
        "",
        {"safe_text": lambda text: safe(text, newlines=True)},
        head=_HEAD,
        verdict="\n".join(verdict),
        rows=[_figures(one) for one in results],
        names=[one.candidate.name for one in results],
        documents=[
            (job, [_cell(next(d for d in one.documents if d.job == job)) for one in results])
            for job in jobs
        ],
    )


def _cell(one: canary.Tried) -> tuple[str, tuple[str, ...], str]:
    """(figures, errors, text) of one document."""
    from nightpress.model import Status

    said = ["passed" if one.status == Status.PUBLISHED else one.status]
    said += [f"score {one.score}"] if one.score is not None else []
    said += [f"evidence {one.evidence:.0%}"] if one.evidence is not None else []
    said += [f"{one.size:,} bytes"] if one.size is not None else []
    said += [f"{one.tokens:,} tokens", f"{one.seconds:.1f} s"]
    return ", ".join(said), one.errors, one.text


def _mean(one: canary.Result, field: str, shape: str) -> str:
    mean = one.mean(field)
    return "-" if mean is None else shape.format(mean)


def _doit(place: Path, settings: Mapping[str, str], jobs: list[str]) -> int:
    """One build of the sample in the candidate's project; what it says goes to standard error."""
    words = [f"{name}={value}" for name, value in settings.items()]
    words += ["progress=plain", "lane=interactive", *(f"enhance:{job}" for job in jobs)]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "doit", *words], cwd=place, stdout=sys.stderr, check=False
    )
    return errors.EXIT_INTERRUPTED if done.returncode < 0 else done.returncode


def _take(bounds: dict[str, str], one: canary.Result) -> bool:
    """Take what a candidate used off the budget; False: there is nothing left of it."""
    used = {"max_calls": one.calls, "max_tokens": one.tokens_in + one.tokens_out}
    for name, amount in used.items():
        if name in bounds:
            bounds[name] = str(max(0, options.read(bounds)[name] - amount))
    if "max_cost" in bounds:
        left = max(0.0, options.read(bounds)["max_cost"] - (one.cost or 0.0))
        bounds["max_cost"] = f"{left:.6f}"
    return not any(float(bounds[name]) <= 0 for name in (*used, "max_cost") if name in bounds)


def _tell(text: str) -> None:
    sys.stderr.write(safe(text) + "\n")
