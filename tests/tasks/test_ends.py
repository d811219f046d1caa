"""How a publication ends when something comes between its last steps."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from nightpress.storage.snapshots import Snapshots
from tests.market import Market, plugin, published

OLD = "---\nname: x\ndescription: Short. Use when testing.\n---\n\nToo short.\n"
WORDS = "The user's own words.\n"


@pytest.fixture
def shop(tmp_path: Path) -> Market:
    plugin(tmp_path / "shop", "alpha", skill=OLD)
    made = Market(tmp_path / "shop")
    assert made.run("nightpress", "init").code == 0
    return made.replaces()


def at(market: Market, step: str, act: str) -> None:
    """In the next runs, do something at a file-system step of a publication."""
    with (market.root / "dodo.py").open("a") as file:
        file.write(f"""
from nightpress.storage import atomic

def at(name):
    if name == {step!r}:
        {act}

atomic.step = at
""")


def test_a_disk_that_fails_after_the_swap_loses_no_publication(shop: Market) -> None:
    dodo = (shop.root / "dodo.py").read_text()
    at(shop, "before:fsync-end", "raise OSError(5, 'Input/output error')")
    done = shop.doit()
    assert done.code == 3
    assert "was published, but then: Input/output error" in done.out
    assert shop.rows("SELECT status FROM enhancements") == [("prepared",)]
    (shop.root / "dodo.py").write_text(dodo)
    after = shop.done()
    assert "the new file is in place and complete" in after.out
    [(status, sha256)] = shop.rows("SELECT status, content_sha256 FROM enhancements")
    assert (status, sha256) == ("published", sha(shop.target("alpha")))
    assert "nothing to do: 1 up to date" in shop.done().out


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_save_right_after_a_publication_is_kept_and_never_signed_as_ours(shop: Market) -> None:
    target = str(shop.target("alpha"))
    at(shop, "after:fsync-end", f"open({target!r}, 'w').write({WORDS!r})")
    done = shop.doit()
    assert "Traceback" not in done.out + done.err
    assert shop.target("alpha").read_text() == WORDS
    assert shop.rows("SELECT status, content_sha256 FROM enhancements") == [("kept", None)]
    assert sha(shop.target("alpha")) not in lock(shop)


def lock(market: Market) -> str:
    path = market.root / "nightpress.lock"
    return path.read_text() if path.exists() else ""


def test_a_save_while_it_is_recorded_does_not_reach_the_lock_file(shop: Market) -> None:
    target = str(shop.target("alpha"))
    with (shop.root / "dodo.py").open("a") as file:
        file.write(f"""
from nightpress.pipeline import pipeline

settle = pipeline.Press._settle

def saved(*given):
    open({target!r}, "w").write({WORDS!r})
    settle(*given)

pipeline.Press._settle = saved
""")
    shop.done()
    [(published,)] = shop.rows("SELECT content_sha256 FROM enhancements")
    assert [json.loads(row)["sha256"] for row in lock(shop).splitlines()[1:]] == [published]
    assert shop.target("alpha").read_text() == WORDS
    assert "edited by hand" in shop.doit("plan").out


def test_what_no_snapshot_holds_is_not_replaced(shop: Market) -> None:
    """A tree of more entries than are walked, here with a smaller cap: the rest is skipped."""
    with (shop.root / "dodo.py").open("a") as file:
        file.write("""
from nightpress.storage import mirror, tree

walk = tree.walk

def few(root, ignore=None, caps=None):
    return walk(root, ignore, tree.Caps(files=1) if ignore is mirror.IGNORE else caps)

tree.walk = few
""")
    done = shop.doit()
    assert done.code == 1
    assert "no snapshot of the plugin can hold the file" in done.out
    assert shop.target("alpha").read_text() == OLD
    assert shop.rows("SELECT status FROM enhancements") == [("failed",)]


def test_a_damaged_copy_is_written_again(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "SKILL.md").write_text(OLD)
    held = Snapshots(tmp_path / "snapshots")
    held.take(tmp_path / "p", "p", "first", 0.0, "r")
    [copy] = list(held.objects.glob("*/*"))
    copy.chmod(0o600)
    copy.write_bytes(b"?" * copy.stat().st_size)
    again = held.take(tmp_path / "p", "p", "second", 1.0, "r")
    assert held.read(again.id, "SKILL.md") == OLD.encode()


CRASH = """
from nightpress.pipeline import {module} as _module

_whole = _module.{name}

def _crashes(*given, **named):
    if any(getattr(one, "slug", one) == "alpha" for one in given):
        raise ZeroDivisionError("with the token " + "ghp_" + "Zk3qWv9TbX1mLr7YpN5sDf8HjC2aGu4EoKi6")
    return _whole(*given, **named)

