"""What a user reads when the database says no; and where the token never is."""

from __future__ import annotations

import http.server
import itertools
import logging
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from nightpress.errors import NightpressError, UsageError
from nightpress.storage.hrana import MAX_ANSWER, Hrana, Patience
from nightpress.storage.refusals import (
    Archived,
    Blocked,
    Denied,
    HranaError,
    ReadOnly,
    Unreachable,
)
from nightpress.vault import RemotePlace, backup, named_vault, project_vault, restore_all, snapshots
from tests.vault.conftest import SOON, remote
from tests.vault.server import Server, free_port
from tests.vault.tree import nasty, state


def test_a_wrong_and_an_expired_token(server: Server) -> None:
    for token, words in (
        (server.token(expires=-600), "has expired"),
        (server.token() + "x", "does not accept the token"),
        ("", "needs a token"),
    ):
        with pytest.raises(Denied, match=words) as caught:
            snapshots(RemotePlace(Hrana(server.url, token, SOON)))
        assert "turso db tokens create" in caught.value.hint


def test_a_read_only_token_restores_and_does_not_back_up(server: Server, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    backup(source, remote(server))
    reader = remote(server, read_only=True)
    restore_all(reader, tmp_path / "back")
    assert state(tmp_path / "back") == state(source.root)
    with pytest.raises(ReadOnly, match="is read-only"):
        backup(source, reader)
    assert len(snapshots(reader)) == 1


def test_a_blocked_and_a_full_database(server: Server, tmp_path: Path) -> None:
    source = nasty(tmp_path / "project")
    place = remote(server)
    server.configure(block_writes=True, block_reason="the month's rows are used up")
    with pytest.raises(Blocked, match="the month's rows are used up"):
        backup(source, place)
    server.configure(max_db_size="512KB")
    with pytest.raises(Blocked, match="full"):
        backup(source, place)
    assert snapshots(place) == []
    server.configure(max_db_size="512MB")
    backup(source, place)
    restore_all(place, tmp_path / "back")
    assert state(tmp_path / "back") == state(source.root)


def test_nobody_there(tmp_path: Path) -> None:
    place = RemotePlace(Hrana(f"http://127.0.0.1:{free_port()}", "t", SOON))
    with pytest.raises(Unreachable, match="cannot be reached") as caught:
        backup(nasty(tmp_path / "project"), place)
    assert caught.value.exit_code == 3
    assert "turso db show NAME --url" in caught.value.hint


class _Far(http.server.BaseHTTPRequestHandler):
    """The far end, misbehaving as `server.plan` says: one (status, body, seconds) per request."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        plan: Any = self.server.plan  # type: ignore[attr-defined]
        status, body, wait = plan.pop(0) if len(plan) > 1 else plan[0]
        time.sleep(wait)
        self.send_response(status)
        if status == 429:
            self.send_header("retry-after", "7")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def _far(*plan: tuple[int, bytes, float]) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Far)
    server.plan = list(plan)  # type: ignore[attr-defined]
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  who hangs up is no news
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_an_archived_database_says_the_command() -> None:
    body = b'{"error":"database is archived, please unarchive its group"}'
    with _far((400, body, 0)) as url, pytest.raises(Archived) as caught:
        snapshots(RemotePlace(Hrana(url, "t", SOON)))
    assert "turso group unarchive GROUP" in str(caught.value)


GOOD = (
    b'{"results":[{"type":"ok","response":{"type":"batch","result":{"step_results":'
    b'[{"cols":[],"rows":[[{"type":"integer","value":"9007199254740993"}]]}],'
    b'"step_errors":[null]}}},{"type":"ok","response":{"type":"close"}}]}'
)


def test_what_may_pass_is_tried_again_and_the_rest_is_not() -> None:
    slept: list[float] = []
    with _far((503, b"busy", 0), (502, b"", 0), (200, GOOD, 0)) as url:
        client = Hrana(url, "token", SOON, sleep=slept.append, draw=lambda: 0.5)
        assert client.query([("SELECT 1", ())]) == [[(9_007_199_254_740_993,)]]
    assert slept == [0.01 * 0.75, 0.02 * 0.75]
    slept.clear()
    with _far((418, b"a teapot", 0)) as url:
        client = Hrana(url, "token", SOON, sleep=slept.append)
        with pytest.raises(HranaError, match="HTTP 418: a teapot"):
            client.query([("SELECT 1", ())])
    with _far((200, b"<html>hello", 0)) as url, pytest.raises(HranaError, match="not Hrana"):
        Hrana(url, "token", SOON, sleep=slept.append).query([("SELECT 1", ())])
    assert slept == []


NONSENSE = [
    b"[" * 100_000,
    b'{"results": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    b'{"results": [{"type": "error", "error": "x"}]}',
    b'{"results": [{"type": "error", "error": null}]}',
    b'{"results": [{"type": "error"}]}',
    b'{"results": [7]}',
    b'{"results": "x"}',
    b"[]",
    b"null",
    b'{"results": [{"type": "ok", "response": {"result": {"step_errors": ["x"],'
    b' "step_results": []}}}]}',
    b'{"results": [{"type": "ok", "response": {"result": {"step_errors": 5, "step_results": 5}}}]}',
    b'{"results": [{"type": "ok", "response": []}]}',
    GOOD.replace(b'"integer"', b'"blob"'),
    GOOD.replace(b'"9007199254740993"', b'{"a": 1}'),
    GOOD.replace(b'"9007199254740993"', b'"' + b"9" * 9_000 + b'"'),
]


@pytest.mark.parametrize("body", NONSENSE, ids=lambda body: body[:40].decode())
def test_nonsense_is_told_as_that(body: bytes) -> None:
    with _far((200, body, 0)) as url, pytest.raises(HranaError, match="not Hrana") as caught:
        Hrana(url, "token", SOON).query([("SELECT 1", ())])
    assert "127.0.0.1" in str(caught.value) and caught.value.hint


def test_an_endless_answer_and_a_slow_one_are_given_up() -> None:
    endless = (200, b" " * (MAX_ANSWER + 1), 0.0)
    with _far(endless) as url, pytest.raises(HranaError, match="sends more than"):
        Hrana(url, "t", SOON).query([("SELECT 1", ())])
    ticks = itertools.count(0, 1_000)
    patience = Patience(attempts=2, base=0.01, most=0.01, deadline=30.0)
    with _far((200, GOOD, 0)) as url, pytest.raises(Unreachable, match="longer than 30 s"):
        Hrana(url, "t", patience, now=lambda: float(next(ticks))).query([("SELECT 1", ())])


def test_it_waits_as_long_as_it_is_told() -> None:
    slept: list[float] = []
    with _far((429, b"slow down", 0), (200, GOOD, 0)) as url:
        Hrana(url, "t", SOON, sleep=slept.append).query([("SELECT 1", ())])
    assert slept == [7.0]


def test_a_silent_server_is_given_up() -> None:
    patience = Patience(attempts=2, base=0.01, most=0.01, silence=0.05)
    with _far((200, GOOD, 0.5)) as url, pytest.raises(Unreachable, match="does not answer"):
        Hrana(url, "t", patience).query([("SELECT 1", ())])


def test_the_token_is_refused_over_plain_http() -> None:
    for url in ("http://vault.example.org", "http://10.0.0.1:8080", "http://localhost.example.org"):
        with pytest.raises(UsageError, match="plain http"):
            Hrana(url, "t")
    for url in (
        "libsql://x.turso.io",
        "https://x.turso.io",
        "http://127.0.0.1:8",
        "http://[::1]:8",
    ):
        Hrana(url, "t").close()
    assert Hrana("libsql://x.turso.io/", "t").url == "https://x.turso.io/v3/pipeline"
    for url in ("x.turso.io", "ftp://x", "libsql://", "file:///etc/passwd"):
        with pytest.raises(UsageError):
            Hrana(url, "t")


def test_a_proxy_of_the_environment_does_not_read_the_token(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _far((502, b"", 0)) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
        assert snapshots(RemotePlace(Hrana(server.url, server.token(), SOON))) == []


def test_what_is_no_url_is_said_to_be_none() -> None:
    for url in ("https://[::1", "libsql://ex..ample", "libsql://exa mple", "libsql://h:99999"):
        with pytest.raises(UsageError, match="is not the URL of a libSQL database"):
            Hrana(url, "t")


def test_a_token_in_the_url_is_refused_and_not_repeated() -> None:
    for url in ("libsql://x.turso.io?authToken=SECRET", "https://u:SECRET@x.turso.io"):
        with pytest.raises(UsageError) as caught:
            Hrana(url)
        assert "SECRET" not in str(caught.value)


def test_the_token_is_nowhere(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = server.token()
    source = nasty(tmp_path / "project")
    place = named_vault(server.url, {"TURSO_AUTH_TOKEN": f"  {token}\n"})
    told = [*backup(source, place).lines(), place.name, repr(place)]
    told += restore_all(place, tmp_path / "back").lines()
    wrong = token[:-4] + "AAAA"
    for bad in (wrong, wrong + "\r\nX: y", wrong + "ü"):
        try:
            snapshots(RemotePlace(Hrana(server.url, bad, SOON)))
            pytest.fail("a wrong token was accepted")
        except NightpressError as error:
            told += [str(error), repr(error), *traceback.format_exception(error)]
    echo = b'{"error":"bad token ' + token.encode() + b'"}'
    with _far((400, echo, 0)) as url, pytest.raises(HranaError) as caught:
        snapshots(RemotePlace(Hrana(url, token, SOON)))
    told += [str(caught.value), caplog.text]
    assert "[token]" in str(caught.value)
    for text in told:
        assert token not in text and wrong not in text
    for path in [server.data, *tmp_path.glob("back/**/*")]:
        if path.is_file():
            assert token.encode() not in path.read_bytes()


def test_the_environment_names_the_vault(tmp_path: Path) -> None:
    local = project_vault(tmp_path, {})
    assert local.name == ".nightpress/vault.db (on this machine: not off-site)"
    local.close()
    far = {"TURSO_DATABASE_URL": "libsql://x.turso.io", "TURSO_AUTH_TOKEN": "t"}
    place = project_vault(tmp_path, far)
    assert (place.off_site, place.name) == (True, "libsql://x.turso.io")
    place.close()
    with pytest.raises(UsageError, match="TURSO_DATABASE_URL is not"):
        project_vault(tmp_path, {"TURSO_AUTH_TOKEN": "t"})
    with pytest.raises(NightpressError, match="no vault"):
        named_vault(str(tmp_path / "absent.db"), {})
    assert not (tmp_path / "absent.db").exists()
