"""`nightpress ci nightly`: a build whose documents go to one branch and into one pull request.

A *wave* is what stands on that branch until its pull request is merged or closed. While it is open
each night builds on top of it, with the base merged in, so nothing is made or paid for twice; after
a merge the next wave begins at the base.
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from nightpress import errors
from nightpress.cli import check
from nightpress.clock import RealClock
from nightpress.fingerprint import sha256
from nightpress.ledger import lockfile
from nightpress.project import Project, located
from nightpress.storage import git
from nightpress.text import safe
from nightpress.voice import spoken

if TYPE_CHECKING:
    from nightpress.cli.github import GitHub
    from nightpress.report import pull_request

SECONDS = 600.0
"""Longest time for one exchange with the remote."""
NAME, EMAIL = "nightpress", "nightpress@localhost"
"""Who commits where git has no user.email."""


def nightly(given: argparse.Namespace, variables: Sequence[str]) -> int:
    """One night; the build's exit status. variables: `name=value` for the build."""
    from nightpress.cli import github

    root = located(given.project).resolve()
    forge = None if given.no_pull_request else github.from_environment(os.environ)
    try:
        clone = Clone(root, given.remote, os.environ)
        base = given.base or _base(clone, given.branch)
        wave = begin(clone, given.branch, base, forge)
        _say(f"{given.branch}: {'goes on' if wave.goes_on else 'begins'} at {wave.start[:12]}")
        status = _build(root, variables)
        if status in (errors.EXIT_USAGE, errors.EXIT_BUSY):
            return status
        return max(status, _deliver(given, clone, wave, forge))
    except TurnedDown as answer:
        _say(str(answer))
        return errors.EXIT_OK
    finally:
        if forge is not None:
            forge.close()


def _base(clone: Clone, branch: str) -> str:
    """The branch that the job runs for, else the one that is checked out, else the remote's."""
    if os.environ.get("GITHUB_REF_TYPE") == "branch" and os.environ.get("GITHUB_REF_NAME"):
        return os.environ["GITHUB_REF_NAME"]
    here = clone.maybe("symbolic-ref", "--short", "HEAD")
    if here and here != branch:
        return here
    there = clone.git("ls-remote", "--symref", clone.remote, "HEAD", remote=True)
    if found := re.match(r"ref: refs/heads/(\S+)\t", there):
        return found[1]
    raise errors.UsageError("which branch should it be merged into?", "pass --base main")


def _build(root: Path, variables: Sequence[str]) -> int:
    """doit, without the token: a project's own checks run in it."""
    from nightpress.cli import ci

    environ = {name: value for name, value in os.environ.items() if name != "GITHUB_TOKEN"}
    command = [sys.executable, "-m", "doit", *variables]
    with ci.quoted(os.environ):
        status = subprocess.run(command, cwd=root, env=environ, check=False).returncode  # noqa: S603
    return errors.EXIT_INTERRUPTED if status < 0 else status


# --- the wave ---


class Wave(Struct, frozen=True):
    """branch, base: their names. start: the commit that the night begins with, the base merged in;
    base_sha: of the remote's base; remote_sha: of the remote's branch, "" for none; goes_on: an
    earlier night began it; unpushed: it has commits that the remote has not; open: has it a pull
    request? None: nobody knows."""

    branch: str
    base: str
    start: str
    base_sha: str
    remote_sha: str
    goes_on: bool
    unpushed: bool
    open: bool | None


class TurnedDown(Exception):
    """A person closed the wave's pull request and merged nothing: the next would say the same."""

    def __init__(self, number: int, branch: str) -> None:
        super().__init__(
            f"pull request {number} was closed without merging: nothing is built until its branch"
            f" {branch} is deleted; then all of it is proposed again"
        )


