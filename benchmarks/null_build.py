"""null-build: what `doit` costs when there is nothing to do, beside make, ninja, snakemake, git."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

SIZES = (240, 2_400, 24_000)
FILES = 5
"""Files of a plugin, its document not counted."""
CHANGED = 7
"""The plugin in which one file is changed; it has enough source for a document of its own."""


def main(argv: Sequence[str] = ()) -> dict[str, Any]:
    """Seconds (medians of whole processes) and MB per size; see `render`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks null-build")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args(list(argv))
    rows = []
    for size in (int(text) for text in given.sizes.split(",")):
        # git may still be writing there when we are done: that is no reason to lose the figures
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            rows.append(_measure(Path(folder) / "market", size, given.rounds))
    return {"sizes": rows}


def _measure(root: Path, plugins: int, rounds: int) -> dict[str, Any]:
    made = time.monotonic()
    _market(root, plugins)
    _up_to_date(root)
    time.sleep(0.3)  # younger files are not trusted
    script = str(Path(sys.executable).parent / "doit")
    first = _run([script], root)
    assert "nothing to do" in first.stdout, first.stdout[-2000:] + first.stderr[-2000:]
    _run([script], root)  # sees that nothing was left to do, and leaves its note
    _run([script], root)
    found = {
        "plugins": plugins,
        "setup_seconds": round(time.monotonic() - made, 1),
        **_nothing(script, root, rounds),
        "list_seconds": _seconds([script, "list"], root, rounds),
        "peak_mb": _peak([script], root),
        "peers": {name: _peer(name, root, plugins, rounds) for name in ("make", "ninja")},
    }
    found["peers"]["snakemake"] = (
        _peer("snakemake", root, plugins, 1) if plugins <= 2_400 else "skipped: minutes per run"
    )
    found["one_file_seconds"] = _one_file(script, root, rounds)
    return found


# --- the marketplace ---


