"""The commonest mistakes, each made in a marketplace of its own: what nightpress says, and its exit
status. `python -m tests.cli.mistakes > docs/mistakes.md` writes the page from real runs.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from nightpress.storage import run_lock
from tests import failing_disk
from tests.market import Market, Ran, environment, plugin

NAMES = ("commit-guard", "release-notes")
HEAD = """\
# The commonest mistakes

What nightpress says of them, and the exit status. This page is written by
`python -m tests.cli.mistakes` from runs in a marketplace with two plugins, `commit-guard` and
`release-notes`; a test makes every mistake again and compares.
"""

Change = Callable[[Path], object]


class Mistake(NamedTuple):
    """title: what went wrong; command: as it was typed; change: what is done to the project first;
    folder: where it is typed; environ: besides the usual variables; disk: how every change of the
    project is refused, as an errno; python: what is other about the interpreter, as its code."""

    title: str
    command: str
    change: Change | None = None
    folder: str = "."
    environ: tuple[tuple[str, str], ...] = ()
    disk: str = ""
    python: str = ""


def _manifest(root: Path) -> Path:
    return root / "manifests/commit-guard.yaml"


def _appended(file: str, text: str) -> Change:
    def change(root: Path) -> None:
        with (root / file).open("a") as out:
            out.write(text)

    return change


def _replaced(file: str, old: str, new: str) -> Change:
    def change(root: Path) -> None:
        text = (root / file).read_text()
        assert re.search(old, text), f"{file} has no {old}"
        (root / file).write_text(re.sub(old, new, text, count=1))

    return change


def _written(file: str, text: str) -> Change:
    def change(root: Path) -> None:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)

    return change


def _removed(path: str) -> Change:
    def change(root: Path) -> None:
        shutil.rmtree(root / path) if (root / path).is_dir() else (root / path).unlink()

    return change


def _twice(root: Path) -> None:
    shutil.copy(_manifest(root), root / "manifests/second.yaml")


def _fifo(root: Path) -> None:
    (root / "manifests/_defaults.yaml").unlink()
    os.mkfifo(root / "manifests/_defaults.yaml")


def _damaged(root: Path) -> None:
    (root / ".nightpress/ledger.db-wal").unlink(missing_ok=True)
    (root / ".nightpress/ledger.db").write_text("damaged" * 1000)


def _busy(root: Path) -> None:
    """Another run holds the lock, until the tests end."""
    _HELD.append(run_lock.acquire(root / ".nightpress", "doit"))


_HELD: list[run_lock.ProjectLock] = []
KEYLESS = (("GEMINI_API_KEY", ""), ("GOOGLE_API_KEY", ""))
MANIFEST, DEFAULTS = "manifests/commit-guard.yaml", "manifests/_defaults.yaml"
PLUGIN = "plugins/commit-guard"

ANOTHER = (
    "import importlib.metadata as held; held.entry_points = lambda **group: ();"
    "sys.modules['nightpress'] = None"
)
"""An interpreter that has doit, and no nightpress."""

MISTAKES = {
    "Where": (
        Mistake("A folder with nothing of nightpress", "nightpress build", folder="../elsewhere"),
        Mistake("A marketplace without a project", "nightpress plan", folder="../fresh"),
        Mistake("doit where there is no project", "doit", folder="../fresh"),
        Mistake("doit in a sub-folder", "doit", folder=PLUGIN),
        Mistake("init within a project", "nightpress init", folder=PLUGIN),
        Mistake("init where there is no plugin", "nightpress init", folder="../elsewhere"),
        Mistake("init of a folder that is not there", "nightpress init market", folder="../fresh"),
        Mistake("dodo.py is gone", "nightpress build", _removed("dodo.py")),
        Mistake("manifests/ is gone", "doit", _removed("manifests")),
    ),
    "Typing": (
        Mistake("A command that there is not", "nightpress biuld"),
        Mistake("A task that there is not", "doit pln"),
        Mistake("A plugin that there is not", "nightpress build commit-gard"),
        Mistake("The same in doit's words", "doit enhance:commit-gard"),
        Mistake("The plugin without its task", "doit commit-guard"),
        Mistake("An option that there is not", "nightpress build --limt 3"),
        Mistake("The same in doit's words", "doit limt=3"),
        Mistake("A task's option", "nightpress report --formt json"),
        Mistake("A value of the wrong kind", "nightpress build --limit many"),
        Mistake("A time that is none", "doit until=tomorrow"),
        Mistake("A backend that there is not", "doit backend=gemni"),
        Mistake("One plugin's plan", "doit plan commit-guard"),
        Mistake("The plan of a plugin that there is not", "nightpress plan commit-gard"),
        Mistake("An option of a command", "nightpress doctor --projekt ."),
        Mistake("facts of a plugin that there is not", "nightpress facts comit-guard"),
        Mistake("why of a file that there is not", f"nightpress why {PLUGIN}/SKILL.md"),
        Mistake("check of a file that there is not", "nightpress check SKILL.md"),
        Mistake("A shell that is not known", "nightpress completion tcsh"),
        Mistake("A value that is empty", "nightpress reject commit-guard --because ''"),
        Mistake("A plugin in capitals", "nightpress build COMMIT-GUARD"),
        Mistake("A number below one", "nightpress build --limit -1"),
        Mistake("Days that are no number", "nightpress report --days few"),
        Mistake("Everything, by leaving the name out", "nightpress adopt"),
        Mistake("Nothing to tell of", "nightpress info"),
        Mistake("An option that there is not, for no command", "nightpress --helpp"),
        Mistake("An option without its value", "nightpress plan --plugin"),
        Mistake("A file where there is no folder",
                "nightpress check --write-baseline gone/old.json"),
    ),
    "Settings": (
        Mistake("Broken YAML", "doit", _appended(MANIFEST, "checks: [length\n")),
        Mistake("A field that there is not", "doit", _appended(MANIFEST, "titel: Commits\n")),
        Mistake("A value that does not fit", "nightpress validate",
                _replaced(DEFAULTS, "(?m)^concurrency: .*$", "concurrency: many")),
        Mistake("A tab in YAML", "doit", _appended(MANIFEST, "size:\n\tmin: 900\n")),
        Mistake("A generator that there is not", "doit",
                _replaced(MANIFEST, "generator: skill", "generator: skil")),
        Mistake("A generator of the project that is broken", "doit",
                _written("generators/skill/generator.yaml", "name: [\n")),
        Mistake("A target outside the plugin", "doit",
                _replaced(MANIFEST, "skills/commit-guard/SKILL.md", "../x/SKILL.md")),
        Mistake("A target that is no document", "doit",
                _replaced(MANIFEST, "skills/commit-guard/SKILL.md", "hooks/hooks.json")),
        Mistake("Two manifests of one plugin", "doit", _twice),
        Mistake("The manifest of a plugin that is gone", "doit", _removed(PLUGIN)),
        Mistake("Defaults that are no file", "doit", _fifo),
    ),
    "State": (
        Mistake("An old Python", "nightpress build", python="sys.version_info = (3, 9, 18)"),
        Mistake("doit of another Python", "doit", python=ANOTHER),
        Mistake("No key", "doit backend=gemini force=1 enhance:commit-guard", environ=KEYLESS),
        Mistake("dodo.py with an error of its own", "doit", _appended("dodo.py", "\ndef mine(:\n")),
        Mistake("dodo.py of an older version", "nightpress archive",
                _replaced("dodo.py", r"(?s)def task_archive.*?archive\(\)\n", "")),
        Mistake("plugin.json that is no JSON", "doit",
                _written(f"{PLUGIN}/.claude-plugin/plugin.json", '{"name": "commit-guard",}\n')),
        Mistake("The same, in the plan of that plugin", "nightpress plan commit-guard",
                _written(f"{PLUGIN}/.claude-plugin/plugin.json", '{"name": "commit-guard",}\n')),
        Mistake("A merge conflict in the lock file", "doit",
                lambda root: (root / "nightpress.lock").write_text("<<<<<<< HEAD\n")),
        Mistake("A damaged ledger", "doit",
                _damaged),
        Mistake("Two runs at a time", "doit force=1 enhance:commit-guard", _busy),
        Mistake("A baseline that there is not", "nightpress check --baseline old.json"),
        Mistake("A full disk", "doit force=1 enhance:commit-guard", disk="ENOSPC"),
        Mistake("A disk that is read-only", "doit force=1 enhance:commit-guard", disk="EROFS"),
        Mistake("A folder that may not be written", "nightpress init", folder="../fresh",
                disk="EACCES"),
    ),
    "Ends": (
        Mistake("apply without a draft", "nightpress apply commit-guard"),
        Mistake("apply without any draft", "nightpress apply"),
        Mistake("A restore of what there is not", "nightpress restore --plugin commit-gard"),
        Mistake("A rehearsal without a backup", "nightpress drill"),
        Mistake("A vault that there is not", "nightpress restore-all vault.db ../copy"),
        Mistake("A vault's server that is not there",
                "nightpress restore-all http://127.0.0.1:9 ../copy"),
    ),
}  # fmt: skip


def market(base: Path) -> Market:
    """`base/market`, set up, documented and committed; beside it a marketplace without a project,
    and a folder with nothing."""
    root = base / "market"
    for name in NAMES:
        plugin(root, name)
        plugin(base / "fresh", name)
    (base / "elsewhere").mkdir()
    made = Market(root)
    for words in (("nightpress", "init"), ("doit",)):
        ran = made.run(*words)
        assert ran.code == 0, ran.out + ran.err
    made.git("init", "-q")
    made.git("add", "-A")
    made.git("commit", "-qm", "documents")
    return made


def told(made: Market, mistake: Mistake) -> str:
    """What is printed, both streams, and the exit status, in a copy of the project."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        shutil.copytree(made.root.parent, base, dirs_exist_ok=True, symlinks=True)
        root = base / "market"
        if mistake.change is not None:
            mistake.change(root)
        program, *words = shlex.split(mistake.command)
        environ = {"COLUMNS": "80", **dict(mistake.environ)}
        if mistake.disk:
            environ |= failing_disk.always(base, mistake.disk)
            ran = failing_disk.run(root / mistake.folder, program, words, environ)
        elif mistake.python:
            ran = _in_python(mistake.python, program, words, root)
        else:
            ran = Market(root / mistake.folder).run(program, *words, **environ)
    said = "".join(
        line for line in (ran.out + ran.err).splitlines(keepends=True)
        if not line.startswith(("reading ", "run 2"))
    )  # fmt: skip
    said = said.replace(str(base.resolve()), "~").replace(sys.executable, "/usr/bin/python3")
    said = re.sub(r"pid \d+, since \S+", "pid 4711, since 2026-01-01T02:00:00+00:00", said)
    return f"$ {mistake.command}\n{said}exit status {ran.code}"


def _in_python(other: str, program: str, words: list[str], root: Path) -> Ran:
    """Run the program in an interpreter that is another one in this respect."""
    code = f"import sys; {other}; from runpy import run_module; sys.argv[0] = {program!r};"
    done = subprocess.run(
        [sys.executable, "-c", f"{code} run_module({program!r}, run_name='__main__')", *words],
        cwd=root, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout, done.stderr)


def page(made: Market) -> Iterator[str]:
    """The page's text, in parts."""
    yield HEAD
    for chapter, mistakes in MISTAKES.items():
        yield f"\n## {chapter}\n"
        for mistake in mistakes:
            where = "" if mistake.folder == "." else f", in `{_folder(mistake.folder)}`"
            yield f"\n{mistake.title}{where}:\n\n```text\n{told(made, mistake)}\n```\n"


def _folder(folder: str) -> str:
    return f"~/{folder.removeprefix('../')}" if folder.startswith("..") else f"~/market/{folder}"


def main() -> None:
    with tempfile.TemporaryDirectory() as base:
        os.environ["XDG_STATE_HOME"] = f"{base}/state"
        sys.stdout.writelines(page(market(Path(base))))


if __name__ == "__main__":
    main()
