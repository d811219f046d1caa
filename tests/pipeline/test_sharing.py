"""Replies shared through the vault while shards run: nobody pays for what another has paid for."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nightpress.storage import room
from tests.gemini_server import FastClock, GeminiServer, Limits
from tests.market import Market, Ran, environment, plugin
from tests.pipeline.test_gemini import until
from tests.vault.server import Server, free_port

NAMES = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")
SHARD = "shard=1/1"


@pytest.fixture
def base(tmp_path: Path) -> Market:
    for name in NAMES:
        plugin(tmp_path / "base", name, size=16_000)
    made = Market(tmp_path / "base")
    assert made.run("nightpress", "init").code == 0
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "x")):
        made.git(*words)
    return made


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "sqld")
    made.start()
    yield made
    made.stop()


@contextmanager
def gemini(latency: float = 0.0) -> Iterator[GeminiServer]:
    with GeminiServer(latency=latency, limits={"*": Limits()}, clock=FastClock(20)) as made:
        yield made


def clone(base: Market, name: str) -> Market:
    path = base.root.parent / name
    base.git("clone", "-q", ".", str(path))
    return Market(path)


def environ(far: GeminiServer, url: str, token: str = "") -> dict[str, str]:
    fast = far.clock
    assert isinstance(fast, FastClock)
    return {
        "GOOGLE_GEMINI_BASE_URL": far.url(), "GEMINI_API_KEY": "test-key",
        "NIGHTPRESS_CLOCK": f"{fast.speed},{fast.origin},{fast.monotonic_origin}",
        "TURSO_DATABASE_URL": url, "TURSO_AUTH_TOKEN": token,
    }  # fmt: skip


def kept(server: Server) -> int:
    """Replies in the vault, asked of its file."""
    if not server.data.exists():
        return 0
    with sqlite3.connect(f"file:{server.data}?mode=ro", uri=True) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'paid_replies'").fetchone():
            return 0
        return int(db.execute("SELECT count(*) FROM paid_replies").fetchone()[0])


def asked(far: GeminiServer) -> Counter[str]:
    return Counter(call["prompt_sha256"] for call in far.seen()["list"])


def killed(market: Market, server: Server, env: dict[str, str]) -> None:
    """A run of the shard, killed when some of its replies are in the vault, and more to come."""
    command = [str(Path(sys.executable).parent / "doit"), "pace=unpaced", SHARD]
    with subprocess.Popen(
        command, cwd=market.root, env=environment(**env), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    ) as running:  # fmt: skip
        try:
            until(lambda: kept(server) >= 4 or running.poll() is not None)
        finally:
            os.killpg(running.pid, 9)


def lost_in_flight(market: Market, server: Server) -> int:
    """Calls that its rows say were under way, or on record and not yet in the vault."""
    under_way = len(list(room.kept(market.root / ".nightpress" / "room")))
    [(recorded,)] = market.rows("SELECT count(*) FROM calls WHERE outcome = 'reply'")
    return under_way + int(str(recorded)) - kept(server)


def everything(market: Market, env: dict[str, str], *words: str) -> Ran:
    done = market.doit("pace=unpaced", *(words or (SHARD,)), **env)
    assert "Traceback" not in done.out + done.err, done.out + done.err
    return done


def test_a_shard_that_was_killed_is_made_elsewhere_and_paid_once(
    base: Market, server: Server
) -> None:
    with gemini(latency=1.0) as far:
        env = environ(far, server.url, server.token())
        first, second, third = (clone(base, name) for name in ("one", "two", "three"))
        killed(first, server, env)
        lost = lost_in_flight(first, server)
        assert kept(server) >= 4
        done = everything(second, env)
        calls = asked(far)
        assert sum(calls.values()) - len(calls) <= lost, calls
        assert len(calls) - lost <= kept(server) <= len(calls)  # not all lost are asked again
        assert kept(server) > 4
        paid = sum(calls.values())
        again = everything(third, env)
        assert sum(asked(far).values()) == paid
    assert f"{kept(server)} replies that another run had paid for came from libsql://" in again.out
    assert "that another run had paid for came" in done.out
    for name in NAMES:
        assert second.target(name).read_bytes() == third.target(name).read_bytes()
    [(count,)] = second.rows("SELECT count(*) FROM calls")
    [(came,)] = second.rows("SELECT count(*) FROM replies WHERE origin LIKE 'by run %libsql://%'")
    assert count and came and int(count) + int(came) == kept(server)
    assert third.rows("SELECT count(*) FROM calls") == [(0,)]
    why = third.run("nightpress", "why", str(third.target("alpha")))
    assert "none: the reply was paid for by run " in why.out, why.out
    assert "test-key" not in again.out + server.data.read_bytes().decode("latin-1")
    merged(base, first, second)


def merged(base: Market, first: Market, second: Market) -> None:
    """What both ledgers have of one reply is one, and has led to what came of it."""
    into = clone(base, "merged")
    ran = into.run("nightpress", "merge", str(first.root), str(second.root))
    assert ran.code == 0, ran.out + ran.err
    assert "no breaks" in into.done("audit").out
    query = "SELECT count(*) FROM replies WHERE spent_on IS NULL AND phase <> 'analysis'"
    assert into.rows(query) == [(0,)]
    assert into.rows("SELECT request_sha256 FROM replies GROUP BY 1 HAVING count(*) > 1") == []


def test_a_vault_that_cannot_be_reached_is_one_sentence(base: Market) -> None:
    with gemini() as far:
        env = environ(far, f"http://127.0.0.1:{free_port()}")
        done = everything(clone(base, "one"), env)
        assert len(asked(far)) >= 2 * len(NAMES)
    assert done.code in (0, 1) and "published" in done.out
    assert done.out.count("cannot be reached") == 1
    assert "of this run did not get into libsql://" in done.out


def test_with_a_read_only_token_replies_come_and_none_goes(base: Market, server: Server) -> None:
    with gemini() as far:
        everything(clone(base, "one"), environ(far, server.url, server.token()))
        before, there = sum(asked(far).values()), kept(server)
        reader = environ(far, server.url, server.token(read_only=True))
        two = clone(base, "two")
        everything(two, reader)
        assert sum(asked(far).values()) == before
        two.target("beta").unlink()  # what its own ledger has a reply to is its own matter
        everything(two, reader)
        assert sum(asked(far).values()) == before + 1
        anew = everything(two, reader, SHARD, "enhance:alpha/skill", "force=1")
        assert sum(asked(far).values()) == before + 2  # asked for anew, and paid for
    assert kept(server) == there
    assert anew.out.count("is read-only") == 1 and "are not shared" in anew.out


@pytest.mark.parametrize(
    ("setting", "words", "shared"),
    [("", "", False), ("", SHARD, True), ("true", "", True), ("false", SHARD, False)],
)
def test_who_shares(base: Market, server: Server, setting: str, words: str, shared: bool) -> None:
    if setting:
        path = base.root / "manifests" / "_defaults.yaml"
        path.write_text(f"{path.read_text()}\nvault: {{share_replies: {setting}}}\n")
    with gemini() as far:
        env = environ(far, server.url, server.token())
        everything(base, env, *filter(None, (words, "enhance:alpha/skill")))
    assert bool(kept(server)) == shared


def test_without_a_vault_that_others_see_nothing_is_shared(base: Market) -> None:
    path = base.root / "manifests" / "_defaults.yaml"
    path.write_text(f"{path.read_text()}\nvault: {{share_replies: true}}\n")
    with gemini() as far:
        done = everything(base, environ(far, ""), "enhance:alpha/skill")
    assert "no replies are shared: TURSO_DATABASE_URL names no vault" in done.out
