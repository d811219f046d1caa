"""`nightpress ci`: what a job of a forge runs, on any forge; GitHub's own parts only on GitHub.

Everything that is printed may hold a plugin's text. On GitHub Actions, where a line of output can
be a command to the runner, it is printed between `::stop-commands::` and its token.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from nightpress import errors, voice
from nightpress.cli import check, task
from nightpress.project import options, version
from nightpress.text import safe

BRANCH = "nightpress/documents"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    ci = commands.add_parser(
        "ci",
        help="CI jobs: check a pull request, or build at night and open one",
        description="What a job on a forge runs. Workflows to copy: the page Documents in CI.",
    )
    kinds = ci.add_subparsers(title="jobs", metavar="JOB", required=True)
    _add_check(kinds)
    _add_nightly(kinds)


def _add_check(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    one = kinds.add_parser(
        "check",
        help="judge the documents, with annotations and one comment on the pull request",
        description="Judges as `nightpress check`, with its exit status. On GitHub Actions "
        "findings are annotations (not where another --format is asked for), and with GITHUB_TOKEN "
        "one comment on the pull request says what is wrong: edited in place, and not made where "
        "nothing is. Exit status 1 also where the comment could not be kept.",
    )
    check.add_judging(one)
    one.add_argument("--sarif", metavar="FILE", help="write the findings as SARIF, too")
    one.add_argument(
        "--pull-request", type=int, metavar="N", help="which one (default: the job's own)"
    )
    one.add_argument("--no-comment", action="store_true", help="post no comment")
    one.set_defaults(run=_check)


def _add_nightly(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    one = kinds.add_parser(
        "nightly",
        help="build, and put changed documents on one branch and into one pull request",
        description="Runs the build in this clone, commits the documents that it published and "
        "nightpress.lock, nothing else, to one branch, pushes it, and on GitHub opens or updates "
        "its one pull request. While that is open, each night goes on in the same branch. Where "
        "no document changed nothing is pushed. Run-wide options are written with --. Exit "
        "status: the build's, or 1 where git or the forge refused.",
    )
    one.add_argument("--project", default=".", metavar="FOLDER", help="the project (here)")
    one.add_argument("--branch", default=BRANCH, help=f"the branch (default: {BRANCH})")
    one.add_argument("--base", help="the branch to merge into (default: the current branch)")
    one.add_argument("--remote", default="origin", help="where it is pushed to (default: origin)")
    one.add_argument(
        "--push-option", action="append", default=[], metavar="TEXT",
        help="for `git push -o`: GitLab opens a merge request by it; may be repeated",
    )  # fmt: skip
    one.add_argument("--body", metavar="FILE", help="write the review table there, too")
    one.add_argument(
        "--no-pull-request", action="store_true", help="push the branch, and open nothing"
    )
    for option in options.OPTIONS.values():
        if option.name != "force":
            flag = "--" + option.name.replace("_", "-")
            one.add_argument(flag, metavar=option.values.split(",")[0], help=option.help)
    one.set_defaults(run=_nightly)


def on_actions(environ: Mapping[str, str]) -> bool:
    return environ.get("GITHUB_ACTIONS") == "true"


@contextmanager
def quoted(environ: Mapping[str, str]) -> Iterator[None]:
    """What is printed meanwhile, by us and by processes of ours, is no command to the runner."""
    if not on_actions(environ):
        yield
        return
    token = secrets.token_hex(16)
    _print(f"::stop-commands::{token}")
    try:
        yield
    finally:
        _print(f"::{token}::")


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _check(given: argparse.Namespace) -> int:
    from nightpress.report import pull_request

    environ = os.environ
    # a clone has no ledger: there the lock file alone proves what was published
    report = check.judge(given, counted=False).failing("lock")
    if given.sarif:
        check.written(given.sarif, report.text("sarif", version()))
    plain = given.format == "text"
    with quoted(environ if plain else {}):
        check.tell(given, report)
    if plain and on_actions(environ):
        for line in pull_request.workflow_commands(report):
            _print(line)
    status = errors.EXIT_OK if report.ok else errors.EXIT_FAILED
    if given.no_comment or voice.is_dry():
        return status
    quiet = report.ok and not any(f.severity != "info" for _, f in report.placed())
    return max(status, _comment(given, pull_request.comment(report), quiet))


def _comment(given: argparse.Namespace, text: str, quiet: bool) -> int:
    """Keep the comment; the exit status that this alone would have."""
    from nightpress.cli import github
    from nightpress.report import pull_request

    number = given.pull_request or github.pull_number(os.environ)
    forge = github.from_environment(os.environ) if number else None
    if number is None or forge is None:
        if given.pull_request:
            raise errors.UsageError(
                "a comment needs GITHUB_TOKEN and GITHUB_REPOSITORY in the environment",
                "--no-comment does without one",
            )
        return errors.EXIT_OK
    try:
        done = forge.keep_comment(number, pull_request.MARK, text, first=not quiet)
    except github.Denied as error:  # as for every pull request from a fork
        sys.stderr.write(safe(f"nightpress: no comment: {error}", newlines=True) + "\n")
        return errors.EXIT_OK
    finally:
        forge.close()
    told = sys.stdout if given.format == "text" and not given.quiet else sys.stderr
    told.write(f"comment on pull request {number}: {done}\n")
    return errors.EXIT_OK


def _nightly(given: argparse.Namespace) -> int:
    from nightpress.cli import nightly

    settings = {
        name: str(value)
        for name in options.OPTIONS
        if name != "force" and (value := getattr(given, name, None)) is not None
    }
    options.read(settings)
    variables = [f"{name}={value}" for name, value in settings.items()]
    if voice.is_dry():
        into = "" if given.no_pull_request else ", with one pull request"
        _print(f"would build, and push what changed to {given.remote} {given.branch}{into}:")
        return task.run(["build", "-n", "--project", given.project, *variables])
    return nightly.nightly(given, variables)
