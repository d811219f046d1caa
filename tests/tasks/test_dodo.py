"""dodo.py: what importing it does, and what users of older copies see after an upgrade."""

from __future__ import annotations

import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nightpress import tasks
from nightpress.errors import UsageError
from nightpress.project.chapters import add_chapters
from tests.market import Market, environment, plugin

OURS = Path(__file__).parents[2] / "dodo.py"


def without(*chapters: str) -> str:
    """Our dodo.py as it was before it had these chapters."""
    text = OURS.read_text()
    for chapter in chapters:
        text, count = re.subn(rf"def task_{chapter}\(\):\n(?:    .*\n)+\n*", "", text)
        assert count == 1
    return text


def before_it_imported_one_name() -> str:
    text = OURS.read_text().replace(
        "from nightpress import tasks\n",
        "from nightpress import tasks, tasks_reading, tasks_review, tasks_vault\n",
    )
    for module, names in {
        "reading": "explore|prune",
        "review": "review|apply|reject",
        "vault": "backup|backups|drill|verify_vault|archive|forget_backups",
    }.items():
        text = re.sub(rf"\btasks\.({names})\(", rf"tasks_{module}.\1(", text)
    return text


@pytest.fixture
def shop(tmp_path: Path) -> Market:
    plugin(tmp_path / "shop", "alpha")
    made = Market(tmp_path / "shop")
    assert made.run("nightpress", "init").code == 0
    return made


def test_every_chapter_has_its_function_in_dodo_py() -> None:
    functions = re.findall(r"^def task_(\w+)", OURS.read_text(), re.M)
    assert sorted(functions) == sorted(set(tasks.__all__) - {"config"})
    for name in tasks.__all__:
        assert callable(getattr(tasks, name))


def test_importing_dodo_py_does_nothing(shop: Market) -> None:
    code = """
import json, os, signal, sys
usual = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)]
sys.argv = ["doit"]
import dodo
same = usual == [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)]
heavy = [n for n in sys.modules if n.startswith(("nightpress.plan", "nightpress.project"))]
print(json.dumps([same, heavy, sorted(os.listdir()), dodo.DOIT_CONFIG["num_process"]]))
"""
    before = sorted(path.name for path in shop.root.iterdir())
    ran = subprocess.run(
        [sys.executable, "-B", "-c", code],
        cwd=shop.root,
        capture_output=True,
        text=True,
        check=True,
    )
    same, heavy, names, threads = json.loads(ran.stdout)
    assert same
    assert heavy == []
    assert names == before
    assert threads == 4
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(
    ("text", "threads"),
    [("concurrency: 7  # of them\n", 7), ("{concurrency: 3}\n", 3), ("# concurrency: 9\n", 4)],
)
def test_the_defaults_say_how_many_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, threads: int
) -> None:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "_defaults.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert tasks.config()["num_process"] == threads
    assert [path.name for path in tmp_path.iterdir()] == ["manifests"]


def test_a_copy_from_before_tasks_offered_everything_works(shop: Market) -> None:
    (shop.root / "dodo.py").write_text(before_it_imported_one_name())
    listed = shop.done("list")
    assert "drill" in listed.out
    assert listed.err == ""
    assert "0 snapshots in" in shop.done("backups").out
    assert "no draft waits" in shop.done("review").out + shop.done("apply:alpha").out


def test_a_copy_that_lacks_chapters_is_told_which_and_how_to_get_them(shop: Market) -> None:
    (shop.root / "dodo.py").write_text(without("drill", "verify_vault"))
    hint = "  hint: nightpress init --chapters adds what is missing, and changes nothing else\n"
    listed = shop.done("list")
    assert listed.err == f"this dodo.py lacks 2 chapters: drill, verify-vault\n{hint}"
    asked = shop.doit("drill")
    assert asked.code == 3
    assert asked.err == f"ERROR: this dodo.py has no chapter drill\n{hint}"
    assert shop.done("plan").err == ""
    added = shop.run("nightpress", "init", "--chapters")
    assert added.out == "dodo.py: added drill, verify-vault\n"
    assert (shop.root / "dodo.py").read_text().startswith(without("drill", "verify_vault").rstrip())
    assert shop.done("list").err == ""
    assert shop.run("nightpress", "init", "--chapters").out == "dodo.py lacks no chapter\n"


def test_a_chapter_under_a_name_of_the_users_own_is_not_missing(shop: Market) -> None:
    text = without("drill") + "\n\ndef task_rehearse():\n    return tasks.drill()\n"
    (shop.root / "dodo.py").write_text(text)
    assert shop.done("list").err == ""
    assert add_chapters(shop.root) == []


def test_a_copy_from_a_newer_nightpress_is_one_sentence(shop: Market) -> None:
    with (shop.root / "dodo.py").open("a") as file:
        file.write("\n\ndef task_dream():\n    return tasks.dream()\n")
    done = shop.doit("list")
    assert done.code == 3
    assert "ERROR: dodo.py asks for tasks.dream, which nightpress" in done.err
    assert "Traceback" not in done.err


def test_chapters_are_added_to_a_dodo_py_that_can_be_read_alone(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no dodo\.py"):
        add_chapters(tmp_path)
    (tmp_path / "dodo.py").write_text("def task_(:\n")
    with pytest.raises(UsageError, match="cannot be read"):
        add_chapters(tmp_path)
    (tmp_path / "dodo.py").write_text("# mine\n")
    assert len(add_chapters(tmp_path)) == len(tasks.__all__) - 1
    assert "from nightpress import tasks" in (tmp_path / "dodo.py").read_text()


def test_help_and_info_say_more_in_a_project_of_ours_alone(shop: Market, tmp_path: Path) -> None:
    assert "Next: doit" in shop.done("help", "plan").out
    unknown = shop.doit("info", "enhance:alpha/skil")
    assert unknown.code == 3
    assert "alpha has no document 'skil'; did you mean" in unknown.err
    other = Market(tmp_path / "other")
    other.root.mkdir()
    (other.root / "dodo.py").write_text('def task_plan():\n    return {"actions": []}\n')
    assert "doit plan" not in other.done("help", "plan").out
    assert "KeyError" in other.doit("info", "nothing").err


def _drop_override() -> None:
    """What the superuser may not do either from the next exec on: pass over permissions."""
    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE


@pytest.mark.skipif(sys.platform != "linux", reason="prctl")
@pytest.mark.parametrize("used", [False, True], ids=["fresh", "used"])
def test_a_read_only_checkout_can_be_listed_and_planned(shop: Market, used: bool) -> None:
    if used:
        shop.done()
    else:
        shutil.rmtree(shop.root / ".nightpress", ignore_errors=True)
    before = sorted(shop.root.rglob("*"))
    folders = [shop.root, *(path for path in before if path.is_dir())]
    for path in folders:
        path.chmod(0o555)
    try:
        for words in (["list"], ["plan"], ["validate"], ["list", "--all", "enhance"]):
            ran = subprocess.run(
                [Path(sys.executable).parent / "doit", *words], cwd=shop.root, env=environment(),
                capture_output=True, text=True, preexec_fn=_drop_override,
            )  # fmt: skip
            assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr
            assert words != ["plan"] or " in 1 plugin: " in ran.stdout
    finally:
        for path in folders:
            path.chmod(0o755)
    assert sorted(shop.root.rglob("*")) == before
