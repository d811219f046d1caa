"""`nightpress check`: the command line of the judge."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nightpress import errors, voice
from nightpress.project import version
from nightpress.text import fitted, suggestion

if TYPE_CHECKING:
    from nightpress.report.check_report import Report


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = commands.add_parser(
        "check",
        help="check existing documents, in a project or not; makes no call",
        description="Judges documents by the gates (`--explain RULE` tells of one): those that the "
        "manifests "
        "declare, and any SKILL.md. Exit status 0, 1 where a finding is an error or a document is "
        "stale, 3 for a wrong command line. Inside a project staleness is judged from the ledger, "
        "or in a clone without one from nightpress.lock.",
    )
    add_judging(check)
    check.add_argument(
        "--write-baseline", metavar="FILE", help="accept what is found now, for later runs"
    )
    check.add_argument("--explain", metavar="RULE", help="explain a rule, and stop")
    check.set_defaults(run=_check)


def add_judging(parser: argparse.ArgumentParser) -> None:
    """What is judged, and what counts."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files or folders (default: here)")
    parser.add_argument(
        "--stale", choices=("fail", "ignore", "strict"), default="fail",
        help="do stale documents count? strict: and those that were never made",
    )  # fmt: skip
    parser.add_argument(
        "--edits", choices=("warn", "strict"), default="warn",
        help="strict: an edit by hand of a published document is an error until it is adopted",
    )  # fmt: skip
    parser.add_argument(
        "-v", "--verbose", action="store_true",
        help="each finding, also in a terminal; the skills that take one another's requests; and "
        "what was accepted",
    )  # fmt: skip
    parser.add_argument("-q", "--quiet", action="store_true", help="tell what fails alone")
    parser.add_argument(
        "--format", choices=("text", "json", "sarif"), default="text",
        help="text (default), json (as --json), or SARIF 2.1.0",
    )  # fmt: skip
    parser.add_argument("--baseline", metavar="FILE", help="findings that are accepted for now")


def judge(given: argparse.Namespace, *, counted: bool = True) -> Report:
    """What `add_judging` asks for; counted: may a line count the plugins meanwhile?"""
    from msgspec.structs import replace

    from nightpress.checks import baseline
    from nightpress.plan import check as checking
    from nightpress.progress import Meter
    from nightpress.report.check_report import Report

    quiet = not counted or given.quiet or given.format != "text"
    accepted = baseline.load(_read(given.baseline)) if given.baseline else frozenset()
    judged = checking.check(given.paths, Path.cwd(), os.environ, Meter(quiet=quiet).plugins)
    if given.stale == "strict":
        judged = [replace(one, stale=one.stale or one.unmade, unmade=()) for one in judged]
    report = Report(judged, accepted, given.stale != "ignore", given.verbose, given.quiet)
    return report.failing("edited") if given.edits == "strict" else report


def _check(given: argparse.Namespace) -> int:
    if given.explain:
        return _explain(given.explain)
    report = judge(given)
    if given.write_baseline:
        written(given.write_baseline, report.baseline())
        are = "would be accepted" if voice.is_dry() else "accepted"
        count = f"{report.sins:,} finding{'' if report.sins == 1 else 's'} {are}"
        sys.stdout.write(f"{count} in {given.write_baseline}\n")
        return errors.EXIT_OK
    tell(given, report, fold=sys.stdout.isatty() and not given.verbose and not given.quiet)
    return errors.EXIT_OK if report.ok else errors.EXIT_FAILED


def tell(given: argparse.Namespace, report: Report, *, fold: bool = False) -> None:
    """Print the findings in the form that is asked for."""
    text = report.text(given.format, version(), fold=fold)
    sys.stdout.write(fitted(text, sys.stdout) if given.format == "text" else text)
    sys.stdout.flush()


def _explain(rule: str) -> int:
    from nightpress.checks import registry_docs

    known = registry_docs.explained()
    if rule not in known:
        near = suggestion(rule, known, lead="; ")
        hint = (
            f"all of them: {', '.join(known)}"
            if not near
            else "the page The checks has all of them"
        )
        raise errors.UsageError(f"there is no rule {rule!r}{near}", hint)
    sys.stdout.write(f"{rule}: {known[rule]}\n")
    return errors.EXIT_OK


def written(path: str, text: str) -> None:
    """Write a file that the user names."""
    if voice.is_dry():
        sys.stdout.write(f"would write {path}\n")
        return
    from nightpress.storage import atomic

    try:
        atomic.write(Path(path).absolute(), text.encode())
    except OSError as error:
        if errors.machine_trouble(error):
            raise
        hint = "name a file in a folder that is there and can be written"
        raise errors.UsageError(f"{path}: {error.strerror or error}", hint) from None


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        told = getattr(error, "strerror", None) or error
        raise errors.UsageError(f"{path}: {told}", "--write-baseline FILE makes one") from None