_module.{name} = _crashes
"""


@pytest.mark.parametrize(
    ("module", "name"), [("draft", "request"), ("analysis", "analyse"), ("draft", "_judged")]
)
def test_a_bug_that_one_plugin_sets_off_fails_that_one(
    tmp_path: Path, module: str, name: str
) -> None:
    for each in ("alpha", "beta"):
        plugin(tmp_path / "two", each)
    market = Market(tmp_path / "two")
    market.run("nightpress", "init")
    with (market.root / "dodo.py").open("a") as file:
        file.write(CRASH.format(module=module, name=name))
    done = market.doit()
    assert done.code == 1, done.out + done.err
    assert "Traceback" not in done.out + done.err
    assert market.target("beta").exists() and not market.target("alpha").exists()
    [(status, kind, message)] = market.rows(
        "SELECT status, error_class, error_message FROM enhancements WHERE job LIKE 'alpha/%'"
    )
    assert (status, kind) == ("failed", "Crashed") and "a bug of nightpress" in message
    text = (market.root / message.rpartition(" ")[2]).read_text()
    assert "ZeroDivisionError" in text and "Zk3qWv9TbX1mLr7" not in text + done.out + done.err


def test_a_bug_of_the_engine_is_one(shop: Market) -> None:
    with (shop.root / "dodo.py").open("a") as file:
        file.write(CRASH.format(module="publish", name="publish"))
        file.write("_module.publish = lambda *_, **__: 1 / 0\n")
    done = shop.doit()
    assert done.code == 2 and "a bug in nightpress" in done.err
    assert "Zk3qWv9TbX1mLr7" not in done.err


@pytest.mark.parametrize(("plugins", "times"), [(3, 1), (14, 2)])
def test_a_run_that_is_still_in_sight_says_nothing_twice(
    tmp_path: Path, plugins: int, times: int
) -> None:
    """Of a longer one the summary tells again what needs reading, grouped."""
    for number in range(plugins):
        plugin(tmp_path, f"tiny-{number:02}", size=0)
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    said = market.done().out
    assert said.count("tiny-00/skill") == times, said
    assert said.splitlines()[-1].startswith(f"{plugins} insufficient in ")


def test_a_quiet_run_says_what_failed_and_one_line_what_is_left(tmp_path: Path) -> None:
    for name in ("alpha", "beta", "gamma"):
        plugin(tmp_path / "shop", name, skill=OLD)
    made = Market(tmp_path / "shop")
    made.run("nightpress", "init")
    made.replaces()
    bounded = made.done("limit=1").out
    assert [line.strip() for line in bounded.splitlines() if "limit=1" in line] == [
        "deferred     2 documents; limit=1: this run's enhancements are done;"
        " the next run goes on with them"
    ]
    assert made.done("progress=none", "limit=1").out == ""
    at(made, "before:exchange", "raise OSError(13, 'Permission denied')")
    quiet = made.doit("progress=none")
    assert quiet.code == 1
    assert quiet.err.startswith("failed       "), quiet
    assert "Permission denied" in quiet.err and quiet.out == ""


def test_a_terminal_is_told_once_of_a_file_that_is_kept(tmp_path: Path) -> None:
    plugin(tmp_path / "shop", "alpha", skill=OLD)
    made = Market(tmp_path / "shop")
    made.run("nightpress", "init")
    said = made.terminal("doit")
    assert said.count("alpha/skill: a person's file, kept") == 1, said
    assert said.count("a person's file") == 1, said


def test_what_was_named_and_is_not_made_is_told_with_its_reason(tmp_path: Path) -> None:
    market = published(tmp_path, "alpha", "beta")
    market.target("alpha").write_text(market.target("alpha").read_text() + "\nOur own line.\n")
    market.done()
    kept = "kept         alpha/skill: edited by hand since we published it"
    for name in ("alpha/skill", "alpha", "al*"):
        assert kept in market.done(f"enhance:{name}").out, name
    for name in ("beta", "be*"):
        assert "alpha" not in market.done(f"enhance:{name}").out, name
    assert kept not in market.done().out, "of all a run tells the totals"


def test_a_run_that_met_an_error_does_not_say_that_there_was_nothing_to_do(tmp_path: Path) -> None:
    market = published(tmp_path, "alpha", "beta")
    (market.root / "manifests" / "beta.yaml").write_text("name: [\n")
    done = market.doit()
    assert done.code == 1
    assert "nothing was done: 1 up to date, 1 error" in done.out
    assert "nothing to do" not in done.out
