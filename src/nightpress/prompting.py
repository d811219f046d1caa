"""Prompts: what of a plugin goes into one, and the text that is sent.

Floor 1: pure. A prompt is a template file of its generator (Jinja2, sandboxed; an undefined
variable is an error). The plugin's text is chosen by value within a byte budget, redacted, and
fenced as data: its author controls every byte of it. The constant instructions come first, so
that the provider's implicit caching applies.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from nightpress.anatomy import kind_of
from nightpress.errors import UsageError
from nightpress.model import Anatomy, Finding, Generator, Material, SourceFile

Redact = Callable[[str], tuple[str, int]]

_VALUE = {
    "manifest": 0, "command": 1, "readme": 2, "agent": 3, "skill": 4, "hook": 5, "mcp": 6,
    "doc": 7, "script": 8, "data": 9, "code": 10, "license": 99,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chosen:
    """One file of a prompt; trimmed: it was cut at a heading or paragraph to fit."""

    path: str
    text: str
    trimmed: bool = False


def choose(anatomy: Anatomy, budget: int) -> tuple[list[Chosen], list[str]]:
    """(files for the prompt, paths left out): the most telling first, whole while they fit, the
    first that does not is trimmed at a heading."""
    chosen: list[Chosen] = []
    left_out: list[str] = []
    left = budget
    ranked = sorted(anatomy.files, key=lambda f: (_VALUE[kind_of(f.path)], len(f.path), f.path))
    for file in ranked:
        if kind_of(file.path) == "license" or not file.text.strip():
            continue
        size = len(file.text.encode("utf-8", "replace"))
        if size <= left:
            chosen.append(Chosen(file.path, file.text))
            left -= size
        elif left > 2_000 and (text := _trimmed(file, left)):
            chosen.append(Chosen(file.path, text, trimmed=True))
            left -= len(text.encode("utf-8", "replace"))
        else:
            left_out.append(file.path)
    return chosen, left_out


def _trimmed(file: SourceFile, budget: int) -> str:
    """As many whole sections, else paragraphs, of the file as fit."""
    for separator in (r"(?m)^(?=#{1,3} )", r"\n\s*\n", r"\n"):
        pieces = re.split(separator, file.text)
        kept, used = [], 0
        for piece in pieces:
            size = len(piece.encode("utf-8", "replace")) + 2
            if used + size > budget:
                break
            kept.append(piece.strip("\n"))
            used += size
        if used >= budget // 2:
            return "\n\n".join(kept)
    return ""


def render(generator: Generator, material: Material, redact: Redact) -> tuple[str, str]:
    """(system, prompt). Raises UsageError for a template that is wrong."""
    chosen, left_out = choose(material.anatomy, generator.input_bytes)
    cleaned = [(file, *redact(file.text)) for file in chosen]
    fence = _fence([text for _, text, _ in cleaned])
    values = {
        "plugin": material.anatomy,
        "components": _components(material.anatomy),
        "analysis": json.dumps(material.analysis, indent=1, ensure_ascii=False),
        "files": [
            {"path": _one_line(file.path), "text": text, "trimmed": file.trimmed}
            for file, text, _ in cleaned
        ],
        "left_out": [_one_line(path) for path in left_out],
        "standing": redact(material.standing)[0],
        "target": material.target,
        "window": material.window,
        "links": [_one_line(link) for link in material.links],
        "fence": fence,
    }
    return _filled(generator, "system.md", values), _filled(generator, "prompt.md.j2", values)


def _components(anatomy: Anatomy) -> dict[str, list[dict[str, str]]]:
    kinds = ("command", "agent", "skill", "hook", "mcp", "script")
    return {
        kind: [
            {"name": _one_line(c.name), "description": _one_line(c.description)[:300]}
            for c in anatomy.of(kind)
        ]
        for kind in kinds
    }


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _fence(texts: Sequence[str]) -> str:
    """A marker that the plugin's author cannot have written: it depends on all that they wrote."""
    whole = hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()
    return f"PLUGIN-DATA-{whole[:16]}"


def _filled(generator: Generator, name: str, values: dict[str, Any]) -> str:
    from jinja2 import TemplateError

    source = generator.prompt if name == "prompt.md.j2" else generator.system
    try:
        return str(_environment().from_string(source).render(values)).strip() + "\n"
    except TemplateError as error:
        line = getattr(error, "lineno", None) or 1
        raise UsageError(
            f"generators/{generator.type}/{name}:{line}:1: {error}",
            "a prompt may use: " + ", ".join(sorted(values)),
        ) from None


@lru_cache(maxsize=1)
def _environment() -> Any:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    # Markdown, not HTML: nothing to escape; the data is fenced instead
    return SandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )


def repair(prompt: str, draft: str, findings: Sequence[Finding]) -> str:
    """The prompt of the one repair call: the first prompt, the draft, and what is wrong."""
    said = [
        f"- {f.check}{f' (line {f.line})' if f.line else ''}: {f.message}"
        + (f" Hint: {f.hint}" if f.hint else "")
        for f in findings[:40]
    ]
    return (
        f"{prompt}\n## Your earlier draft\n\nIt was refused by the checks below. Write the whole"
        " document again, body only, with every point mended and everything else as good as"
        f" before.\n\n### Findings\n\n" + "\n".join(said) + f"\n\n### Draft\n\n{draft}\n"
    )
