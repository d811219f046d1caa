"""What a run tells: stable lines for programs, calm ones for people, and nothing that harms it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from nightpress.clock import RealClock
from nightpress.pipeline.events import COMMON, KINDS, Event
from nightpress.pipeline.run import Run
from nightpress.progress import notify as notify_verb
from nightpress.project.project import Project
from tests.gemini_server import GeminiServer, Limits
from tests.market import Market, Ran, plugin


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[tuple[Market, dict[str, str]]]:
    """A plugin with source enough and one with little, and a server for them."""
    market = Market(tmp_path / "shop")
    plugin(market.root, "alpha", size=16_000)
    plugin(market.root, "tiny", size=40)
    market.run("nightpress", "init")
    with (market.root / "manifests" / "tiny.yaml").open("a") as file:
        file.write(
            "    size: {min: 13990, max: 14000, floor: fixed}\n"
        )  # refused: no model hits this
    with GeminiServer(latency=0, limits={"*": Limits()}) as server:
        yield market, {"GOOGLE_GEMINI_BASE_URL": server.url(), "GEMINI_API_KEY": "test-key"}


def rows(done: Ran) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.out.splitlines()]


def test_json_lines_have_exactly_the_documented_keys(
    shop: tuple[Market, dict[str, str]],
) -> None:
    market, environ = shop
    found = rows(market.doit("pace=unpaced", "progress=json", **environ))
    for row in found:
        assert set(row) == set(COMMON) | set(KINDS[row["event"]].keys), row
    kinds = [row["event"] for row in found]
    assert kinds[0] == "run"
    assert kinds[-1] == "end"
    assert {"started", "asked", "answered", "finished", "summary"} <= set(kinds)
    assert found[0]["work"] == 2
    phases = [row["phase"] for row in found if row["event"] == "asked" and "alpha" in row["job"]]
    assert phases == ["analysis", "generation"]
    answered = [row for row in found if row["event"] == "answered"]
    assert sum(row["tokens_in"] + row["tokens_out"] for row in answered) == found[-1]["tokens"]
    assert found[-1]["counts"] == {"published": 1, "refused": 1}
    kept = (market.root / ".nightpress" / "logs" / "latest.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in kept] == found


def test_plain_tells_of_outcomes_and_hides_short_waits(
    shop: tuple[Market, dict[str, str]],
) -> None:
    market, environ = shop
    done = market.doit("progress=plain", "pace=unpaced", **environ)
    assert not {c for c in done.out if ord(c) < 32} - {"\n"}
    assert "asking for" not in done.out
    assert "answered in" not in done.out
    log = (market.root / ".nightpress" / "logs" / "latest.log").read_text()
    assert "answered in" in log


def test_progress_none_prints_only_the_summary_nowhere(market: Market) -> None:
    assert market.doit("progress=none").out == ""


def test_a_listener_that_breaks_is_dropped_and_the_run_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heard: list[str] = []

    def broken(event: Event) -> None:
        raise BrokenPipeError(event.text)

    run = Run(
        Project(tmp_path, {}, {}, RealClock()), "test", [broken, lambda e: heard.append(e.text)]
    )
    run.tell("notice", "one")
    run.tell("notice", "two")
    assert heard == ["one", "two"]
    assert capsys.readouterr().err.count("the progress display broke off") == 1


# --- told at the end ---


def notify(market: Market, text: str) -> None:
    path = market.root / "manifests" / "_defaults.yaml"
    path.write_text(f"{path.read_text()}\nnotify:\n  {text}\n")


def test_a_command_gets_the_summary(market: Market) -> None:
    notify(market, 'command: [sh, -c, "cat > told.json"]')
    assert market.doit().code == 0
    told = json.loads((market.root / "told.json").read_text())
    assert told["exit_code"] == 0
    assert told["counts"] == {"published": 2, "insufficient": 1}
    assert told["failures"] == []
    (market.root / "told.json").unlink()
    assert market.doit().code == 0
    assert not (market.root / "told.json").exists(), "a run that did nothing tells nobody"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('command: [sh, -c, "echo broken >&2; exit 7"]', "exit status 7: broken"),
        ("command: [no-such-program-anywhere]", "FileNotFoundError"),
        ("webhook: http://127.0.0.1:9/secret", "Connection refused"),
        ("webhook: http://example.org/secret", "the URL must be https"),
        ("webhook_env: NOWHERE_SET", "NOWHERE_SET is not set"),
    ],
)
def test_a_failing_notification_is_one_line(market: Market, text: str, said: str) -> None:
    notify(market, text)
    done = market.doit()
    assert done.code == 0
    assert said in done.err
    assert "secret" not in done.err
    assert len([line for line in done.err.splitlines() if not line.startswith("reading ")]) == 1


def told(project: Path, asked: dict[str, Any]) -> tuple[list[str], float]:
    """What is said of telling the end of a run, and the seconds it took."""
    (project / "manifests").mkdir(exist_ok=True)
    (project / "manifests" / "_defaults.yaml").write_text(json.dumps({"notify": asked}))
    run, said = Run(Project(project, {}, {}, RealClock()), "test", run_id="r"), list[str]()
    began = time.monotonic()
    notify_verb.tell(run, 0, said.append)
    return said, time.monotonic() - began


def test_a_command_is_ended_in_time_and_what_it_leaves_running_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, took = told(tmp_path, {"command": ["sh", "-c", "sleep 50 & exit 0"]})
    assert (said, took < 20) == ([], True)
    monkeypatch.setattr(notify_verb, "COMMAND_SECONDS", 0.3)
    said, took = told(tmp_path, {"command": ["sh", "-c", "sleep 50; true"]})
    assert took < 20
    assert said == ["the command was not notified: it took longer than 0.3 s and was ended"]


@pytest.mark.parametrize(
    ("status", "drips", "said"),
    [(500, 0, "it answered 500"), (302, 0, "it answered 302"), (200, 40, "no answer within 0.5 s")],
)
def test_a_webhook_that_fails_redirects_or_drips_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, drips: int, said: str
) -> None:
    asked = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            for number in range(drips):
                self.send_header(f"X-{number}", "y")
                self.flush_headers()
                time.sleep(0.1)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def do_GET(self) -> None:
            asked.append(b"followed")
            self.do_POST()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is printed."""

    monkeypatch.setattr(notify_verb, "WEBHOOK_SECONDS", 0.5 if drips else 10)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/token-1234"
    lines, took = told(tmp_path, {"webhook": url})
    server.shutdown()
    assert lines == [f"the webhook at 127.0.0.1 was not notified: {said}"]
    assert took < 3 or not drips
    assert len(asked) == 1 and json.loads(asked[0])["run_id"] == "r"


def test_a_webhook_gets_the_summary_from_a_secret_url(market: Market) -> None:
    told: list[tuple[str, dict[str, Any]]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.append((self.path, json.loads(body)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is printed."""

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    notify(market, "webhook_env: MY_HOOK")
    done = market.doit(MY_HOOK=f"http://127.0.0.1:{server.server_port}/token-1234")
    server.shutdown()
    server.server_close()
    assert done.code == 0
    [(path, body)] = told
    assert path == "/token-1234"
    assert body["counts"]["published"] == 2
    for found in (market.root / ".nightpress").rglob("*"):
        assert not found.is_file() or b"token-1234" not in found.read_bytes()


class Slow(list[str]):
    """Looking something up takes a moment, in which another thread may look, too."""

    def __contains__(self, one: object) -> bool:
        found = super().__contains__(one)
        time.sleep(0.05)
        return found


def test_what_many_threads_meet_is_said_once(tmp_path: Path) -> None:
    run = Run(Project(tmp_path, {}, {}, RealClock()), "test", run_id="r", notices=Slow())
    threads = [threading.Thread(target=run.notice_once, args=("it is gone",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [*run.notices] == ["it is gone"]
