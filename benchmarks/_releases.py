"""Releases of a marketplace, made up: what its plugins' authors change from one to the next.

Kinds and their shares follow what people commit to plugins: texts are mended and added to far more
often than a command is added or an option renamed.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

WORDS = "ledger window branch ticket report service queue worker secret owner".split()


def commit(root: Path, said: str) -> None:
    for words in (["add", "-A"], ["commit", "-q", "--allow-empty", "-m", said]):
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "gc.auto=0"]
        subprocess.run(["git", *who, *words], cwd=root, check=True)


def history(root: Path, releases: int, share: float, seed: int = 0) -> None:
    """A repository in `root` with the marketplace as it stands, and so many releases of it; share:
    of the plugins that change in each."""
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    commit(root, "As it stands")
    rng = random.Random(seed)
    plugins = sorted(path.parent.parent for path in root.rglob(".claude-plugin/plugin.json"))
    for number in range(1, releases + 1):
        told = []
        for plugin in rng.sample(plugins, max(1, round(share * len(plugins)))):
            for kind in rng.choices([*KINDS], [weight for _, weight in KINDS.values()], k=20):
                if KINDS[kind][0](plugin, rng):
                    told.append(f"{plugin.name}: {kind}")
                    break
        commit(root, f"Release {number}\n\n" + "\n".join(told))


def _texts(plugin: Path) -> list[Path]:
    found = (p for p in plugin.rglob("*.md") if p.stem.upper() not in ("LICENSE", "CHANGELOG"))
    return sorted(p for p in found if len(p.read_bytes()) > 300)


def _prose(text: str) -> list[int]:
    """Numbers of the lines that are prose: in no fence, no heading, table or frontmatter."""
    lines, fenced, found = text.split("\n"), False, []
    head = lines.index("---", 1) if lines[0] == "---" and "---" in lines[1:] else 0
    for number, line in enumerate(lines):
        fenced ^= line.lstrip().startswith("```")
        if number > head and not fenced and re.match(r"(?:[-*] |\d+\. )?[A-Z][^|`]{40,}$", line):
            found.append(number)
    return found


def _edited(plugin: Path, rng: random.Random, edit: Callable[[str], str]) -> bool:
    """One line of prose of one of its texts becomes another."""
    for path in rng.sample(_texts(plugin), len(_texts(plugin))):
        text = path.read_text(errors="replace")
        if numbers := _prose(text):
            lines = text.split("\n")
            number = rng.choice(numbers)
            lines[number] = edit(lines[number])
            path.write_text("\n".join(lines))
            return True
    return False


def _typo(plugin: Path, rng: random.Random) -> bool:
    return _edited(plugin, rng, lambda line: re.sub(r"\b(\w{4,})\b", r"\1s", line, count=1))


def _sentence(plugin: Path, rng: random.Random) -> bool:
    a, b = rng.sample(WORDS, 2)
    return _edited(plugin, rng, lambda line: f"{line} It also looks at the {a} of each {b}.")


def _paragraph(plugin: Path, rng: random.Random) -> bool:
    a, b, c = rng.sample(WORDS, 3)
    text = f"\n\nWhere a {a} has no {b}, the {c} is taken in its place, and told at the end."
    return _edited(plugin, rng, lambda line: line + text)


def _chapter(plugin: Path, rng: random.Random) -> bool:
    path = plugin / "README.md"
    if not path.is_file():
        return False
    said = (f"- Each {w} is looked at once, and kept for a later run." for w in WORDS * 2)
    text = "\n".join([f"## The {rng.choice(WORDS)} in practice", "", *said])
    path.write_text(f"{path.read_text(errors='replace')}\n\n{text}\n")
    return True


def _option(plugin: Path, rng: random.Random) -> bool:
    commands = sorted((plugin / "commands").glob("*.md"))
    if not commands:
        return False
    path, name = rng.choice(commands), f"--with-{rng.choice(WORDS)}"
    said = f"\n\n- `{name}`: take the {rng.choice(WORDS)} along\n"
    path.write_text(path.read_text(errors="replace").rstrip("\n") + said)
    return True


def _command(plugin: Path, rng: random.Random) -> bool:
    if not (plugin / "commands").is_dir():
        return False
    name = f"{rng.choice(WORDS)}-{rng.randrange(1_000)}"
    text = f"---\ndescription: Lists each {name}\n---\n\n# {name}\n\nList what there is of it.\n"
    (plugin / "commands" / f"{name}.md").write_text(text)
    return True


def _release(plugin: Path, rng: random.Random) -> bool:
    path = plugin / ".claude-plugin" / "plugin.json"
    value = json.loads(path.read_text())
    value["version"] = f"{rng.randrange(1, 9)}.{rng.randrange(99)}.{rng.randrange(99)}"
    path.write_text(json.dumps(value, indent=2) + "\n")
    return True


def _described(plugin: Path, rng: random.Random) -> bool:
    path = plugin / ".claude-plugin" / "plugin.json"
    value = json.loads(path.read_text())
    value["description"] = f"{value.get('description', '')} and every {rng.choice(WORDS)}"
    path.write_text(json.dumps(value, indent=2) + "\n")
    return True


def _comment(plugin: Path, rng: random.Random) -> bool:
    scripts = sorted(p for p in plugin.rglob("*") if p.suffix in (".py", ".sh", ".js"))
    if not scripts:
        return False
    path = rng.choice(scripts)
    mark = "//" if path.suffix == ".js" else "#"
    path.write_text(f"{path.read_text(errors='replace')}\n{mark} seen in {rng.randrange(99)}\n")
    return True


KINDS: dict[str, tuple[Callable[[Path, random.Random], bool], int]] = {
    "a word of a text mended": (_typo, 25),
    "a sentence added": (_sentence, 20),
    "a paragraph added": (_paragraph, 12),
    "another version": (_release, 15),
    "a comment in code": (_comment, 8),
    "an option added": (_option, 8),
    "a chapter added": (_chapter, 4),
    "a command added": (_command, 4),
    "another description": (_described, 4),
}
