"""Marketplaces for tests: small plugins with text of their own, written to a folder.

The prose is made of syllables, by a seed: varied enough for every gate, the same each time.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests import terminal
from tests.preloaded import preloaded

SERVICES = ("GOOGLE_", "GEMINI_", "OPENAI_", "ANTHROPIC_", "OPENROUTER_", "GROQ_")
SYLLABLES = (
    "ba be bi bo da de di do fa fe fi ga go ka ke ki ko la le li lo ma me mi mo na ne ni no pa pe"
    " po ra re ri ro sa se si so ta te ti to va ve vi za zo tra pre gri plo sta cle bren dor fil"
).split()


def _word(rng: random.Random) -> str:
    return "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(2, 4)))


def prose(seed: str, size: int) -> str:
    """About `size` bytes of paragraphs."""
    rng = random.Random(seed)
    rows: list[str] = []
    while sum(len(row) + 2 for row in rows) < size:
        sentences = []
        for _ in range(rng.randint(2, 4)):
            words = [_word(rng) for _ in range(rng.randint(7, 14))]
            sentences.append(" ".join(["The", *words]) + ".")
        rows.append(" ".join(sentences))
    return "\n\n".join(rows)


def plugin(root: Path, name: str, *, size: int = 10_000, skill: str | None = None) -> Path:
    """A plugin with a manifest, a README and two commands; size: bytes of prose in all."""
    folder = root / "plugins" / name
    (folder / ".claude-plugin").mkdir(parents=True)
    (folder / "commands").mkdir()
    manifest = {
        "name": name,
        "version": "1.2.0",
        "description": f"Keeps the {name} ledgers of a team in order",
        "author": {"name": "Test Author"},
        "keywords": ["ledger", "release", name],
    }
    (folder / ".claude-plugin" / "plugin.json").write_text(json.dumps(manifest, indent=2) + "\n")
    for verb in ("collect", "settle"):
        text = (
            f"---\ndescription: The {verb} step of {name}\nargument-hint: <team>\n---\n\n"
            f"# {verb.title()}\n\n{prose(f'{name}-{verb}', size // 4)}\n\n"
            f"```bash\n/{name}-{verb} payments --since 2026-01-01\n```\n"
        )
        (folder / "commands" / f"{name}-{verb}.md").write_text(text)
    chapters = "\n\n".join(
        f"## {title}\n\n{prose(f'{name}-{title}', size // 6)}"
        for title in ("How it works", "Configuration", "Troubleshooting")
    )
    (folder / "README.md").write_text(f"# {name}\n\nLedgers for teams.\n\n{chapters}\n")
    if skill is not None:
        (folder / "skills" / name).mkdir(parents=True)
        (folder / "skills" / name / "SKILL.md").write_text(skill)
    return folder


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished command."""

    code: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """The environment of a command: ours without keys, without colours, and `more`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(SERVICES)}
    return {**kept, "NO_COLOR": "1", **more}


def quota_db() -> Path:
    """Where this test's commands count their calls."""
    return Path(os.environ["XDG_STATE_HOME"]) / "nightpress" / "quota.db"


_KEPT = tempfile.TemporaryDirectory(prefix="nightpress-published-")


def published(root: Path, *names: str) -> Market:
    """A project of plugins with these names, set up and documented: a copy of one that is made
    once, as from a backup (the index knows the files by another inode, and reads them). Beside
    what stands there already it is made anew."""
    if root.exists() and any(root.iterdir()):
        return _made(root, names)
    shutil.copytree(_kept(names), root, symlinks=True, dirs_exist_ok=True)
    return Market(root)


def three(root: Path) -> Market:
    """Three plugins, of which one has too little source, set up: a copy of what is made once."""
    shutil.copytree(_set_up(), root, symlinks=True)
    return Market(root)


@functools.cache
def _set_up() -> Path:
    root = Path(_KEPT.name) / "set-up"
    for name in ("alpha", "beta"):
        plugin(root, name)
    plugin(root, "tiny", size=0)
    done = Market(root).run("nightpress", "init")
    assert done.code == 0, done.err
    return root


def tree_digest(root: Path) -> str:
    """Of the files below it: names, modes, bytes."""
    found = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        found.update(f"{path.relative_to(root)} {path.lstat().st_mode} {len(content)} ".encode())
        found.update(content)
    return found.hexdigest()


@functools.cache
def _kept(names: tuple[str, ...]) -> Path:
    return _made(Path(_KEPT.name) / "-".join(names), names).root


def _made(root: Path, names: tuple[str, ...]) -> Market:
    for name in names:
        plugin(root, name)
    made = Market(root)
    assert made.run("nightpress", "init").code == 0
    assert f"{len(names)} published" in made.done().out
    return made


@dataclass(frozen=True, slots=True)
class Market:
    """A project in a folder of its own, run as a user runs it."""

    root: Path

    def run(self, program: str, *words: str, **environ: str) -> Ran:
        code, out, err = preloaded().run(program, words, self.root, environment(**environ))
        return Ran(code, out, err)

    def start(self, program: str, *words: str, **environ: str) -> Ran:
        """As `run`, with an interpreter that starts: for what is about imports."""
        command = [str(Path(sys.executable).parent / program), *words]
        done = subprocess.run(
            command, cwd=self.root, env=environment(**environ), capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout, done.stderr)

    def terminal(self, program: str, *words: str, **environ: str) -> str:
        """What a terminal is sent, colours and all."""
        said: list[bytes] = []
        colourful = {k: v for k, v in environment().items() if k != "NO_COLOR"}
        typed = {**colourful, "TERM": "xterm", **environ}
        terminal.run([program, *words], self.root, typed, said.append)
        return b"".join(said).decode().replace("\r\n", "\n")

    def doit(self, *words: str, **environ: str) -> Ran:
        return self.run("doit", *words, **environ)

    def done(self, *words: str, **environ: str) -> Ran:
        """doit, where nothing less than success will do."""
        ran = self.doit(*words, **environ)
        assert ran.code == 0, ran.out + ran.err
        return ran

    def documented(self) -> Market:
        """As a first `done()` leaves it: copied, as `published` copies it, from a project of the
        same files, which is documented once."""
        assert not (self.root / ".nightpress").exists()
        kept = Path(_KEPT.name) / tree_digest(self.root)
        if not kept.exists():
            shutil.copytree(self.root, kept, symlinks=True)
            Market(kept).done()
        shutil.copytree(kept, self.root, symlinks=True, dirs_exist_ok=True)
        return self

    def replaces(self, floor: str = "content") -> Market:
        """From now on it makes people's undersized files again (`standing: replace`)."""
        path = self.root / "manifests" / "_defaults.yaml"
        before = path.read_text()
        after = before.replace("\nstanding: keep\n", "\nstanding: replace\n")
        path.write_text(after.replace("floor: content\n", f"floor: {floor}\n"))
        assert path.read_text() != before
        return self

    def rows(self, query: str) -> list[tuple[object, ...]]:
        import sqlite3

        connection = sqlite3.connect(self.root / ".nightpress" / "ledger.db")
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def target(self, name: str) -> Path:
        return self.root / "plugins" / name / "skills" / name / "SKILL.md"

    def git(self, *words: str) -> str:
        command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words]
        return subprocess.run(
            command, cwd=self.root, check=True, capture_output=True, text=True
        ).stdout
