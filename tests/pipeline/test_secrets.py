"""What must never leave the machine, or stand in a document, or be printed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.gemini_server import GeminiServer, Limits
from tests.market import Market, plugin

TOKEN = "ghp_" + "Zk3qWv9TbX1mLr7YpN5sDf8HjC2aGu4EoKi6"
KEY = "the-users-own-api-key-0123456789"


@pytest.fixture
def market(tmp_path: Path) -> Market:
    """A plugin whose files hold secrets, in plain sight and in files that are named for it."""
    folder = plugin(tmp_path, "leaky", size=16_000)
    readme = folder / "README.md"
    readme.write_text(readme.read_text() + f"\nSet `TOKEN={TOKEN}` before you begin.\n")
    (folder / ".env").write_text("DATABASE_PASSWORD=swordfish-in-the-moat\n")
    (folder / "id_rsa").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXkt\n")
    made = Market(tmp_path)
    made.run("nightpress", "init")
    return made


@pytest.fixture
def far_end() -> Iterator[tuple[str, list[str]]]:
    """A server that keeps every byte that it was sent, and wants no more."""
    got: list[str] = []

    class Keeper(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            error = {"code": 403, "message": "no", "status": "PERMISSION_DENIED"}
            body = json.dumps({"error": error}).encode()
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keeper)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    server.server_close()


def test_no_secret_of_a_plugin_is_sent(market: Market, far_end: tuple[str, list[str]]) -> None:
    url, got = far_end
    done = market.doit(GOOGLE_GEMINI_BASE_URL=url, GEMINI_API_KEY=KEY)
    assert done.code == 3
    assert len(got) == 1
    assert "Configuration" in got[0], "the plugin's text was sent"
    for secret in (TOKEN, "swordfish", "b3BlbnNzaC1rZXkt"):
        assert secret not in got[0]


def test_no_secret_stands_in_a_document_or_a_log(market: Market) -> None:
    with GeminiServer(latency=0, limits={"*": Limits()}, keys={KEY: "p"}) as server:
        done = market.doit("pace=unpaced", GOOGLE_GEMINI_BASE_URL=server.url(), GEMINI_API_KEY=KEY)
    assert done.code == 0, done.out + done.err
    assert TOKEN not in market.target("leaky").read_text()
    market.done("report", GEMINI_API_KEY=KEY)
    for path in [*(market.root / ".nightpress").rglob("*"), market.root / "nightpress.lock"]:
        if path.is_file() and "snapshots" not in path.parts:  # those are copies of the plugin
            data = path.read_bytes()
            assert KEY.encode() not in data, path
            assert TOKEN.encode() not in data, path
    assert KEY not in done.out + done.err


def test_a_document_that_would_hold_a_secret_is_not_made_of_it(market: Market) -> None:
    """Offline, where nothing is sent: the extract has no secret either."""
    market.done()
    for path in (market.root / "plugins").rglob("SKILL.md"):
        text = path.read_text()
        assert TOKEN not in text
        assert "swordfish" not in text
