"""`nightpress record`: the replies that the documents were made from, as files to replay."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from nightpress import errors
from nightpress.text import safe
from nightpress.voice import spoken


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    record = commands.add_parser(
        "record",
        help="write the replies of the ledger to a folder, for runs without key and network",
        description="Writes what each document was last made from (the analysis of its plugin, "
        "the drafts, the repairs) into FOLDER, one readable file for each reply, secrets "
        "redacted. `doit backend=replay:FOLDER` then answers the same questions from there. "
        "Makes no call; a recording that is there already is replaced.",
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
    told = f", {marks} secrets redacted" if marks else ""
    sys.stdout.write(safe(f"{number} replies recorded in {folder}{told}") + "\n")
    sys.stdout.write(safe(spoken(f"answer from there: doit backend=replay:{folder}")) + "\n")
    return errors.EXIT_OK