def begin(clone: Clone, branch: str, base: str, forge: GitHub | None) -> Wave:
    """Check out the wave's branch: the one that is under way, or a new one at the base."""
    if branch == base:
        raise errors.UsageError(f"--branch and --base are both {base}", "pass another --branch")
    for name in (branch, base):
        if not clone.succeeds("check-ref-format", "--branch", name):
            raise errors.UsageError(f"{safe(name)} is not a valid branch name")
    _tidy(clone, branch)
    base_sha, remote_sha = clone.fetch(base), clone.fetch(branch)
    if not base_sha:
        raise errors.UsageError(f"{clone.remote} has no branch {base}", "say --base")
    local = clone.maybe("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}^{{commit}}")
    ahead = bool(local) and (not remote_sha or clone.contains(local, remote_sha))
    tip = local if ahead else remote_sha
    has_open, over = None, not tip or clone.contains(base_sha, tip)
    if forge is not None:
        pulls = [pull for pull in forge.pulls(branch) if pull.base == base]
        has_open = any(pull.state == "open" for pull in pulls)
        last = None if has_open else next((pull for pull in pulls if pull.sha == tip), None)
        if last is not None and not last.merged and remote_sha:
            raise TurnedDown(last.number, branch)
        over = over or last is not None
    clone.git("switch", "--quiet", "-C", branch, "--no-track", base_sha if over else tip)
    if not over:
        _merge(clone, branch, base, base_sha)
    start = clone.git("rev-parse", "HEAD")
    unpushed = not over and tip != remote_sha
    return Wave(branch, base, start, base_sha, remote_sha, not over, unpushed, has_open)


def _tidy(clone: Clone, branch: str) -> None:
    """Nothing of a person's may be in the way; what a night that died left is committed."""
    dirty = [path for code, path in clone.changes() if code != "??"]
    if not dirty:
        return
    if clone.maybe("symbolic-ref", "--short", "HEAD") == branch:
        clone.commit(_ours(clone), f"Keep what a night that did not end has made\n\n{_TRAILER}")
        dirty = [path for code, path in clone.changes() if code != "??"]
    if dirty:
        raise errors.UsageError(
            f"{clone.root}: {safe(dirty[0])} has changes that are not committed", "commit or stash"
        )


def _merge(clone: Clone, branch: str, base: str, base_sha: str) -> None:
    message = f"Merge {base} into {branch}"
    if not clone.succeeds("merge", "--quiet", "--no-edit", "-m", message, base_sha):
        clone.succeeds("merge", "--abort")
        raise errors.NightpressError(
            f"{base} and {branch} change the same lines: no build until they are merged",
            f"merge {base} into {branch} by hand, or close the pull request: then a new one begins",
        )


# --- what a night leaves ---


def _deliver(given: argparse.Namespace, clone: Clone, wave: Wave, forge: GitHub | None) -> int:
    """Commit, push, and keep the pull request; 0, or 1 where it could not be kept."""
    from nightpress.cli import github
    from nightpress.pipeline import review
    from nightpress.report import pull_request

    documents = _ours(clone)
    if documents:
        clone.commit(documents, _message(documents))
    rows = list(_rows(clone, wave)) if documents or wave.goes_on else []
    moved = bool(documents) or (wave.unpushed and bool(rows))
    if moved:
        clone.push(wave, given.push_option)
        _say(f"pushed {_some(documents)} to {clone.remote} {wave.branch}")
    else:
        _say("no document changed: nothing pushed")
    github.output(
        os.environ, save_state="true", pushed=str(moved).lower(), documents=str(len(rows))
    )
    waiting = len(review.waiting(Project(clone.root, {}, os.environ, RealClock())))
    if waiting:
        some = "1 draft waits" if waiting == 1 else f"{waiting:,} drafts wait"
        _say(f"{some} for review in this state, and no pull request has them: set publish: auto")
    text = pull_request.body(rows, waiting, github.BEGIN, github.END)
    if given.body and rows:
        check.written(given.body, text + "\n")
    if forge is None or not rows or not (moved or wave.open is False):
        return errors.EXIT_OK
    pull, done = forge.open_pull(wave.branch, wave.base, pull_request.title(rows), text)
    github.output(os.environ, pull_request=str(pull.number))
    _say(f"pull request {pull.number} {done}: {pull.url}")
    return errors.EXIT_OK


def _ours(clone: Clone) -> list[str]:
    """What changed and is ours, relative to the project: documents that stand as the lock file
    says, and the lock file itself."""
    changed = {path for _, path in clone.changes()}
    lock = lockfile.read(clone.root / lockfile.NAME)
    ours = [
        entry.target
        for entry in lock.values()
        if entry.target in changed and _bytes_are(clone.root / entry.target, entry.sha256)
    ]
    return [*sorted(set(ours)), *([lockfile.NAME] if lockfile.NAME in changed else [])]


def _bytes_are(path: Path, digest: str) -> bool:
    return path.is_file() and not path.is_symlink() and sha256(path.read_bytes()) == digest


_TRAILER = "Made-by: nightpress"


