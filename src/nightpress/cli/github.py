"""The few endpoints of GitHub's REST API that `nightpress ci` needs.

The token comes from the environment, goes into one header, and stands in no message. Comments and
pull requests are found again by a mark in their text, so that there is one of each.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from msgspec import Struct

from nightpress.errors import NightpressError, UsageError
from nightpress.loopback import is_loopback

TOKEN = "GITHUB_TOKEN"  # noqa: S105 - the variable's name
TRIES = 3
"""Times that a request is sent which may be repeated; then the error is told."""
LONGEST_WAIT = 60.0
"""Seconds that are waited for a rate limit to pass; a longer one is told."""
PAGES = 20
"""Pages of 100 that are looked through."""
_RIGHTS = (
    "the job needs `permissions: contents: write` and `pull-requests: write`; a pull request from"
    " a fork has neither"
)


class ForgeError(NightpressError):
    """The forge refused, or cannot be reached."""


class Denied(ForgeError):
    """The token has no right to do this (403, or a 404 that stands for it)."""


class Exists(ForgeError):
    """What was to be made already exists (422)."""


class Pull(Struct, frozen=True):
    """A pull request. sha: of its branch's last commit; merged: closed, and taken."""

    number: int
    url: str
    state: str
    base: str
    sha: str
    merged: bool
    title: str
    body: str


