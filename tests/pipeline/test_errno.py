"""The machine's trouble: one sentence, nothing lost, and the next run goes on."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.gemini_server import GeminiServer, Limits
from tests.market import Market, plugin

OLD = "# Old\n\nToo short.\n"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MB; only root may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no file system can be mounted here: {error}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True, capture_output=True)


def fill(folder: Path, left: int) -> None:
    """Leave so many bytes free."""
    (folder / "filler").unlink(missing_ok=True)
    free = shutil.disk_usage(folder).free
    (folder / "filler").write_bytes(b"\0" * max(0, free - left))


def agree(market: Market) -> None:
    """Every target is the old file, or one whose hash the ledger has as published."""
    published = {
        str(path): sha256
        for path, sha256 in market.rows(
            "SELECT target_path, content_sha256 FROM enhancements WHERE status = 'published'"
        )
    }
    for folder in (market.root / "plugins").iterdir():
        for found in (folder / "skills").rglob("*"):
            if found.is_file():
                assert found.name == "SKILL.md", f"{found} was left behind"
                path = found.relative_to(market.root).as_posix()
                sha256 = hashlib.sha256(found.read_bytes()).hexdigest()
                assert found.read_text() == OLD or published.get(path) == sha256
                published.pop(path, None)
    assert published == {}


def test_a_full_disk_stops_the_run_and_the_next_one_goes_on(small_disk: Path) -> None:
    market = Market(small_disk)
    for number in range(12):
        plugin(small_disk, f"plugin-{number}", skill=OLD if number % 2 else None)
    market.run("nightpress", "init")
    market.replaces().done("plan")
    stopped = 0
    for left in (0, 60_000, 200_000, 300_000, 400_000, 600_000):
        fill(small_disk, left)
        done = market.doit()
        assert "Traceback" not in done.out + done.err
        if done.code:
            stopped += 1
            assert "hint: make room" in done.out + done.err
    assert stopped >= 2
    (small_disk / "filler").unlink()
    assert market.doit().code == 0
    agree(market)
    assert market.rows("SELECT COUNT(*) FROM enhancements WHERE status = 'published'") == [(12,)]
    assert "no breaks" in market.doit("audit").out
    assert "nothing to do: 12 up to date" in market.doit().out


def test_no_call_is_paid_for_twice_when_the_disk_fills_while_it_is_made(small_disk: Path) -> None:
    for name in ("alpha", "beta", "gamma"):
        plugin(small_disk, name, size=16_000)
    market = Market(small_disk)
    assert market.run("nightpress", "init").code == 0
    # an answer takes a second: when it comes, not a byte is left
    with GeminiServer(latency=0.4, limits={"*": Limits()}) as server:
        environ = {"GOOGLE_GEMINI_BASE_URL": server.url(), "GEMINI_API_KEY": "test-key"}
        refused = []
        for moment in (0.1, 0.3):
            begun = len(server.seen()["list"])
            full = threading.Thread(target=_fill_after, args=(server, small_disk, begun, moment))
            full.start()
            done = market.doit("pace=unpaced", **environ)
            full.join()
            refused.append(done.out + done.err)
            (small_disk / "filler").unlink()
        last = market.doit("pace=unpaced", **environ)
        seen = server.seen()["list"]
    assert "Traceback" not in "".join(refused)
    assert any("hint: make room" in text for text in refused), refused
    assert last.code in (0, 1), last.out + last.err
    prompts = Counter(call["prompt_sha256"] for call in seen)
    assert max(prompts.values()) == 1, (prompts, refused)
    assert market.rows("SELECT count(*) FROM calls WHERE outcome = 'reply'") == [(len(seen),)]
    assert not (small_disk / ".nightpress" / "room").exists()
    assert "no breaks" in market.doit("audit").out


def _fill_after(server: GeminiServer, disk: Path, begun: int, moment: float) -> None:
    deadline = time.monotonic() + 20
    while len(server.seen()["list"]) == begun and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(moment)
    with suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
        while filler.write(bytes(1 << 16)):  # until the disk says no
            pass


def test_where_no_reply_would_fit_no_call_is_made(small_disk: Path) -> None:
    plugin(small_disk, "alpha", size=16_000)
    market = Market(small_disk)
    assert market.run("nightpress", "init").code == 0
    market.done("plan")
    with GeminiServer(latency=0, limits={"*": Limits()}) as server:
        environ = {"GOOGLE_GEMINI_BASE_URL": server.url(), "GEMINI_API_KEY": "test-key"}
        fill(small_disk, 1_000_000)
        done = market.doit("pace=unpaced", **environ)
        assert server.seen()["list"] == []
    assert done.code == 3
    assert "no room for the 1." in done.out and "so the call was not made" in done.out
    assert "Traceback" not in done.out + done.err


def test_a_folder_without_permission_is_one_failure(market: Market) -> None:
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("needs root, to become somebody else")
    for path in [market.root, *market.root.rglob("*")]:
        os.chown(path, 65534, 65534)
    os.chown(market.root / "plugins" / "alpha", 0, 0)
    os.chown(market.root / "plugins" / "beta" / "README.md", 0, 0)
    (market.root / "plugins" / "beta" / "README.md").chmod(0o600)
    for folder in market.root.parents:
        if folder.stat().st_uid == 0 and not folder.stat().st_mode & 0o001:
            folder.chmod(0o711)
    words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    script = Path(shutil.which("doit") or "")
    done = subprocess.run(
        [*words, script], cwd=market.root, capture_output=True, text=True, check=False
    )
    if "Permission denied" in done.stderr and "nightpress" not in done.stdout:
        pytest.skip("somebody else may not run this Python")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    said = dict(market.rows("SELECT plugin_name, status FROM enhancements"))
    assert "alpha" not in said  # it is told before anything is tried
    assert "no document can be put there" in done.stdout + done.stderr, done.stdout + done.stderr


def test_a_damaged_ledger_stops_before_anything_is_written(market: Market) -> None:
    market.documented()
    (market.root / "plugins" / "alpha" / "NEW.md").write_text("One more remark.\n")
    before = market.target("alpha").read_bytes()
    ledger = market.root / ".nightpress" / "ledger.db"
    for suffix in ("-wal", "-shm"):
        Path(f"{ledger}{suffix}").unlink(missing_ok=True)
    ledger.write_bytes(b"rot" * 10_000)
    done = market.doit()
    assert done.code == 3
    assert "ledger.db: file is not a database" in done.err
    assert "Traceback" not in done.err
    assert market.target("alpha").read_bytes() == before
    ledger.unlink()
    assert "1 published" in market.doit().out


@pytest.mark.parametrize("name", ["index.db", "doit.db"])
def test_a_damaged_cache_is_made_anew(market: Market, name: str) -> None:
    market.documented()
    path = market.root / ".nightpress" / name
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    path.write_bytes(b"rot" * 10_000)
    rows = market.rows("SELECT COUNT(*) FROM enhancements")
    (market.root / "plugins" / "alpha" / "NEW.md").write_text("One more remark.\n")
    assert "1 published" in market.doit().out
    assert "nothing to do: 2 up to date" in market.doit().out
    assert market.rows("SELECT COUNT(*) FROM enhancements") == [(int(str(rows[0][0])) + 1,)]


def test_the_lock_of_a_dead_process_locks_nobody(market: Market) -> None:
    (market.root / ".nightpress").mkdir(exist_ok=True)
    held = {"pid": 999_999_999, "since": "2026-01-01T00:00:00+00:00", "command": "doit"}
    (market.root / ".nightpress" / "run.lock").write_text(json.dumps(held))
    assert market.doit().code == 0


@pytest.mark.parametrize("name", ["index.db", "doit.db"])
def test_damage_in_the_middle_of_a_cache_heals(tmp_path: Path, name: str) -> None:
    """SQLite opens it without a word; it shows when a page is read."""
    for slug in ("alpha", "beta"):
        plugin(tmp_path, slug)
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    market.done()
    path = tmp_path / ".nightpress" / name
    data = bytearray(path.read_bytes())
    for place in range(4096, len(data), 5):
        data[place] ^= 0xA5
    path.write_bytes(data)
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    (tmp_path / "plugins" / "alpha" / "README.md").open("a").write("One more remark.\n")
    first = market.doit()
    assert "Traceback" not in first.out + first.err
    assert first.code in (0, 1, 3)
    assert first.code == 0 or "a cache, was damaged" in first.out + first.err
    market.done()
    assert "2 up to date" in market.done().out


@pytest.mark.parametrize("spoil", ["link", "folder"])
@pytest.mark.parametrize("name", [".nightpress/run.lock", "nightpress.lock"])
def test_a_lock_that_is_no_file_is_said_in_one_sentence(
    tmp_path: Path, name: str, spoil: str
) -> None:
    plugin(tmp_path, "alpha")
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    market.done("list")
    (tmp_path / name).unlink(missing_ok=True)
    if spoil == "folder":
        (tmp_path / name).mkdir()
    else:
        (tmp_path / "elsewhere").write_text("words\n")
        (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    done = market.doit()
    assert done.code in (1, 3)
    assert "Traceback" not in done.out + done.err
    assert Path(name).name in done.err
    assert not (tmp_path / "plugins" / "alpha" / "skills").exists()
    if spoil == "link":
        assert (tmp_path / "elsewhere").read_text() == "words\n"


def test_a_line_of_the_lock_file_that_is_too_deep(tmp_path: Path) -> None:
    plugin(tmp_path, "alpha")
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    (tmp_path / "nightpress.lock").write_text("[" * 100_000 + "\n")
    done = market.doit("plan")
    assert done.code == 3
    assert "nightpress.lock:1:1: not an entry" in done.err
    assert "git restore nightpress.lock" in done.err and "--ours" not in done.err


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The folder as a read-only file system; only root may mount one."""
    for words in (["--bind", str(folder), str(folder)], ["-o", "remount,ro,bind", str(folder)]):
        if subprocess.run(["mount", *words], check=False, capture_output=True).returncode:
            pytest.skip("no file system can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True, capture_output=True)


def test_a_read_only_clone_is_judged_and_told_in_one_sentence(market: Market) -> None:
    market.documented()
    document = str(market.target("alpha").relative_to(market.root))
    shutil.rmtree(market.root / ".nightpress")
    with read_only(market.root):
        assert market.run("nightpress", "check").code == 0
        for word in ("list", "plan", "validate"):
            assert market.done(word).err == ""
        assert "according to nightpress.lock" in market.run("nightpress", "why", document).out
        for words, code in (
            (("doit",), 3), (("nightpress", "tonight"), 3),
            (("nightpress", "check", "--write-baseline", "b.json"), 3),
        ):  # fmt: skip
            done = market.run(*words)
            assert "the file system is read-only" in done.err, done
            assert "Traceback" not in done.err
            assert done.code == code, done


def test_a_state_that_cannot_be_written(market: Market) -> None:
    assert market.start("doit").code == 0  # at its true end, SQLite takes its -wal and -shm away
    with read_only(market.root / ".nightpress"):
        assert market.run("nightpress", "check").code == 0
        done = market.run("nightpress", "tonight")
        assert (done.code, "Traceback" in done.err) == (3, False)
        assert "run.lock: the file system is read-only" in done.err


def test_a_restore_that_the_file_system_refuses(market: Market) -> None:
    market.documented()
    said = market.done("restore", "--list", "--plugin", "alpha").out
    snapshot = said.split()[0]
    published = market.target("alpha").read_bytes()
    with read_only(market.root / "plugins"):
        done = market.doit("restore", "--plugin", "alpha", "--snapshot", snapshot)
    assert (done.code, "Traceback" in done.err) == (1, False), done.err
    assert "part of it is as before: skills/alpha/SKILL.md: Read-only file system" in done.err
    assert f"doit restore --plugin alpha --snapshot {snapshot} goes on with it" in done.err
    assert market.target("alpha").read_bytes() == published
    again = market.done("restore", "--plugin", "alpha", "--snapshot", snapshot)
    assert "removed skills/alpha/SKILL.md" in again.out
    assert not market.target("alpha").exists()


def test_a_file_that_cannot_be_removed_is_not_called_restored(market: Market) -> None:
    market.documented()
    snapshot = market.done("restore", "--list", "--plugin", "alpha").out.split()[0]
    made = str(market.target("alpha").parent)
    if subprocess.run(["chattr", "+i", made], check=False, capture_output=True).returncode:
        pytest.skip("no immutable folders here")
    try:
        done = market.doit("restore", "--plugin", "alpha", "--snapshot", snapshot)
    finally:
        subprocess.run(["chattr", "-i", made], check=True)
    assert done.code == 1, done.out
    assert "skills/alpha/SKILL.md: Operation not permitted" in done.err
