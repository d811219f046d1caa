"""SIGKILL of client and server at random points: whatever is listed restores, and a second run
completes. 10 rounds by default; NIGHTPRESS_CRASH_ROUNDS=50 for more."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nightpress.vault import LocalPlace, Place, backup, restore_all, snapshots, verify
from tests.vault.conftest import remote
from tests.vault.server import Server
from tests.vault.tree import described, nasty, state

ROUNDS = int(os.environ.get("NIGHTPRESS_CRASH_ROUNDS", "10"))
ROOT = Path(__file__).parents[2]


def _change(root: Path, rng: random.Random) -> None:
    """Give the next backup something to send: 2 MB that no vault has."""
    (root / "plugins/one/fresh.bin").write_bytes(rng.randbytes(2_000_000))
    (root / "plugins/one" / f"note-{rng.randrange(10**6)}.md").write_text("a note\n")


def _client(root: Path, vault: str, token: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "TURSO_AUTH_TOKEN": token, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.vault.client", str(root), vault]
    client = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert client.stdout is not None
    assert client.stdout.readline() == b"ready\n"
    return client


def _rounds(
    tmp_path: Path, vault: str, token: str, strike: Callable[[random.Random], bool]
) -> tuple[int, dict[str, dict[bytes, tuple[str, int, str]]]]:
    """Backups, each struck at a random moment; (how many died, the state that each could list)."""
    rng = random.Random(20261123)
    root = tmp_path / "project"
    nasty(root)
    (root / ".nightpress").mkdir()
    died = 0
    states = {}
    for _ in range(ROUNDS):
        _change(root, rng)
        states[str(len(states))] = state(root)
        client = _client(root, vault, token)
        time.sleep(rng.random() * 0.45)
        if strike(rng):
            client.send_signal(signal.SIGKILL)
        died += client.wait(timeout=60) != 0
        assert client.stdout is not None
        client.stdout.close()
    return died, states


def _all_restore(place: Place, tmp_path: Path, states: dict[str, object]) -> int:
    """Restore everything that is listed: each is exactly one state that the project once had."""
    known = [_without_state(one) for one in states.values()]
    found = snapshots(place)
    for number, snapshot in enumerate(found):
        dest = tmp_path / f"back{number}"
        restore_all(place, dest, snapshot=snapshot.id)
        assert state(dest) in known
    assert verify(place).problems == ()
    return len(found)


def _without_state(one: object) -> dict[bytes, tuple[str, int, str]]:
    assert isinstance(one, dict)
    return {path: held for path, held in one.items() if not path.startswith(b".nightpress")}


def test_kills_of_client_and_server(server: Server, tmp_path: Path) -> None:
    token = server.token()

    def strike(rng: random.Random) -> bool:
        if rng.random() < 0.5:
            return True
        server.kill()
        time.sleep(0.05)
        server.start()
        return False

    died, states = _rounds(tmp_path, server.url, token, strike)
    place = remote(server)
    listed = _all_restore(place, tmp_path, states)  # type: ignore[arg-type]
    print(f"{ROUNDS} rounds: {died} clients died, {listed} snapshots listed, all restored")
    assert died >= ROUNDS // 8, "too few rounds were interrupted to prove anything"
    root = tmp_path / "project"
    backup(described(root), place)
    restore_all(place, tmp_path / "last")
    assert state(tmp_path / "last") == _without_state(state(root))


def test_kills_with_a_local_vault(tmp_path: Path) -> None:
    vault = tmp_path / "vault.db"
    died, states = _rounds(tmp_path, str(vault), "", lambda _rng: True)
    place = LocalPlace(vault)
    _all_restore(place, tmp_path, states)  # type: ignore[arg-type]
    assert died >= 1
    root = tmp_path / "project"
    backup(described(root), place)
    restore_all(place, tmp_path / "last")
    assert state(tmp_path / "last") == _without_state(state(root))
    place.close()
    assert not Path(f"{vault}-journal").exists()


@pytest.mark.parametrize("kind", ["file", "sqld"])
def test_two_machines_at_once(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Two processes start on one new vault at the same moment, with much in common."""
    server: Server | None = None
    if kind == "sqld":
        server = request.getfixturevalue("server")
        vault, token = server.url, server.token()
    else:
        vault, token = str(tmp_path / "vault.db"), ""
    roots = [tmp_path / "a", tmp_path / "b"]
    for number, root in enumerate(roots):
        nasty(root)
        (root / ".nightpress").mkdir()
        (root / "plugins/one/own.md").write_text(f"machine {number}\n")
    states = {str(root): state(root) for root in roots}
    clients = [_client(root, vault, token) for root in roots]
    for client in clients:
        assert client.wait(timeout=60) == 0
        assert client.stdout is not None
        client.stdout.close()
    place: Place = remote(server) if server else LocalPlace(Path(vault))
    assert _all_restore(place, tmp_path, states) == 2  # type: ignore[arg-type]
    place.close()
