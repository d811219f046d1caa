"""Commands in processes of their own that need not import anything first.

A process that has imported what nightpress and doit import waits at a socket, and forks itself for
each command: command line, environment, folder, signals, exit and what is printed are those of a
program that was started, without the third of a second in which an interpreter imports. What the
offline writer remembers of a text (`backends/offline/backend`: by all that it is made from) a
command leaves to those that come after it: most tests document the same few plugins. As a program:
`python -m tests.preloaded SOCKET`; it ends when its standard input does.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import importlib.metadata
import json
import os
import pkgutil
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any, NoReturn

from nightpress.backends.offline import backend as offline

ENTRIES = {
    "doit": "doit.__main__", "nightpress": "nightpress.cli",
    "nightpress.tasks": "nightpress.tasks.__main__",
}  # fmt: skip
"""Of another program the name is that of its module."""
MODULES = (
    "doit.doit_cmd", "doit.cmd_base", "google.genai", "h11", "httpcore2", "httpx2", "jinja2",
    "jsonschema", "markdown_it.main", "msgspec", "platformdirs", "pygal", "rich.live",
    "rich.table", "ruamel.yaml", "sqlite3", "zoneinfo",
)  # fmt: skip
KITS = ("anthropic.resources.messages", "openai.resources.chat.completions")
"""Large modules of few commands: they are imported here as soon as one of them has needed it."""
BIN = Path(sys.executable).parent
SECONDS = 120
"""After which a command is ended."""


class Preloaded:
    """The process at its socket, as the tests hold it; environ: what it is started with, too."""

    def __init__(self, **environ: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="nightpress-preloaded-")
        self._socket = str(Path(self._folder.name) / "socket")
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, self._socket],
            stdin=subprocess.PIPE, cwd=Path(__file__).parents[1], env={**os.environ, **environ},
        )  # fmt: skip

    def run(
        self, program: str, words: Sequence[str], folder: Path, environ: Mapping[str, str],
        seconds: int = SECONDS,
    ) -> tuple[int, str, str]:  # fmt: skip
        """Exit code (negative: the signal), standard output and error output."""
        request = _request(program, words, folder, environ, seconds)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            with self._connect() as connection:
                code = _answered(connection, request, out.fileno(), err.fileno())
            out.seek(0)
            err.seek(0)
            return code, out.read().decode(), err.read().decode()

    def _connect(self) -> socket.socket:
        deadline = time.monotonic() + 180  # a busy machine
        while True:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.connect(self._socket)
            except OSError:
                connection.close()
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return connection


def _request(
    program: str, words: Sequence[str], folder: Path, environ: Mapping[str, str], seconds: int
) -> bytes:
    request = {
        "program": program, "words": list(words), "folder": str(folder), "environ": dict(environ),
        "seconds": seconds,
    }  # fmt: skip
    return json.dumps(request).encode() + b"\n"


def _answered(connection: socket.socket, request: bytes, *files: int) -> int:
    socket.send_fds(connection, [request], files)
    with connection.makefile("rb") as reply:
        return int(reply.readline())


@functools.cache
def preloaded() -> Preloaded:
    """The one of this test process."""
    return Preloaded()


def load() -> None:
    """Import what runs import, compile their patterns, and read what comes with nightpress."""
    # doit asks it thrice for the plugins among all installed packages, which do not change here
    importlib.metadata.entry_points = functools.cache(importlib.metadata.entry_points)
    for group in ("doit.COMMAND", "doit.BACKEND", "doit.REPORTER"):
        importlib.metadata.entry_points(group=group)
    import nightpress

    for name in MODULES:
        importlib.import_module(name)
    for found in pkgutil.walk_packages(nightpress.__path__, "nightpress."):
        if not found.name.endswith("__main__"):
            module = importlib.import_module(found.name)
            for value in vars(module).copy().values():
                getattr(value, "_compiled", None)
    from nightpress.project import generators, prompt, resources

    for folder in resources.bundled("generators").iterdir():
        generators.load_generator(folder)
        for template in (folder / "prompt.md.j2", folder / "system.md"):
            prompt.wrong(template.read_text())
            prompt._template(template.read_text())
    settle()


def settle() -> None:
    """What stands in memory by now is no command's garbage: none looks through it."""
    gc.collect()
    gc.freeze()