class GitHub:
    """One repository. api: the API's address; repository: OWNER/NAME; sleep: for tests."""

    def __init__(
        self, api: str, repository: str, token: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        import httpx2

        parts = urlsplit(api)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
            raise UsageError(f"GITHUB_API_URL: {api}: it must be https", "the token goes there")
        if not token.isascii() or not token.isprintable() or " " in token:
            raise UsageError(f"{TOKEN} contains something that is not a token")
        self._host, self._sleep = parts.hostname or "", sleep
        self._token = token
        self._owner = repository.partition("/")[0]
        self._root = f"{api.rstrip('/')}/repos/{quote(repository)}"
        self._client = httpx2.Client(
            headers={
                "authorization": f"Bearer {token}",
                "accept": "application/vnd.github+json",
                "x-github-api-version": "2022-11-28",
                "user-agent": "nightpress",
            },
            timeout=30.0, follow_redirects=False, trust_env=parts.scheme == "https",
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"GitHub({self._root!r})"

    def close(self) -> None:
        self._client.close()

    # --- what is asked for ---

    def keep_comment(self, number: int, mark: str, body: str, *, first: bool) -> str:
        """The one comment of ours on a pull request, brought to `body`, which begins with `mark`:
        `made`, `edited`, `unchanged`, or `none` (there was none, and `first` forbids to make it).
        """
        for comment in self._pages(f"/issues/{number}/comments"):
            if str(comment.get("body") or "").startswith(mark) and self._ours(comment):
                if str(comment["body"]).replace("\r\n", "\n").strip() == body.strip():
                    return "unchanged"
                self._ask("PATCH", f"/issues/comments/{int(comment['id'])}", {"body": body})
                return "edited"
        if not first:
            return "none"
        self._ask("POST", f"/issues/{number}/comments", {"body": body})
        return "made"

    def _ours(self, comment: Mapping[str, Any]) -> bool:
        """Anybody can write our mark: the comment must be a program's, or the token's owner's."""
        author = comment.get("user") or {}
        if author.get("type") == "Bot":
            return True
        return bool(author.get("login")) and author.get("login") == self._login()

    def _login(self) -> str:
        """Who the token is; "" for one that is no person's."""
        try:
            return str(self._ask("GET", f"{self._root.partition('/repos/')[0]}/user").get("login"))
        except ForgeError:
            return ""

    def pulls(self, branch: str, state: str = "all") -> list[Pull]:
        """The pull requests from that branch of this very repository, newest first."""
        head = quote(f"{self._owner}:{branch}", safe="")
        rows = self._pages(f"/pulls?state={state}&sort=created&direction=desc&head={head}")
        return [_pull(row) for row in rows]

    def open_pull(self, branch: str, base: str, title: str, body: str) -> tuple[Pull, str]:
        """The one open pull request from branch to base, made or brought to title and body:
        (it, `opened`, `updated` or `unchanged`). body: see `merged_body`."""
        if (there := self._open(branch, base)) is not None:
            return self._update(there, title, body)
        words = {"title": title, "head": branch, "base": base, "body": body}
        try:
            return _pull(self._ask("POST", "/pulls", words)), "opened"
        except Exists:  # somebody was faster
            if (there := self._open(branch, base)) is None:
                raise
            return self._update(there, title, body)

    def _open(self, branch: str, base: str) -> Pull | None:
        return next((p for p in self.pulls(branch, "open") if p.base == base), None)

    def _update(self, there: Pull, title: str, body: str) -> tuple[Pull, str]:
        body = merged_body(there.body, body)
        if (there.title, there.body.replace("\r\n", "\n")) == (title, body):
            return there, "unchanged"
        changed = self._ask("PATCH", f"/pulls/{there.number}", {"title": title, "body": body})
        return _pull(changed), "updated"

    # --- requests ---

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        joint = "&" if "?" in path else "?"
        for page in range(1, PAGES + 1):
            rows = self._ask("GET", f"{path}{joint}per_page=100&page={page}")
            if not isinstance(rows, list):
                raise ForgeError(f"{self._host} sent something that is not a list", _API)
            yield from rows
            if len(rows) < 100:
                return

    def _ask(self, method: str, path: str, words: Mapping[str, Any] | None = None) -> Any:
        """Send until it is answered; what makes something new is sent once, for it may have worked
        although the answer says otherwise."""
        tries = 1 if method == "POST" else TRIES
        for attempt in range(1, tries + 1):
            status, headers, text = self._send(method, path, words)
            if 200 <= status < 300:
                try:
                    return json.loads(text) if text else {}
                except ValueError:
                    raise ForgeError(
                        f"{self._host} sent something that is not JSON", _API
                    ) from None
            wait = _wait(status, headers)
            passing = status >= 500 or wait is not None
            pause = 2.0 ** (attempt - 1) if wait is None else wait
            if not passing or attempt == tries or pause > LONGEST_WAIT:
                raise self._refusal(status, headers, text)
            self._sleep(pause)
        raise AssertionError("unreachable")

    def _send(
        self, method: str, path: str, words: Mapping[str, Any] | None
    ) -> tuple[int, Mapping[str, str], str]:
        import httpx2

        url = path if path.startswith("http") else self._root + path
        try:
            answer = self._client.request(method, url, json=words)
        except httpx2.TransportError as error:
            why = str(error).replace(self._token, "***") or type(error).__name__
            raise ForgeError(f"{self._host} cannot be reached: {why}", "try again later") from None
        return answer.status_code, answer.headers, answer.text

    def _refusal(self, status: int, headers: Mapping[str, str], text: str) -> ForgeError:
        said = _message(text).replace(self._token, "***")
        told = f"{self._host} answers {status}" + (f": {said}" if said else "")
        if status == 401:
            return ForgeError(told, f"{TOKEN} is wrong, or has expired")
        if _wait(status, headers) is not None:
            return ForgeError(f"{told}: the rate limit is reached", f"try again {_when(headers)}")
        if status == 403 and "not permitted to create" in said:
            return Denied(
                told, "Settings > Actions > General: allow GitHub Actions to create pull requests"
            )
        if status in (403, 404):
            return Denied(told, _RIGHTS)
        if status == 422 and "already exists" in said:
            return Exists(told)
        if status == 422:
            return ForgeError(told, "look at branch and base: --branch, --base")
        if 300 <= status < 400:
            return ForgeError(told, "the repository has moved: correct GITHUB_REPOSITORY")
        return ForgeError(told, "GitHub has trouble: try again later" if status >= 500 else _API)


_API = "is GITHUB_API_URL right?"


def _pull(row: Mapping[str, Any]) -> Pull:
    try:
        return Pull(
            int(row["number"]), str(row["html_url"]), str(row["state"]), str(row["base"]["ref"]),
            str(row["head"]["sha"]), bool(row.get("merged_at")), str(row["title"]),
            str(row["body"] or ""),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):
        raise ForgeError("the forge sent something that is not a pull request", _API) from None


def _message(text: str) -> str:
    """What an answer says, its details included."""
    try:
        answer = json.loads(text)
        details = [e.get("message") or e.get("code") for e in answer.get("errors") or ()]
        parts = [answer.get("message"), *details]
    except (ValueError, AttributeError):
        return ""
    return "; ".join(str(part) for part in parts if part)[:300]


def _wait(status: int, headers: Mapping[str, str]) -> float | None:
    """Seconds until a rate limit passes; None: the answer is about something else."""
    if status not in (403, 429):
        return None
    try:
        if "retry-after" in headers:
            return max(0.0, float(headers["retry-after"]))
        if headers.get("x-ratelimit-remaining") == "0":
            return max(0.0, float(headers["x-ratelimit-reset"]) - time.time())
    except (KeyError, ValueError):
        return LONGEST_WAIT + 1
    return LONGEST_WAIT + 1 if status == 429 else None


def _when(headers: Mapping[str, str]) -> str:
    wait = _wait(429, headers) or 0.0
    return f"in {wait / 60:.0f} min" if wait > 90 else f"in {wait:.0f} s"


BEGIN, END = "<!-- nightpress: begin -->", "<!-- nightpress: end -->"
"""Around what is ours in a pull request's text; what people write outside stays."""


def merged_body(old: str, new: str) -> str:
    """The text of a pull request with our part, from BEGIN to END, put in place of the old one."""
    old = old.replace("\r\n", "\n")
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        return f"{old.rstrip()}\n\n{new}" if old.strip() else new
    return before + new + after


# --- where we are ---


def from_environment(environ: Mapping[str, str]) -> GitHub | None:
    """The repository that the job runs in; None where there is no token, or no repository."""
    token, repository = environ.get(TOKEN, "").strip(), environ.get("GITHUB_REPOSITORY", "")
    if not token or not repository:
        return None
    return GitHub(environ.get("GITHUB_API_URL") or "https://api.github.com", repository, token)


def pull_number(environ: Mapping[str, str]) -> int | None:
    """The pull request that the job runs for; None if it runs for something else."""
    path = environ.get("GITHUB_EVENT_PATH")
    if not path or not Path(path).is_file():
        return None
    try:
        event = json.loads(Path(path).read_text(encoding="utf-8"))
        return int(event["pull_request"]["number"])
    except (ValueError, KeyError, TypeError):
        return None


def output(environ: Mapping[str, str], **values: str) -> None:
    """Outputs of the job's step; each value is one line. Nothing where there is no such file."""
    if not (path := environ.get("GITHUB_OUTPUT")):
        return
    with Path(path).open("a", encoding="utf-8") as file:
        for name, value in values.items():
            file.write(f"{name.replace('_', '-')}={' '.join(value.split())}{os.linesep}")