def _message(documents: Sequence[str]) -> str:
    paths = [safe(path) for path in documents if path != lockfile.NAME]
    head = f"Bring {_some(documents)} up to date" if paths else f"Bring {lockfile.NAME} up to date"
    return "\n".join([head, "", *paths, *([""] if paths else []), _TRAILER])


def _some(documents: Sequence[str]) -> str:
    count = sum(path != lockfile.NAME for path in documents)
    return "1 document" if count == 1 else f"{count:,} documents"


def _rows(clone: Clone, wave: Wave) -> Iterator[pull_request.Row]:
    """The documents of the whole wave, by job."""
    from nightpress.checks import extension, losses
    from nightpress.ledger import attempts
    from nightpress.report import pull_request

    fork = clone.git("merge-base", wave.base_sha, "HEAD")
    touched = set(clone.paths("diff", "--name-only", "--no-renames", "--relative", fork, "HEAD"))
    project = Project(clone.root, {}, os.environ, RealClock())
    ledger = project.ledger if project.has_ledger else None
    for job, entry in lockfile.read(clone.root / lockfile.NAME).items():
        path = clone.root / entry.target
        if entry.target not in touched or not _bytes_are(path, entry.sha256):
            continue
        old, new = clone.blob(fork, entry.target), path.read_bytes()
        before, now = (data.decode("utf-8", "replace") for data in (old or b"", new))
        lost = losses.losses(before, now, literally=True) if before else ()
        row = attempts.last_publication(ledger, job) if ledger is not None else None
        known = row is not None and row.content_sha256 == entry.sha256
        yield pull_request.Row(
            job, entry.target, None if old is None else len(old), len(new),
            extension.counted(lost) if lost else "",
            row.score_before if row and known else None,
            row.score_after if row and known else None,
            "; ".join(row.reasons) if row and known else "",
        )  # fmt: skip


def _say(text: str) -> None:
    sys.stdout.write(safe(spoken(text)) + "\n")
    sys.stdout.flush()


# --- git ---

_NOT_GITS = (
    "GITHUB_TOKEN", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR",
)  # fmt: skip
_IDENTITY = tuple(f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER")
                  for what in ("NAME", "EMAIL"))  # fmt: skip


