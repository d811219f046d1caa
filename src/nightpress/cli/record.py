"""`nightpress record`: the replies that the documents were made from, as files to replay."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from nightpress import errors
from nightpress.text import safe
from nightpress.voice import spoken

if TYPE_CHECKING:
    from nightpress.backends import recording
    from nightpress.model import Request


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    record = commands.add_parser(
        "record",
        help="save the ledger's replies for runs without key or network",
        description="Writes what each document was last made from (the analysis of its plugin, "
        "the drafts, the repairs) into FOLDER, one readable file for each reply, secrets "
        "redacted. `doit backend=replay:FOLDER` then answers the same questions from there. "
        "Makes no call; a recording that already exists is replaced.",
    )
    record.add_argument("folder", metavar="FOLDER", help="for the recording alone")
    record.add_argument("--project", default=".", metavar="FOLDER", help="the project (here)")
    record.set_defaults(run=_record)


def _record(given: argparse.Namespace) -> int:
    from nightpress.backends import BACKENDS, recording
    from nightpress.checks import redact
    from nightpress.clock import RealClock
    from nightpress.ledger import calls
    from nightpress.model import Reply
    from nightpress.project import Project, located

    project = Project(located(given.project).resolve(), {}, os.environ, RealClock())
    if not project.has_ledger:
        raise errors.UsageError("there is no ledger, so nothing to record", "run doit first")
    folder, marks, found = Path(given.folder), 0, []
    echoes = [one.name for one in BACKENDS.values() if one.stands_in]
    for one in calls.last_replies(project.ledger, echoes):
        text, count = redact(one.text)
        marks += count
        reply = Reply(text, one.model_answered, one.finish, one.tokens_in, one.tokens_out)
        found.append(recording.Recorded(one.request_sha256, one.job, one.phase, one.writer, reply))
    if not found:
        raise errors.UsageError(
            "the ledger holds no reply of a model", "a run with a model comes first"
        )
    number = recording.write(folder, found)
    made_from = _ingredients(project.root, folder, found)
    recording.write(folder, (replace(one, ingredients=made_from(one)) for one in found))
    told = f", {marks} secrets redacted" if marks else ""
    sys.stdout.write(safe(f"{number} replies recorded in {folder}{told}") + "\n")
    sys.stdout.write(safe(spoken(f"answer from there: doit backend=replay:{folder}")) + "\n")
    return errors.EXIT_OK


def _ingredients(
    root: Path, folder: Path, found: Sequence[recording.Recorded]
) -> Callable[[recording.Recorded], Mapping[str, str]]:
    """What a recorded question was made from, where the project still asks it so: asked in the name
    of those who are recorded, for this shell may have no key. A repair's is that of its draft."""
    from nightpress import fingerprint

    asked: dict[tuple[str, str], list[Request]] = {}
    for request in _questions(root, folder, found):
        asked.setdefault((request.job, request.phase), []).append(request)
    held = {one.question for one in found}

    def of(one: recording.Recorded) -> Mapping[str, str]:
        phase = "generation" if one.phase == "repair" else one.phase
        for request in asked.get((one.job, phase), ()):
            if fingerprint.question(one.writer, request) not in held:
                continue
            made_from = fingerprint.ingredients(request)
            if one.phase == "repair":
                del made_from[fingerprint.WORDING]
            return made_from
        return {}

    return of


def _questions(root: Path, folder: Path, found: Sequence[recording.Recorded]) -> Iterator[Request]:
    from nightpress.backends import recording
    from nightpress.clock import RealClock
    from nightpress.pipeline import analysis, draft
    from nightpress.plan import catalog, scope
    from nightpress.project import Project, options

    given = options.read({"backend": f"{recording.ANSWERS}:{folder.resolve()}"})
    project = Project(root, given, os.environ, RealClock())
    slugs = frozenset(one.job.partition("/")[0] for one in found)
    for plugin in catalog.load(project, slugs=slugs).plugins.values():
        for state in plugin.states.values():
            try:
                question = analysis.question_of(project, plugin, own=scope.is_own(state))
                yield question
                if (known := analysis.known(project, plugin, question)) is not None:
                    yield draft.request(project, plugin, state, known)
            except errors.NightpressError:
                continue  # it cannot be asked as it stands: then nothing is known of it