def _market(root: Path, plugins: int) -> None:
    """Plugins of five files and a document each, in a git repository."""
    rng = random.Random(1)
    words = [hashlib.sha256(str(n).encode()).hexdigest()[:7] for n in range(4_000)]

    def prose(size: int) -> str:
        return " ".join(rng.choice(words) for _ in range(size // 8))

    (root / "manifests").mkdir(parents=True)
    (root / "manifests" / "_defaults.yaml").write_text("marketplace: plugins\nbackend: offline\n")
    shutil.copy(Path(__file__).parents[1] / "dodo.py", root / "dodo.py")
    (root / ".gitignore").write_text(".nightpress/\n.snakemake/\n")
    for number in range(plugins):
        name = f"plugin-{number:05}"
        folder = root / "plugins" / name
        (folder / ".claude-plugin").mkdir(parents=True)
        for inner in ("commands", "agents", f"skills/{name}"):
            (folder / inner).mkdir(parents=True)
        (folder / ".claude-plugin" / "plugin.json").write_text(json.dumps({"name": name}))
        if number == CHANGED:
            (folder / "GUIDE.md").write_text(_guide(prose))
        for path, size in (("README.md", 3_000), ("commands/run.md", 2_000),
                           ("agents/helper.md", 1_500), ("LICENSE", 1_000)):  # fmt: skip
            (folder / path).write_text(prose(size))
        (folder / "skills" / name / "SKILL.md").write_text(prose(9_000))
        (root / "manifests" / f"{name}.yaml").write_text(
            f"name: {name}\nplugin: plugins/{name}\nenhancements:\n  skill:\n"
            f"    generator: skill\n    target: skills/{name}/SKILL.md\n"
        )
    # git's own maintenance would run beside what is measured, and after it
    for words_of_git in (["init", "-q"], ["config", "gc.auto", "0"],
                         ["config", "maintenance.auto", "false"], ["add", "-A"]):  # fmt: skip
        subprocess.run(["git", *words_of_git], cwd=root, check=True)
    subprocess.run(
        ["git", "-c", "user.name=b", "-c", "user.email=b@example.org", "commit", "-qm", "all"],
        cwd=root, check=True,
    )  # fmt: skip


def _guide(prose: Callable[[int], str]) -> str:
    titles = ("Setting up", "Daily work", "Reviews", "Releases", "Troubleshooting", "Limits")
    chapters = [f"## {title}\n\n{prose(1_200)}.\n\n{prose(900)}." for title in titles]
    return "# Guide\n\n" + "\n\n".join(chapters) + "\n\n```bash\n/run payments\n```\n"


def _up_to_date(root: Path) -> None:
    """A lock file that says of every document that it was published as it stands."""
    from nightpress.clock import RealClock
    from nightpress.ledger import lockfile
    from nightpress.plan import Appraiser, Gatherer
    from nightpress.project import Project

    class _Unjudged(Appraiser):
        def complete(self, *given: Any) -> Any:
            return given[-1]

    gatherer = Gatherer(Project(root, {}, {}, RealClock()))
    gatherer._appraiser = _Unjudged(gatherer.project)  # a judgement of each takes minutes
    entries = []
    for path in sorted((root / "manifests").glob("plugin-*.yaml")):
        for name, state in gatherer.gather(path.stem).states.items():
            entries.append(
                lockfile.Entry(
                    f"{path.stem}/{name}",
                    state.target_path,
                    str(state.inputs.standing.sha256),
                    "published",
                    str(state.writer),
                    state.inputs.fingerprint,
                )
            )
    (root / "nightpress.lock").write_bytes(
        lockfile.render({e.job: lockfile.line(e) for e in entries})
    )
    shutil.rmtree(root / ".nightpress", ignore_errors=True)


IMPORT = [sys.executable, "-c", "import doit.doit_cmd"]
"""What no build tool on doit can be faster than."""


BARE = """def task_nothing():
    return {"actions": [], "uptodate": [True]}
"""
"""The dodo.py of a project that has nothing to do, and nothing to look at."""


def _nothing(script: str, root: Path, rounds: int) -> dict[str, Any]:
    """A run with nothing to do, beside a bare doit, its import and `git status`, taken in turn: the
    machine's own speed changes from minute to minute."""
    bare = root.parent / "bare"
    bare.mkdir()
    (bare / "dodo.py").write_text(BARE)
    _run([script], bare)
    commands = {
        "nothing_seconds": ([script], root),
        "bare_doit_seconds": ([script], bare),
        "import_doit_seconds": (IMPORT, root),
        "git_status_seconds": (["git", "status", "--short"], root),
    }
    times = [{name: _time(*command) for name, command in commands.items()} for _ in range(rounds)]
    return {name: round(statistics.median(row[name] for row in times), 4) for name in commands}


def _one_file(script: str, root: Path, rounds: int) -> dict[str, Any]:
    """One file of one plugin changed: the run that makes its document, and how much longer it takes
    than one with nothing to do, each beside the other. The first change in a clone also looks at
    the neighbours' paragraphs."""
    target = root / "plugins" / f"plugin-{CHANGED:05}" / "GUIDE.md"
    text = target.read_text()
    made: list[float] = []
    more: list[float] = []
    imports: list[float] = []
    for number in range(rounds + 1):
        idle = _time([script], root)
        imports.append(_time(IMPORT, root))
        target.write_text(f"{text}\n\nSentence number {number} stands here now.\n")
        began = time.monotonic()
        done = _run([script], root)
        made.append(time.monotonic() - began)
        more.append(made[-1] - idle)
        assert "1 published" in done.stdout, done.stdout[-2000:] + done.stderr[-2000:]
        _run([script], root)
        time.sleep(0.3)  # younger files are not trusted
    return {
        "first": round(made[0], 3),
        "seconds": round(statistics.median(made[1:]), 3),
        "more": round(statistics.median(more[1:]), 3),
        "import_doit_seconds": round(statistics.median(imports), 3),
    }


# --- measuring ---


def _environ() -> dict[str, str]:
    """As a user has it: offline, and with bytecode caches (an installed package has its own)."""
    out = ("GEMINI_", "GOOGLE_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(out)}
    return {**kept, "NO_COLOR": "1"}


def _run(command: Sequence[str], root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=root, env=_environ(), capture_output=True, text=True, check=False
    )


def _seconds(command: Sequence[str], root: Path, rounds: int) -> float:
    _run(command, root)
    return round(statistics.median(_time(command, root) for _ in range(rounds)), 4)


def _time(command: Sequence[str], root: Path) -> float:
    began = time.monotonic()
    _run(command, root)
    return time.monotonic() - began


def _peak(command: Sequence[str], root: Path) -> float:
    """Peak resident MB of the command, in a child of its own (ru_maxrss of children is a maximum
    over all of them)."""
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = _run([sys.executable, "-c", code, *command], root)
    unit = 1 if sys.platform == "darwin" else 1024
    return round(int(done.stdout) * unit / 1e6, 1)


def _peer(name: str, root: Path, plugins: int, rounds: int) -> float | str:
    """The same graph in another tool: each document depends on its plugin's files."""
    if shutil.which(name) is None:
        return "skipped: not installed"
    write: dict[str, Callable[[Path, int], list[str]]] = {
        "make": _makefile, "ninja": _ninja, "snakemake": _snakefile,
    }  # fmt: skip
    command = write[name](root, plugins)
    done = _run(command, root)
    if done.returncode:
        return f"failed: {done.stderr[-200:]}"
    return _seconds(command, root, rounds)


def _edges(plugins: int) -> list[tuple[str, list[str]]]:
    names = ("README.md", "commands/run.md", "agents/helper.md", "LICENSE")
    return [
        (f"plugins/plugin-{n:05}/skills/plugin-{n:05}/SKILL.md",
         [f"plugins/plugin-{n:05}/{name}" for name in names])
        for n in range(plugins)
    ]  # fmt: skip


def _makefile(root: Path, plugins: int) -> list[str]:
    edges = _edges(plugins)
    rows = ["all: " + " ".join(target for target, _ in edges)]
    rows += [f"{target}: {' '.join(needs)}\n\ttouch $@" for target, needs in edges]
    (root / ".nightpress" / "Makefile").write_text("\n".join(rows) + "\n")
    return ["make", "-rs", "-f", ".nightpress/Makefile"]


def _ninja(root: Path, plugins: int) -> list[str]:
    rows = ["builddir = .nightpress", "rule touch", "  command = touch $out"]
    rows += [f"build {target}: touch {' '.join(needs)}" for target, needs in _edges(plugins)]
    (root / ".nightpress" / "build.ninja").write_text("\n".join(rows) + "\n")
    return ["ninja", "-f", ".nightpress/build.ninja"]


def _snakefile(root: Path, plugins: int) -> list[str]:
    targets = [target for target, _ in _edges(plugins)]
    text = f"rule all:\n    input: {targets!r}\n\nrule doc:\n"
    text += "    input: 'plugins/{p}/README.md'\n"
    text += "    output: 'plugins/{p}/skills/{q}/SKILL.md'\n    shell: 'touch {output}'\n"
    (root / ".nightpress" / "Snakefile").write_text(text)
    return ["snakemake", "-c1", "-q", "all", "-s", ".nightpress/Snakefile"]


def render(found: dict[str, Any]) -> str:
    """A Markdown table, with the ratios that the targets are stated in."""
    base = ", ".join(f"{row['import_doit_seconds']:.3f} s" for row in found["sizes"])
    rows = [
        f"`python -c 'import doit.doit_cmd'`, in turn with each size: {base}",
        "",
        "| plugins | nothing to do | x bare doit | x import doit | x git status | one file changed"
        " | more |"
        " x import doit | the first | list | peak MB | git status | make | ninja | snakemake |",
        "|" + "---|" * 15,
    ]
    for row in found["sizes"]:
        nothing = row["nothing_seconds"]
        peers, one = row["peers"], row["one_file_seconds"]
        cells = [
            f"{row['plugins']:,}", f"{nothing:.3f} s",
            f"{nothing / row['bare_doit_seconds']:.2f}",
            f"{nothing / row['import_doit_seconds']:.2f}",
            f"{nothing / row['git_status_seconds']:.2f}", f"{one['seconds']:.3f} s",
            f"{one['more']:.3f} s", f"{one['more'] / one['import_doit_seconds']:.2f}",
            f"{one['first']:.3f} s", f"{row['list_seconds']:.3f} s", f"{row['peak_mb']}",
            f"{row['git_status_seconds']:.3f} s",
            *(str(peers[name]) for name in ("make", "ninja", "snakemake")),
        ]  # fmt: skip
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"
