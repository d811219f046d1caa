"""Falsehoods planted in good documents: how many the gates catch, by kind.

Forty plugins are made up (commands with options, a script, a hook, an MCP server with tools,
settings, variables, packages) with a true document each, which must pass; then one sentence that is
false is put into it, in each of some wordings. A falsehood is caught if a gate says something of it
that it does not say of the true document.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nightpress.checks import Context, judge
from nightpress.model import SourceFile
from nightpress.plugin import anatomy

NOUNS = "seal hold berth crate gauge ledger manifest pallet ramp sluice tally wharf".split()
VERBS = "list weigh sort trace count close drain stamp audit merge".split()

FALSE: Mapping[str, tuple[str, ...]] = {
    "option of a command": (
        "Run `/{verb}-{noun} --{lie}` to see more.",
        "`/{verb}-{noun}` takes `--{lie}` as well.",
        "```text\n/{verb}-{noun} --{lie} 3\n```",
    ),
    "option": ("Pass `--{lie}` for a longer list.", "With --{lie} it prints every row."),
    "option of a script": (
        "`scripts/{noun}.py --{lie}` does the same by hand.",
        "```bash\npython scripts/{noun}.py --{lie} 4\n```",
    ),
    "argument": (
        "Call `/{verb}-{noun} <{lie}>` for one of them.", "```text\n/{verb}-{noun} <{lie}>\n```",
    ),
    "command": (
        "Then run `/{lie}-{noun}` to undo it.", "- `/{lie}`: takes it back.",
        "Run /{lie}-{noun} afterwards.",
    ),
    "agent": (
        "The `{lie}-expert` agent explains the result.",
        "Ask the **{lie}-reviewer** agent for a second opinion.",
    ),
    "skill": ("The `{lie}-notes` skill has the details.",),
    "tool": (
        "Claude calls the `{lie}_{noun}` tool for it.",
        "It is `mcp__{noun}__{lie}_all` that answers.",
        "Call `{lie}_{noun}s` first.",
    ),
    "hook event": (
        "A `PreCompact` hook saves the list.", "On SubagentStop the list is printed again.",
    ),
    "environment variable": (
        "Set `{LIE}_TOKEN` first.", "It reads {LIE}_TIMEOUT from the environment.",
        "```bash\nexport {LIE}_HOME=/srv/{noun}\n```",
    ),
    "setting": ("`{lie}_limit` bounds the list.", "Set `{noun}.{lie}` in the configuration."),
    "value of a setting": (
        "`max_{noun}s` is set to `{number}`.", "`max_{noun}s` (default: {number}) bounds the list.",
        "`--since` defaults to {number}.",
    ),
    "package": (
        "```bash\nnpm install {lie}-{noun}\n```", "Install it with `pip install {lie}{noun}`.",
        "It needs the `{lie}-client` package.",
    ),
    "file": (
        "The result is saved as `{lie}-{noun}.csv`.", "See `docs/{lie}.md` for the rules.",
        "Rules live in `config/{lie}.yaml`.",
    ),
    "url": (
        "See https://{lie}.dev/{noun} for more.",
        "The [manual](https://docs.{lie}.io/start) says why.",
    ),
    "version": (
        "Since version {number}.4.1 it is faster.", "It needs Python 3.{number} or later.",
        "Works from v{number}.2 on.",
    ),
    "number with a unit": (
        "It answers within {number} seconds.", "At most {number} MB are read.",
        "{number} % of all rows are looked at.", "It keeps {number} days of history.",
    ),
    "exit code": ("It ends with exit code {code} if none is there.", "Exits with {code} then."),
    "port": ("The server listens on port {number}0.",),
    "model": ("The report is by gpt-{digit}-turbo.", "It asks claude-opus-{digit}-7 for it."),
}  # fmt: skip


def main(argv: list[str]) -> dict[str, Any]:
    """One object: documents, clean (of them without an error), planted, caught, rate in percent,
    by_kind (caught, planted), missed (some), ms_per_document, people (what `check` says of
    documents that people keep, where its reports are given)."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks falsehoods", description=__doc__)
    parser.add_argument("--documents", type=int, default=40)
    parser.add_argument(
        "--people", nargs="*", type=Path, default=[], metavar="JSON",
        help="of `nightpress check --format json` over marketplaces that people keep",
    )  # fmt: skip
    given = parser.parse_args(argv)
    return run(given.documents) | {"people": _people(given.people)}


