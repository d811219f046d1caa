"""Runs a program for each question: no shell, an empty folder, few variables, a group of its own.

What it puts out is read while it comes, up to a bound; at the deadline, and whenever we leave, it
is killed with whatever it has started.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from nightpress.backends.answers import clean
from nightpress.backends.declaration import Environ, most_bytes
from nightpress.backends.remote import IN_WORDS
from nightpress.errors import Answer, BackendError
from nightpress.model import BackendKind, Reply, Request
from nightpress.storage import private

PIECE = 1 << 16
WARDEN = str(Path(__file__).with_name("warden.py"))
GRACE = 5.0
"""Seconds for the rest of the output, where something else has run away with our pipes."""
TOLD = 20_000
"""Bytes of its error output that are kept."""
LOGIN = re.compile(r"log ?in\b|logged (?:in|out)|unauthori[sz]ed|authenticat|api key|\b401\b", re.I)
SPENT = re.compile(r"usage limit|hit your limit|limit reached|quota|rate.?limit", re.I)


_ENDED = (-signal.SIGKILL, -signal.SIGTERM)


class Command:
    """found: declaration.plan(...)."""

    name = "command"
    kind: BackendKind = "model"

    def __init__(self, found: Mapping[str, Any], environ: Environ, clock_speed: float) -> None:
        self._found = found
        self._environ = private.environment(environ, found["env"])
        self._seconds = found["seconds"] / clock_speed
        self._running: set[subprocess.Popen[bytes]] = set()
        self._leases: dict[subprocess.Popen[bytes], int] = {}
        self._guard = threading.Lock()

    def ask(self, request: Request) -> Reply:
        """One run of the program. Raises BackendError for whatever is no reply."""
        prompt = f"{request.system}\n\n{request.prompt}" if request.system else request.prompt
        if request.schema is not None:
            prompt += IN_WORDS.format(json.dumps(request.schema, ensure_ascii=False))
        with tempfile.TemporaryDirectory(prefix="nightpress-command-") as folder:
            output, told, code = self._run(Path(folder), prompt, request.max_output_tokens)
        if code:
            raise BackendError(_failed(code, told or output))
        return self._reply(output, prompt)

    def close(self) -> None:
        """Kill what runs; those calls raise BackendError."""
        with self._guard:
            running = list(self._running)
        for process in running:
            _kill(process)

    def _run(self, folder: Path, prompt: str, max_tokens: int) -> tuple[str, str, int]:
        """(standard output, what it said on its error output, exit status)."""
        empty, beside = folder / "empty", folder / "beside"
        for one in (empty, beside):
            one.mkdir()
        for name, text in self._found.get("beside", {}).items():
            (beside / name).write_text(text, encoding="utf-8")
        words = [str(word).replace("{beside}", str(beside)) for word in self._found["run"]]
        question = folder / "question"
        question.write_text(prompt, encoding="utf-8", errors="replace")
        with question.open("rb") as source:
            process = self._start(words, source, empty)
        try:
            return self._wait(process, most_bytes(max_tokens))
        finally:
            if process.returncode is None:
                _kill(process)
            with self._guard:
                self._running.discard(process)
            os.close(self._leases.pop(process))
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()

    def _start(
        self, words: Sequence[str], source: IO[bytes], empty: Path
    ) -> subprocess.Popen[bytes]:
        own, lease = os.pipe()  # ends with us, however that is
        try:
            if _found(words[0], empty, self._environ) is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            process = subprocess.Popen(  # noqa: S603 - the user's own words; no shell reads them
                [sys.executable, "-I", "-S", WARDEN, str(own), str(empty.parent), *words],
                stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=empty,
                env=self._environ, start_new_session=True, pass_fds=(own,),
            )  # fmt: skip
        except OSError as error:
            os.close(lease)
            message = f"{words[0]} cannot be run: {error.strerror}"
            hint = "is it installed, and on the PATH?"
            raise BackendError(Answer("bad_request", message, hint=hint, left=False)) from None
        finally:
            os.close(own)
        self._leases[process] = lease
        with self._guard:
            self._running.add(process)
        return process

    def _wait(self, process: subprocess.Popen[bytes], most: int) -> tuple[str, str, int]:
        out, told = _Drain(process.stdout, most, process), _Drain(process.stderr, TOLD, None)
        try:
            code = process.wait(self._seconds)
        except subprocess.TimeoutExpired:
            message = f"no answer within {self._found['seconds']:g} s: it was killed"
            raise BackendError(Answer("transient", message)) from None
        out.join(GRACE)
        told.join(GRACE)
        if out.over:
            hint = "it was discarded; the next run tries again"
            message = f"the reply never ended: broken off after {most:,} bytes"
            raise BackendError(Answer("too_large", message, hint=hint))
        with self._guard:
            given_up = process not in self._running or code in _ENDED
        if given_up:
            raise BackendError(Answer("transient", "abandoned while the call was in flight"))
        return out.text(), told.text(), code

    def _reply(self, output: str, prompt: str) -> Reply:
        text, value = output, None
        if path := self._found.get("reply"):
            try:
                value = json.loads(output)
            except (ValueError, RecursionError):
                raise BackendError(Answer("malformed", "its output is not JSON")) from None
            found = _at(value, path)
            text = found if isinstance(found, str) else ""
            if (failed := self._found.get("failed")) and _at(value, failed):
                raise BackendError(_failed(1, text))
        if not text.strip():
            raise BackendError(Answer("malformed", "the reply contains no text"))
        return Reply(
            text=text,
            model=self._found["named"],
            tokens_in=self._count(value, "tokens_in") or int(len(prompt.encode()) / 3.5),
            tokens_out=self._count(value, "tokens_out") or int(len(text.encode()) / 3.5),
            raw=output,
        )

    def _count(self, value: object, kind: str) -> int:
        """Tokens as the output counts them; 0 where it does not, and they are estimated."""
        numbers = [_at(value, path) for path in self._found.get(kind, ())]
        return sum(one for one in numbers if isinstance(one, int))


class _Drain(threading.Thread):
    """Reads a stream to its end, and keeps `most` bytes; process: killed where there are more."""

    def __init__(
        self, stream: IO[bytes] | None, most: int, process: subprocess.Popen[bytes] | None
    ) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._most = most
        self._process = process
        self._kept = bytearray()
        self.over = False
        self.start()

    def run(self) -> None:
        with suppress(OSError, ValueError):  # closed under us: the process is gone
            while self._stream is not None and (piece := os.read(self._stream.fileno(), PIECE)):
                self._kept += piece[: max(0, self._most - len(self._kept))]
                self.over = self.over or len(self._kept) >= self._most
                if self.over and self._process is not None:
                    _kill(self._process)

    def text(self) -> str:
        return bytes(self._kept).decode("utf-8", "replace")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The program, and all that it has started: its warden sees to that."""
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _found(program: str, folder: Path, environ: Mapping[str, str]) -> str | None:
    """Where the program is, as it is looked for from that folder; None: nowhere."""
    if os.sep in program:
        path = folder / program
        return str(path) if path.is_file() and os.access(path, os.X_OK) else None
    return shutil.which(program, path=environ.get("PATH"))


def _failed(code: int, told: str) -> Answer:
    said = clean(told.strip()[-1_000:]) or "without a word"
    message = f"the program ended with status {code}: {said}"
    if SPENT.search(told):
        hint = "the program's own limit is reached; the rest goes on after midnight UTC"
        return Answer("day_quota", message, hint=hint)
    if LOGIN.search(told):
        return Answer("unauthorised", message, hint="log in to it by hand, then run doit again")
    return Answer("malformed", message)


def _at(value: object, path: str) -> object:
    """What stands at a dotted path of a JSON value; None where nothing does."""
    for part in path.split("."):
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            value = value.get(part) if isinstance(value, Mapping) else None
    return value
