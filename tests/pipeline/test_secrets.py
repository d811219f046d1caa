"""What must never leave the machine, or stand in a document, or be printed."""

from __future__ import annotations

import json
import shutil
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nightpress.errors import Withheld
from nightpress.model import Request
from nightpress.pipeline import outgoing
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
    market.documented()
    for path in (market.root / "plugins").rglob("SKILL.md"):
        text = path.read_text()
        assert TOKEN not in text
        assert "swordfish" not in text


# --- the one way out ---

BOT = "123456" + "7890:AA" + "Hk3qWv9TbX1mLr7YpN5sDf8HjC2aGu4Eo"
HEX = "9f3c" + "61d0b7e842a5f0c96e3db184a72f5e09"


@contextmanager
def relay(url: str, change: Callable[[str], str] = str) -> Iterator[tuple[str, list[str]]]:
    """An address before the server's: every body that was sent, replies changed on the way."""
    got: list[str] = []

    class Between(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append(body.decode())
            headers = {k: v for k, v in self.headers.items() if k.lower() != "host"}
            sent = urllib.request.Request(url + self.path, body, headers)
            with urllib.request.urlopen(sent) as answer:
                reply = change(answer.read().decode()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Between)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    server.server_close()


def rewrite(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def ask(market: Market, url: str, *words: str) -> object:
    return market.doit("pace=unpaced", *words, GOOGLE_GEMINI_BASE_URL=url, GEMINI_API_KEY=KEY)


def test_a_file_that_is_called_by_a_secret_is_not_sent_and_told(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "leaky", size=16_000)
    named = ("Zk3qWv9TbX1mLr7YpN5sDf8H", HEX, TOKEN)
    for place, name in zip(("docs/{}.md", "commands/{}.md", "{}/notes.md"), named, strict=True):
        file = folder / place.format(name)
        file.parent.mkdir(exist_ok=True)
        file.write_text("---\ndescription: A marked note\n---\n\n# Marked\n\nA marked note.\n")
    market = Market(tmp_path)
    market.run("nightpress", "init")
    with (
        GeminiServer(latency=0, limits={"*": Limits()}, keys={KEY: "p"}) as server,
        relay(server.url()) as (url, got),
    ):
        done = ask(market, url)
    assert len(got) >= 2, done
    for name in named:
        assert name not in "".join(got)
        assert name not in str(done)
    assert "marked note" not in "".join(got)
    assert "plugins/leaky/docs/Zk3q...: its name looks like a secret" in str(done)
    assert market.target("leaky").exists()


def test_the_repair_sends_no_secret_of_what_nightpress_put_into_the_draft(tmp_path: Path) -> None:
    """The frontmatter is made of plugin.json, not by the model: the draft holds it all the same."""
    folder = plugin(tmp_path, "leaky", size=16_000)
    rewrite(
        folder / ".claude-plugin" / "plugin.json",
        author={"name": f"A. Smith, token {TOKEN}"},
        keywords=["ledger", f"api_key={HEX}"],
        description=f"Keeps ledgers in order; its bot has the token {BOT}",
    )
    market = Market(tmp_path)
    market.run("nightpress", "init")
    script = ["ok", "short", "ok"]  # analysis, draft, repair
    with (
        GeminiServer(latency=0, limits={"*": Limits()}, keys={KEY: "p"}, script=script) as server,
        relay(server.url()) as (url, got),
    ):
        done = ask(market, url)
    assert done.code == 0, done.out + done.err
    assert len(got) == 3 and "Your earlier draft was refused" in got[2]
    for body in got:
        for secret in (TOKEN, BOT, HEX):
            assert secret not in body
    text = market.target("leaky").read_text()
    assert TOKEN not in text and HEX not in text
    assert ".claude-plugin/plugin.json:1: looks like a secret (" in done.out


def test_a_secret_in_the_frontmatter_of_a_person_is_told_before_any_draft(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "leaky", size=16_000)
    target = folder / "skills" / "leaky" / "SKILL.md"
    target.parent.mkdir(parents=True)
    about = f"Reads the ledgers with the key {TOKEN} of the team. Use when a ledger is to be read."
    target.write_text(f"---\nname: leaky\ndescription: {about}\n---\n\n# Leaky\n\nShort.\n")
    market = Market(tmp_path)
    market.run("nightpress", "init")
    with (
        GeminiServer(latency=0, limits={"*": Limits()}, keys={KEY: "p"}) as server,
        relay(server.url()) as (url, got),
    ):
        done = ask(market, url, "enhance:leaky/skill")
    assert all(TOKEN not in body for body in got)
    assert not any("Your earlier draft was refused" in body for body in got)
    assert TOKEN not in done.out + done.err
    assert target.read_text().startswith(f"---\nname: leaky\ndescription: {about}\n")


def test_a_reply_that_holds_a_secret_is_mended_or_refused(market: Market) -> None:
    def echo(reply: str) -> str:
        return reply.replace("# Leaky\\n", f"# Leaky\\n\\nSet TOKEN={TOKEN} first.\\n", 1)

    with (
        GeminiServer(latency=0, limits={"*": Limits()}, keys={KEY: "p"}) as server,
        relay(server.url(), echo) as (url, got),
    ):
        done = ask(market, url)
    assert done.code == 1 and "secret: looks like a secret" in done.out
    assert len(got) == 3 and all(TOKEN not in body for body in got)
    assert not market.target("leaky").exists()


def test_what_is_left_is_not_sent_and_not_tried_again(market: Market) -> None:
    """A secret of the maintainer's own, in a generator: no call, a reason, and no second try."""
    own = market.root / "generators" / "skill"
    shutil.copytree(Path(__file__).parents[2] / "generators" / "skill", own)
    with (own / "system.md").open("a") as file:
        file.write(f"\nThe house's token is {TOKEN}.\n")
    with (
        GeminiServer(latency=0, limits={"*": Limits()}, keys={KEY: "p"}) as server,
        relay(server.url()) as (url, got),
    ):
        done = ask(market, url)
        assert done.code == 1
        told = "system.md:78:1: looks like a secret (GitHub token): nothing that holds one is sent"
        assert told in done.err and "1 waiting" in done.out
        assert got == []
        again = ask(market, url)
        assert told in again.err + market.doit("plan", GEMINI_API_KEY=KEY).err
        (own / "system.md").write_text("Write well.\n")
        assert ask(market, url).code == 0
    assert len(got) == 2 and all(TOKEN not in body for body in got)
    rows = market.rows("SELECT status, error_class FROM enhancements ORDER BY id")
    assert rows == [("published", None)]


@pytest.mark.parametrize("part", ["system", "prompt", "schema"])
def test_every_part_of_a_request_is_looked_at(part: str) -> None:
    values = {"system": "Write.", "prompt": "Of this.", "schema": {}}
    text = f"the key is {TOKEN}"
    values[part] = {"description": text} if part == "schema" else text
    question = Request(
        "generation", "a/b", "m", values["system"], values["prompt"], 100, None, values["schema"]
    )  # type: ignore[arg-type]
    with pytest.raises(Withheld, match=f"line 1 of the {part} of its generation") as caught:
        outgoing.check(question)
    assert TOKEN not in str(caught.value)