def _people(reports: Iterable[Path]) -> dict[str, Any]:
    """Documents, those with an error, and gate -> documents that it finds an error in. Errors are
    not all false: a dead link is one whoever wrote it."""
    gates: Counter[str] = Counter()
    documents = 0
    with_error = 0
    for report in reports:
        for row in json.loads(report.read_text())["results"]:
            if row["score"] is None:
                continue
            documents += 1
            found = {f["check"] for f in row["findings"] if f["severity"] == "error"}
            with_error += bool(found)
            gates.update(found)
    return {"documents": documents, "with_error": with_error, "gates": dict(gates.most_common())}


def run(documents: int = 40) -> dict[str, Any]:
    planted: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    missed: list[dict[str, str]] = []
    false_errors: list[str] = []
    seconds = 0.0
    for number in range(documents):
        rng = random.Random(number)
        words = _words(rng, number)
        files, text = _plugin(words)
        context = _context(files)
        started = time.perf_counter()
        before = _said(text, context)
        seconds += time.perf_counter() - started
        false_errors += before
        for kind, wordings in FALSE.items():
            for wording in wordings:
                lie = _filled(wording, words, rng)
                found = _said(text.replace("\n## Limits\n", f"\n{lie}\n\n## Limits\n"), context)
                planted[kind] += 1
                if set(found) - set(before):
                    caught[kind] += 1
                elif len(missed) < 40:
                    missed.append({"kind": kind, "sentence": lie})
    total = sum(planted.values())
    return {
        "documents": documents,
        "false_errors": false_errors,
        "planted": total,
        "caught": sum(caught.values()),
        "rate": round(100 * sum(caught.values()) / total, 1),
        "by_kind": {kind: [caught[kind], planted[kind]] for kind in FALSE},
        "missed": missed,
        "ms_per_document": round(1_000 * seconds / documents, 1),
    }


def _words(rng: random.Random, number: int) -> dict[str, str]:
    return {"noun": NOUNS[number % len(NOUNS)], "verb": rng.choice(VERBS), "n": str(number)}


def _filled(wording: str, words: Mapping[str, str], rng: random.Random) -> str:
    lie = rng.choice(("quokka", "zephyr", "marmot", "ibexes", "turnip", "walnut"))
    values = {
        **words, "lie": lie, "LIE": lie.upper(), "number": str(rng.randint(61, 99)),
        "code": str(rng.randint(20, 90)), "digit": str(rng.randint(5, 8)),
    }  # fmt: skip
    for name, value in values.items():
        wording = wording.replace("{" + name + "}", value)
    return wording


def _said(text: str, context: Context) -> list[str]:
    return [
        f"{f.check}: {f.message}" for f in judge(text, context).findings if f.severity == "error"
    ]


def _context(files: Mapping[str, str]) -> Context:
    sources = [SourceFile(path, text, len(text)) for path, text in sorted(files.items())]
    house = ("code-span", "example-own", "vocabulary", "commands-covered", "compressibility")
    return Context(
        target="docs/GUIDE.md", frontmatter="none", anatomy=anatomy.build(sources, "depot"),
        plugin_paths=frozenset({*files, "docs/GUIDE.md"}),
        marketplace_plugins=frozenset({"depot", "harbour"}),
        settings=dict.fromkeys(house, False),
    )  # fmt: skip