def serve(path: str) -> str:
    """Wait for commands and tell their ends; returns in the child that shall be one, with the name
    of its program."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(64)
    if os.fork() == 0:  # ends this process when the tests have ended
        sys.stdin.read()
        os.kill(os.getppid(), signal.SIGKILL)
        os._exit(0)
    ended, ends = socket.socketpair()
    for one in (ended, ends):
        one.setblocking(False)
    signal.set_wakeup_fd(ends.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: dict[int, socket.socket] = {}
    while True:
        ready = select.select([listener, ended], [], [])[0]
        if ended in ready:
            ended.recv(1 << 16)
            _tell_ends(running)
        if listener not in ready:
            continue
        connection, _ = listener.accept()
        inherit(Path(path).parent)
        head, files, _, _ = socket.recv_fds(connection, 1 << 20, 2)
        while not head.endswith(b"\n"):
            head += connection.recv(1 << 20)
        child = os.fork()
        if child == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for one in (listener, ended, ends, connection, *running.values()):
                one.close()
            return _become(json.loads(head), files)
        running[child] = connection
        for file in files:
            os.close(file)


def _tell_ends(running: dict[int, socket.socket]) -> None:
    """Each command's exit code, to whoever waits for it."""
    while running:
        child, status = os.waitpid(-1, os.WNOHANG)
        if not child:
            return
        if (connection := running.pop(child, None)) is not None:
            with connection, contextlib.suppress(OSError):  # nobody waits any more
                connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def inherit(folder: Path) -> None:
    """Remember the texts, and import the kits, that commands have left there."""
    for left in folder.glob("*.left"):
        texts, kits = json.loads(left.read_bytes())
        offline._texts.update(texts)
        for kit in kits:
            importlib.import_module(kit)
        if kits:
            settle()
        left.unlink()


def leave(folder: Path, known: Set[str]) -> None:
    """Put the texts and the names of kits there that are not known yet."""
    texts = {key: text for key, text in offline._texts.items() if key not in known}
    kits = [kit for kit in KITS if kit in sys.modules and kit not in known]
    if texts or kits:
        written = folder / str(os.getpid())
        with contextlib.suppress(OSError):  # of a test that takes the disk away
            written.write_text(json.dumps((texts, kits)))
            written.rename(written.with_suffix(".left"))


def _become(request: Any, files: Sequence[int]) -> str:
    """Take on the command's streams, environment, folder and words; the name of its program."""
    for number, file in enumerate(files, 1):
        os.dup2(file, number)
        os.close(file)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.environ.clear()
    os.environ.update(request["environ"])
    time.tzset()
    os.chdir(request["folder"])
    signal.alarm(request["seconds"])
    sys.path[0] = str(BIN)
    sys.argv = [str(BIN / request["program"]), *request["words"]]
    return str(request["program"])


def replace_starts(path: str) -> None:
    """What becomes doit, as `nightpress build` does, or runs it to its end, is another command of
    this kind."""
    execv, run = os.execv, subprocess.run

    def known(words: Sequence[str]) -> bool:
        return [*words[:2]] == [sys.executable, "-m"] and words[2] in ENTRIES

    def code_of(words: Sequence[str], folder: Path, environ: Mapping[str, str], *to: int) -> int:
        request = _request(words[2], words[3:], folder, environ, SECONDS)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(path)
            return _answered(connection, request, *to)

    def become(program: str, words: Sequence[str]) -> NoReturn:
        if not known(words):
            execv(program, words)
        code = code_of(words, Path.cwd(), os.environ, 1, 2)
        if code < 0:
            os.kill(os.getpid(), -code)
        os._exit(code)

    def started(words: Sequence[str], **given: Any) -> subprocess.CompletedProcess[Any]:
        ways = {"cwd", "env", "stdout", "check", "capture_output", "text", "errors"}
        kept = bool(given.get("capture_output"))
        is_other = given.keys() - ways or given.get("check") or (kept and not given.get("text"))
        if is_other or not known(words):
            return run(words, **given)
        folder, environ = Path.cwd() / given.get("cwd", "."), given.get("env") or os.environ
        if not kept:
            sys.stdout.flush()
            to = given["stdout"].fileno() if given.get("stdout") else 1
            return subprocess.CompletedProcess(words, code_of(words, folder, environ, to, 2))
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            code = code_of(words, folder, environ, out.fileno(), err.fileno())
            for file in (out, err):
                file.seek(0)
            said = (file.read().decode(errors=given.get("errors", "strict")) for file in (out, err))
            return subprocess.CompletedProcess(words, code, *said)

    os.execv, subprocess.run = become, started  # type: ignore[assignment]


def _run(entry: Callable[[], int | None], folder: Path) -> NoReturn:
    """Call it as a program's start does, and end as the interpreter does, but for the destruction
    of every object of every module, which takes longer than most commands."""
    known = offline._texts.keys() | sys.modules.keys()
    code: object = 0
    try:
        code = entry()
    except SystemExit as end:
        code = end.code
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for found in gc.get_objects():
        if isinstance(found, sqlite3.Connection):
            with contextlib.suppress(sqlite3.ProgrammingError):  # another thread's, closed by none
                found.close()
    sys.stdout.flush()
    sys.stderr.flush()
    leave(folder, known)
    os._exit(1 if isinstance(code, str) else int(code or 0))  # type: ignore[call-overload]


def main() -> NoReturn:
    load()
    path = sys.argv[1]
    program = serve(path)
    replace_starts(path)
    _run(importlib.import_module(ENTRIES.get(program, program)).main, Path(path).parent)


if __name__ == "__main__":
    main()
