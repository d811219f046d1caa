"""`nightpress facts`: what one plugin has, with file and lines."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nightpress import errors
from nightpress.text import fitted, safe, suggestion

if TYPE_CHECKING:
    from nightpress.model import Fact


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    facts = commands.add_parser(
        "facts",
        help="what a plugin has (commands, options, ...), with file and line",
        description="Lists the facts of one plugin, by name (in a project) or by its folder: "
        "structural ones (from manifests, frontmatter, code, configuration), and with --said also "
        "what only its prose says. Makes no call and writes nothing. Exit status 0, 3 where there "
        "is no such plugin.",
    )
    facts.add_argument("plugin", metavar="PLUGIN", help="a manifest's name, or a plugin's folder")
    facts.add_argument("--project", default=".", metavar="FOLDER", help="the project (here)")
    facts.add_argument("--kind", metavar="KIND", help="only facts of this kind")
    facts.add_argument("--said", action="store_true", help="also what only prose says")
    facts.add_argument("--json", action="store_true", help="every fact, as one JSON list")
    facts.set_defaults(run=_facts)


def _facts(given: argparse.Namespace) -> int:
    from nightpress.model import FACT_KINDS
    from nightpress.plan import plugin_anatomy
    from nightpress.plugin import collect

    if given.kind is not None and given.kind not in FACT_KINDS:
        hint = suggestion(given.kind, FACT_KINDS, "{}") or ", ".join(FACT_KINDS)
        raise errors.UsageError(f"--kind {given.kind}: there is no such kind of fact", hint)
    anatomy = plugin_anatomy(given.plugin, Path(given.project), os.environ)
    chosen = [
        fact
        for fact in collect(anatomy).all
        if given.kind in (None, fact.kind) and (given.json or given.said or fact.basis != "said")
    ]
    if given.json:
        from msgspec.structs import asdict

        values = [asdict(fact) for fact in chosen]
        sys.stdout.write(json.dumps(values, indent=2, ensure_ascii=True) + "\n")
        return errors.EXIT_OK
    for fact in chosen:
        if given.kind or fact.kind != "file":
            sys.stdout.write(fitted(safe(_line(fact)), sys.stdout) + "\n")
    sys.stdout.write(safe(f"{anatomy.name}: {_counted(chosen)}") + "\n")
    return errors.EXIT_OK


def _line(fact: Fact) -> str:
    name = f"/{fact.name}" if fact.kind in ("command", "alias") else fact.name
    value = " | ".join(fact.values[:3])
    value = value if len(value) <= 80 else value[:79] + "\u2026"
    more = [f"of {fact.of}" if fact.of and fact.of != fact.file else "", value]
    about = "; ".join(part for part in more if part)
    said = " (said)" if fact.basis == "said" else ""
    return f"{fact.kind:<10} {name}{f': {about}' if about else ''}{said}  {fact.place}"


def _counted(facts: list[Fact]) -> str:
    counts: dict[str, int] = {}
    for fact in facts:
        counts[fact.kind] = counts.get(fact.kind, 0) + 1
    return ", ".join(f"{kind} {n}" for kind, n in counts.items()) or "no facts"
