"""A program as the writer: what it gets, how it ends, and that nothing of it is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from benchmarks import presets

from nightpress.backends import make, way
from nightpress.backends.command import PRESETS, plan
from nightpress.errors import BackendError, UsageError
from nightpress.model import Backend

from . import samples


def program(code: str, environ: dict[str, str] | None = None, **settings: Any) -> Backend:
    """The backend that runs a few lines of Python."""
    chosen = {"run": [sys.executable, "-c", code], "unsafe_tools": "accepted", **settings}
    return make("command", chosen, {**os.environ, **(environ or {})})


def answer_of(backend: Backend) -> BackendError:
    with pytest.raises(BackendError) as caught:
        backend.ask(samples.request())
    return caught.value


def test_the_prompt_comes_on_its_input_and_the_reply_from_its_output() -> None:
    code = "import sys; text = sys.stdin.read(); print('# Heard', len(text))"
    request = samples.request()
    reply = program(code, model="own-1").ask(request)
    assert reply.text == f"# Heard {len(request.system) + 2 + len(request.prompt)}\n"
    assert (reply.model, reply.finish) == ("own-1", "stop")
    assert reply.tokens_in > 100, "estimated, where the program does not count"


def test_it_runs_in_an_empty_folder_and_with_few_variables() -> None:
    code = "import os; print(sorted(os.listdir()), 'SECRET' in os.environ, os.environ['GIVEN'])"
    environ = {"SECRET": "s", "GIVEN": "g"}
    assert program(code, environ, env=["GIVEN"]).ask(samples.request()).text == "[] False g\n"


def test_no_shell_reads_its_words() -> None:
    chosen = {"run": ["/bin/echo", "$HOME; `id` | cat"], "unsafe_tools": "accepted"}
    reply = make("command", chosen, os.environ).ask(samples.request())
    assert reply.text == "$HOME; `id` | cat\n"


def test_a_reply_at_a_path_of_its_json() -> None:
    code = 'print(\'{"items": [{"text": "# Doc"}]}\')'
    assert program(code, reply="items.0.text").ask(samples.request()).text == "# Doc"
    assert answer_of(program(code, reply="items.1.text")).answer.kind == "malformed"
    assert answer_of(program("print('no')", reply="a")).answer.kind == "malformed"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("pass", "malformed"),
        ("raise SystemExit('boom')", "malformed"),
        ("raise SystemExit('Invalid API key. Please run /login')", "unauthorised"),
        ("raise SystemExit('You have hit your limit, it resets at 3pm')", "day_quota"),
        ("import os; [os.write(1, b'x' * 65536) for _ in range(1000)]", "too_large"),
    ],
)
def test_how_it_may_end(code: str, kind: str) -> None:
    error = answer_of(program(code))
    assert error.answer.kind == kind
    assert error.answer.left


def test_what_is_not_there_never_left() -> None:
    chosen = {"run": ["no-such-program-here"], "unsafe_tools": "accepted"}
    answer = answer_of(make("command", chosen, os.environ)).answer
    assert (answer.kind, answer.left) == ("bad_request", False)


CHILD = "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; "
CHILD += "time.sleep(60)']); open({path!r}, 'w').write(str(p.pid)); {then}"


@pytest.mark.parametrize(
    ("then", "kind"), [("import time; time.sleep(60)", "transient"), ("print('# Doc')", "")]
)
def test_whatever_it_started_ends_with_it(tmp_path: Path, then: str, kind: str) -> None:
    code = CHILD.format(path=str(tmp_path / "pid"), then=then)
    began = time.monotonic()
    backend = program(code, deadline_seconds=2)
    if kind:
        assert answer_of(backend).answer.kind == kind
    else:
        assert backend.ask(samples.request()).text == "# Doc\n"
    assert time.monotonic() - began < 30
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 5
    while _lives(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _lives(pid)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc here")
@pytest.mark.parametrize("seconds", [2, 60])
def test_what_left_its_session_ends_with_it(tmp_path: Path, seconds: int) -> None:
    """It holds our pipes, too: nobody waits for that."""
    then = "time.sleep(60)" if seconds < 60 else "print('# Doc', flush=True)"
    code = CHILD.format(path=str(tmp_path / "pid"), then=f"import time; {then}")
    code = code.replace("Popen([", "Popen(['setsid', ")
    began = time.monotonic()
    backend = program(code, deadline_seconds=seconds)
    if seconds < 60:
        assert answer_of(backend).answer.kind == "transient"
    else:
        assert backend.ask(samples.request()).text == "# Doc\n"
    assert time.monotonic() - began < seconds + 20
    pid = int((tmp_path / "pid").read_text())
    assert not _lives(pid)


def test_it_ends_when_who_asked_is_killed(tmp_path: Path) -> None:
    code = CHILD.format(path=str(tmp_path / "pid"), then="import time; time.sleep(60)")
    ask = (
        "from tests.backends.test_command import program, samples\n"
        f"program({code!r}, deadline_seconds=60).ask(samples.request())"
    )
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", ask], env=environ) as asking:
        path, deadline = tmp_path / "pid", time.monotonic() + 30
        while not (path.exists() and path.read_text()) and time.monotonic() < deadline:
            time.sleep(0.02)
        asking.kill()
    pid, deadline = int(path.read_text()), time.monotonic() + 10
    while _lives(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _lives(pid)
    while [*tmp_path.glob("nightpress-command-*")] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not [*tmp_path.glob("nightpress-command-*")]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat")
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False


def test_closing_gives_up_what_runs() -> None:
    backend = program("import time; time.sleep(60)")
    caught: list[BackendError] = []

    def ask() -> None:
        try:
            backend.ask(samples.request())
        except BackendError as error:
            caught.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while not backend._running:  # type: ignore[attr-defined]
        time.sleep(0.01)
    backend.close()
    thread.join(10)
    assert [error.answer.kind for error in caught] == ["transient"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"run": ["agent"]}, "may act on it"),
        (
            {"run": ["agent"], "preset": "claude", "unsafe_tools": "accepted"},
            "set only one of them",
        ),
        ({"at": "cloud"}, "no such preset"),
        ({}, "does not say what to run"),
    ],
)
def test_what_nobody_vouches_for_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make("command", settings, {})


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_a_program_with_its_tools_off(preset: str) -> None:
    found = plan({"at": preset, "model": "some-model"})
    assert found["run"][0] == preset
    assert "some-model" in found["run"]
    _, access = way("command", {"backend_at": preset})
    assert access.stands_for == (f"command:{preset}",)
    off = {"claude": ["--tools", ""], "codex": ["--disable", "shell_tool"],
           "gemini": ["--admin-policy", "{beside}/deny.toml"]}[preset]  # fmt: skip
    at = found["run"].index(off[0])
    assert found["run"][at : at + 2] == off


AGENT = """#!%s
import json, os, subprocess, sys, urllib.request
if "--version" in sys.argv:
    sys.exit(print("1.2.3"))