class Clone:
    """The repository that the project lies in. Paths are relative to the project."""

    def __init__(self, root: Path, remote: str, environ: Mapping[str, str]) -> None:
        self.root, self.remote = root, remote
        self._token = environ.get("GITHUB_TOKEN", "")
        self._more: dict[str, str] = {"GIT_TERMINAL_PROMPT": "0"}
        if not git.is_repository(root):
            raise errors.UsageError(f"{root} is not in a git repository", "git init")
        url = self.maybe("remote", "get-url", remote)
        if not url:
            raise errors.UsageError(
                f"there is no remote {safe(remote)}", "git remote add, or --remote NAME"
            )
        self._prefix = self.git("rev-parse", "--show-prefix")
        # who talks to the remote needs what the user's credentials are made of
        self._abroad = {k: v for k, v in environ.items() if k not in _NOT_GITS}
        self._abroad |= credentials(url, environ)
        given = {name: environ[name] for name in _IDENTITY if name in environ}
        if given or self.maybe("config", "user.email"):
            self._more |= given
        else:
            self._more |= {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
                           for what, value in (("NAME", NAME), ("EMAIL", EMAIL))}  # fmt: skip

    def git(self, *words: str, stdin: bytes | None = None, remote: bool = False) -> str:
        """What git prints, without its last newline; NightpressError with what it says instead."""
        return os.fsdecode(self._run(words, stdin, remote)).removesuffix("\n")

    def _run(self, words: Sequence[str], stdin: bytes | None = None, remote: bool = False) -> bytes:
        more = (self._abroad if remote else {}) | self._more
        try:
            return git.run(self.root, *words, stdin=stdin, more=more,
                           seconds=SECONDS if remote else git.SECONDS)  # fmt: skip
        except subprocess.CalledProcessError as error:
            told = self._scrubbed(os.fsdecode(error.stderr or b""))
            verb = next((word for word in words if not word.startswith("-")), "git")
            raise errors.NightpressError(f"git {verb}: {told}", _advice(told)) from None
        except subprocess.TimeoutExpired:
            raise errors.NightpressError(f"git {words[0]} took too long", "try again") from None
        except OSError as error:
            raise errors.NightpressError(f"git cannot be run: {error.strerror}") from None

    def _scrubbed(self, text: str) -> str:
        """The first line that says what is wrong, without a password of a URL and the token."""
        lines = [line for line in text.splitlines() if line.strip()]
        marked = [line for line in lines if re.match(r"(fatal|error|remote| ! )", line)]
        told = "; ".join((marked or lines or ["it failed"])[:3])
        told = re.sub(r"://[^/@\s]*@", "://***@", told)
        return told.replace(self._token, "***") if self._token else told

    def succeeds(self, *words: str) -> bool:
        try:
            self._run(words)
        except errors.NightpressError:
            return False
        return True

    def maybe(self, *words: str) -> str:
        """What git prints; "" where it has nothing to say."""
        try:
            return self.git(*words)
        except errors.NightpressError:
            return ""

    def paths(self, *words: str) -> list[str]:
        out = self._run((*words, "-z"))
        return [os.fsdecode(path) for path in out.split(b"\0") if path]

    def changes(self) -> list[tuple[str, str]]:
        """(status in two letters, path) of what differs from HEAD in the project, and is not
        ignored."""
        rows = self.paths("status", "--porcelain=v1", "--untracked-files=all", "--no-renames", ".")
        return [(row[:2], row[3:].removeprefix(self._prefix)) for row in rows]

    def contains(self, commit: str, other: str) -> bool:
        """Is `other` the commit, or one before it?"""
        return self.succeeds("merge-base", "--is-ancestor", other, commit)

    def blob(self, commit: str, path: str) -> bytes | None:
        try:
            return self._run(("cat-file", "blob", f"{commit}:{self._prefix}{path}"))
        except errors.NightpressError:
            return None

    def fetch(self, branch: str) -> str:
        """The remote's commit of that branch, brought here with its history; "" for none."""
        ref = f"refs/heads/{branch}"
        if not self.git("ls-remote", self.remote, ref, remote=True):
            return ""
        there = f"refs/remotes/{self.remote}/{branch}"
        whole = ["--unshallow"] * (self.git("rev-parse", "--is-shallow-repository") == "true")
        words = ("fetch", "--quiet", "--no-tags", *whole, self.remote, f"+{ref}:{there}")
        self.git(*words, remote=True)
        return self.git("rev-parse", there)

    def commit(self, paths: Sequence[str], message: str) -> None:
        """Exactly these paths, as they stand: no hook rewrites what was checked."""
        if not paths:
            return
        listed = b"\0".join(map(os.fsencode, paths))
        named = ("--pathspec-from-file=-", "--pathspec-file-nul")
        self.git("--literal-pathspecs", "add", *named, stdin=listed)
        self.git("commit", "--quiet", "--file=-", stdin=message.encode())

    def push(self, wave: Wave, options: Sequence[str]) -> None:
        """Forwards; a new wave takes the place of the one before, if that is still as we saw it."""
        ref = f"refs/heads/{wave.branch}"
        lease = [] if wave.goes_on else [f"--force-with-lease={ref}:{wave.remote_sha}"]
        said = [f"--push-option={option}" for option in options]
        self.git("push", "--quiet", *lease, *said, self.remote, f"HEAD:{ref}", remote=True)


def _advice(told: str) -> str:
    if re.search(r"fetch first|non-fast-forward|stale info", told):
        return "somebody pushed to that branch meanwhile: run it again"
    if "remote rejected" in told:
        return "the remote refuses it: look at its hooks, and its rules for that branch"
    if re.search(r"[Aa]uthentication|could not read Username|403|401|[Pp]ermission", told):
        return "may GITHUB_TOKEN, or the clone's own credentials, push here?"
    return ""


def credentials(url: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Variables by which git sends GITHUB_TOKEN to the forge, and nowhere else; {} where it is not
    for that remote. In the environment it is in no file, no URL and no command line."""
    token = environ.get("GITHUB_TOKEN", "").strip()
    server = (environ.get("GITHUB_SERVER_URL") or "https://github.com").rstrip("/")
    there, here = urlsplit(url), urlsplit(server)
    if not token or there.username or (there.scheme, there.netloc) != (here.scheme, here.netloc):
        return {}
    header = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    key = f"http.{server}/.extraheader"
    return {  # the first, empty, drops a header that the checkout left: two are refused
        "GIT_CONFIG_COUNT": "2", "GIT_CONFIG_KEY_0": key, "GIT_CONFIG_VALUE_0": "",
        "GIT_CONFIG_KEY_1": key, "GIT_CONFIG_VALUE_1": f"AUTHORIZATION: basic {header}",
    }  # fmt: skip