def _plugin(words: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """The files of a made-up plugin, and a true document about it."""
    noun, verb = words["noun"], words["verb"]
    upper = noun.upper()
    command = (
        f"---\ndescription: {verb.title()} every {noun} of the depot by age\n"
        f"argument-hint: <yard> [--since DAYS] [--top N]\n---\n\n"
        f"Run `scripts/{noun}.py --since 14 --top 5`, then name the oldest {noun} and its owner.\n"
        f"Never change a {noun} without being told to.\n"
    )
    script = (
        "import argparse, os, sys\nparser = argparse.ArgumentParser()\n"
        'parser.add_argument("--since", type=int, default=14)\n'
        'parser.add_argument("--top", type=int, default=5)\n'
        f'url = os.environ["{upper}_URL"]\nif not url:\n    sys.exit(3)\n'
        f'with open("{noun}-report.json", "w") as out:\n    out.write(url)\n'
    )
    server = (
        'import { McpServer } from "@depot/sdk";\n'
        f'server.registerTool("find_{noun}", {{}});\napp.listen(4071);\n'
    )
    files = {
        ".claude-plugin/plugin.json": json.dumps(
            {"name": "depot", "version": "1.3.0", "description": f"{verb}s each {noun} by age"}
        ),
        f"commands/{verb}-{noun}.md": command,
        f"agents/{noun}-clerk.md": (
            f"---\nname: {noun}-clerk\ndescription: Explains {noun}s.\n---\n\nGo.\n"
        ),
        f"scripts/{noun}.py": script,
        "server/index.js": server,
        "hooks/hooks.json": json.dumps(
            {"hooks": {"PostToolUse": [{"matcher": "Write", "command": f"scripts/{noun}.py"}]}}
        ),
        "config.json": json.dumps({f"max_{noun}s": 40, "retries": 2}, indent=1),
        "package.json": json.dumps({"name": "depot", "dependencies": {"@depot/sdk": "^2.0.0"}}),
        "README.md": "# Depot\n\nNeeds Python 3.11. It answers in 20 seconds and keeps 30 days.\n"
        f"See https://depot.example.net/{noun} and https://forge.io/depot.\n",
    }  # fmt: skip
    text = (
        f"# The {noun}s of the depot\n\nThe plugin {verb}s each {noun} of a yard.\n\n## Use\n\n"
        f"`/{verb}-{noun} <yard>` names the oldest {noun} and its owner. `--since` takes days"
        f" (default: 14), `--top` bounds the list.\n\n"
        f"```text\n/{verb}-{noun} north --since 14 --top 5\n```\n\n"
        f"By hand it is `scripts/{noun}.py --since 14`. The script reads `{upper}_URL`, writes"
        f" `{noun}-report.json` and ends with exit code 3 without an address."
        f" The `{noun}-clerk` agent explains, and Claude can call the `find_{noun}` tool."
        f" A `PostToolUse` hook runs the script. `max_{noun}s` is 40.\n\n## Limits\n\n"
        "It needs Python 3.11, answers within 20 seconds and keeps 30 days."
        " See https://forge.io/depot.\n"
    )
    return files, text


def render(result: dict[str, Any]) -> str:
    rows = [f"| {kind} | {n} of {of} |" for kind, (n, of) in result["by_kind"].items()]
    return "\n".join(
        [
            f"{result['documents']} true documents: {len(result['false_errors'])} false errors,"
            f" {result['ms_per_document']} ms each. {result['caught']:,} of {result['planted']:,}"
            f" planted falsehoods caught ({result['rate']} %).\n",
            "| kind | caught |",
            "|---|---|",
            *rows,
            *_rendered(result.get("people") or {}),
        ]
    )


def _rendered(people: Mapping[str, Any]) -> list[str]:
    if not people.get("documents"):
        return []
    return [
        f"\n{people['documents']:,} documents that people keep, each in its own plugin:"
        f" {people['with_error']:,} have an error, true ones included.\n",
        "| gate | documents with an error |",
        "|---|---|",
        *(f"| {gate} | {n} |" for gate, n in people["gates"].items()),
    ]