bold = "--admin-policy" not in sys.argv or %r
url = os.environ["GOOGLE_GEMINI_BASE_URL"] + "/v1beta/models/x:generateContent"
def ask(part):
    tools = [{"functionDeclarations": [{"name": "run_shell_command"}] if bold else []}]
    body = {"contents": [{"parts": [part]}], "tools": tools}
    answer = urllib.request.urlopen(url, json.dumps(body).encode())
    return json.load(answer)["candidates"][0]["content"]["parts"][0]
called = ask({"text": sys.stdin.read()})["functionCall"]
if bold:
    subprocess.run(called["args"]["command"], shell=True)
print(json.dumps({"response": ask({"functionResponse": {"name": called["name"]}})["text"]}))
"""


@pytest.mark.parametrize("bold", [False, True])
def test_the_trial_of_the_presets_tells_tight_from_loose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bold: bool
) -> None:
    script = tmp_path / "gemini"
    script.write_text(AGENT % (sys.executable, bold))
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    result = presets.main(["--only", "gemini"])
    off, on = result["gemini"]["off"], result["gemini"]["on"]
    assert (off["offered"], off["ran"]) == (["run_shell_command"] * bold, bold)
    assert (on["offered"], on["ran"], on["said"]) == (["run_shell_command"], True, "Done.")
    assert presets.failed(result) == bold
    script.unlink()
    skipped = presets.main(["--only", "gemini"])
    assert "`gemini` | not installed: skipped" in presets.render(skipped)
    assert not presets.failed(skipped)


def test_codex_is_handed_models_without_tools() -> None:
    """By its own catalogue its models run code that patches files and starts agents."""
    (model,) = json.loads(plan({"at": "codex"})["beside"]["models.json"])["models"]
    assert model["shell_type"] == "disabled" and not model["experimental_supported_tools"]
    assert not {"tool_mode", "apply_patch_tool_type", "multi_agent_version"} & model.keys()
    assert 'model_catalog_json="{beside}/models.json"' in plan({"at": "codex"})["run"]


def test_the_policy_beside_it_is_there_when_it_runs(tmp_path: Path) -> None:
    script = tmp_path / "gemini"
    script.write_text('#!/bin/sh\nwhile [ "$1" != --admin-policy ]; do shift; done\n'
                      'printf \'{"response": "%s"}\' "$(head -n 1 "$2")"\n')  # fmt: skip
    script.chmod(0o755)
    environ = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    backend = make("command", {"preset": "gemini"}, environ)
    assert backend.ask(samples.request()).text == "[[rule]]"


def test_a_killed_signal_is_not_left_to_the_terminal() -> None:
    """It has a group of its own: Ctrl-C reaches us alone, and we end it."""
    code = "import os; print(os.getpgid(0) == os.getpid())"
    assert program(code).ask(samples.request()).text == "True\n"
    assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
