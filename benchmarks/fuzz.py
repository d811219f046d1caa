"""Every parser of what strangers write, fed with broken inputs: nothing but known errors comes out.

A target takes a text and may raise only what it is documented to raise. Inputs are made by mutating
samples (cut, doubled, spliced, nested, odd characters), by seed: `--seconds` for each target
(default 5; `.ci/nightly` takes 60), or `--inputs`; `--target NAME` for one. tests/test_fuzz.py gives
the same targets to Hypothesis. What was found is listed with its input, and ends in status 1.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from nightpress.backends import finish
from nightpress.backends.gemini import answers
from nightpress.checks import alone, baseline, document, judge, redact
from nightpress.checks.secrets import find
from nightpress.errors import NightpressError
from nightpress.ledger import lockfile
from nightpress.model import Generator, Material, SourceFile, Window
from nightpress.plugin import anatomy, facts, frontmatter, yaml
from nightpress.project import (
    OPTIONS,
    bundled,
    check_analysis,
    discover,
    load_defaults,
    load_generator,
    load_manifest,
)
from nightpress.storage import hrana

Target = Callable[[str], object]


class Parser(NamedTuple):
    """feed: what is fuzzed; known: the errors that it may raise; samples: what inputs begin as."""

    feed: Target
    known: tuple[type[Exception], ...]
    samples: tuple[str, ...]


@cache
def _folder() -> Path:
    memory = Path("/dev/shm")  # noqa: S108 - three of the parsers read files: as fast as can be
    root = Path(
        tempfile.mkdtemp(prefix="nightpress-fuzz-", dir=memory if memory.is_dir() else None)
    )
    (root / "manifests").mkdir()
    (root / ".claude-plugin").mkdir()
    (root / "plugins" / "a" / "commands").mkdir(parents=True)
    (root / "generators" / "a").mkdir(parents=True)
    for name in ("prompt.md.j2", "system.md"):
        (root / "generators" / "a" / name).write_text("Write.\n")
    return root


def _written(path: str, text: str) -> Path:
    try:
        data = text.encode("utf-8", "surrogateescape")  # bytes that are no UTF-8, too
    except UnicodeEncodeError:
        data = text.encode("utf-8", "replace")
    file = _folder() / path
    file.write_bytes(data)
    return file


def marketplace(text: str) -> object:
    _written(".claude-plugin/marketplace.json", text)
    found = discover.discover(_folder())
    bugs = [notice for notice in found.notices if "a bug of nightpress" in notice]
    if bugs:  # the boundary has caught it, and it is a bug all the same
        raise AssertionError(bugs[0])
    return discover.listed_folders(_folder(), ".")


def plugin_json(text: str) -> object:
    built = anatomy.build([SourceFile(".claude-plugin/plugin.json", text, len(text))], "a")
    anatomy.wrong_json(text)
    return facts.collect(built)


def sources(text: str) -> object:
    files = [
        SourceFile(path, text, len(text))
        for path in ("README.md", "commands/a.md", "hooks/hooks.json", ".mcp.json", "scripts/x.py",
                     "skills/a/SKILL.md", "package.json", "agents/b.md")
    ]  # fmt: skip
    return facts.collect(anatomy.build(files, "a"))


def manifest(text: str) -> object:
    defaults, _ = load_defaults(_folder() / "none")
    return load_manifest(_written("manifests/a.yaml", text), defaults)


def defaults(text: str) -> object:
    _written("manifests/_defaults.yaml", text)
    return load_defaults(_folder())


def generator(text: str) -> object:
    return load_generator(_written("generators/a/generator.yaml", text).parent)


def options(text: str) -> object:
    for option in OPTIONS.values():
        with suppress(ValueError):  # what was expected
            option.read(text)
    return None


def known_findings(text: str) -> object:
    return baseline.load(text)


def yaml_text(text: str) -> object:
    return yaml.load(text)


def block(text: str) -> object:
    parts = frontmatter.split(text)
    if parts.raw is None:
        return parts
    frontmatter.parse(parts.raw)
    return frontmatter.amend(parts.raw, {"name": "a", "description": "Reads: 'a' # b"})


def markdown(text: str) -> object:
    return document.parse(text)


def gates(text: str) -> object:
    return judge(text, alone("skills/a/SKILL.md", frozenset({"skills/a/SKILL.md"})))


def lock(text: str) -> object:
    return lockfile.read(_written("nightpress.lock", text))


def reply(text: str) -> object:
    outcome = answers.of_body(text)
    generator = Generator("skill", "", "T", "skills/{skill}/SKILL.md", "", "", "", (), "skill")
    material = Material(
        anatomy=anatomy.build([], "a"), analysis={"description": text[:300]}, standing=text,
        generator=generator, target="skills/a/SKILL.md", window=Window(),
    )  # fmt: skip
    finish.finished(material, outcome.text or text)
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = text
    told = answers.of_error(429, body, text[:20])
    counts = (outcome.tokens_in, outcome.tokens_out, told.limit or 0, told.wait or 0)
    assert all(0 <= one < 2**53 for one in counts), "no database holds such a number"
    f"{outcome}{told}".encode()  # nor half a character
    return told


def analysis(text: str) -> object:
    return check_analysis(finish.unwrap(text), _schema())


@cache
def _schema() -> str:
    return (bundled("schemas") / "analysis.json").read_text()


def vault(text: str) -> object:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return hrana._rows(answer, 0, 0, "far.example")


def secrets(text: str) -> object:
    left, _ = redact(text)
    assert not [*find(left)], "a second look found more"
    return left


_MARKET = json.dumps({"name": "m", "metadata": {"pluginRoot": "./plugins"}, "plugins": [
    {"name": "a", "source": "./plugins/a", "category": "x", "skills": ["./skills/x"]},
    {"name": "b", "source": {"source": "github", "repo": "x/y"}},
    {"name": "c", "source": {"source": "local", "path": "plugins/a"}}]})  # fmt: skip
_PLUGIN = json.dumps({"name": "a", "version": "1.0", "description": "Reads", "author": {"name": "N"},
    "keywords": ["a", "b"], "commands": ["./commands/a.md"], "hooks": {"PreToolUse": [{"matcher":
    "Bash", "hooks": [{"type": "command", "command": "x"}]}]}, "mcpServers": {"m": {"command": "n",
    "args": ["x"]}}})  # fmt: skip
_MANIFEST = (
    "name: A\nplugin: plugins/a\nsettings: {a: [1, 2.5, null]}\nenhancements:\n  skill:\n"
    "    generator: skill\n    target: skills/a/SKILL.md\n    size: {min: 10, max: 90}\n"
    "    checks: {ending: false}\n"
)
_DEFAULTS = (
    "marketplace: .\nignore: ['*.bak']\nenhancements: [skill]\nsize:\n  min: 8000\n  max: 14000\n"
    "backend: auto\nchecks:\n  ending: false\nnotify:\n  command: [a, b]\n"
)
_GENERATOR = (
    "title: T\nsummary: s\ntarget: skills/{skill}/x.md\nneeds: [reference]\nfrontmatter: skill\n"
    "min_source_bytes: {offline: window, model: 1500}\nsize: {min: 10, max: 90}\noutline:\n"
    "  - for: what\n    title: When\n    headings: [a, b]\n    takes: [choice]\nchecks: {ending: 1}\n"
)
_BASELINE = json.dumps({"nightpress-baseline": 1, "findings": [["a", "b", "c", "d" * 64]]})
_OPTIONS = ("1", "auto", "gemini-2.5-pro", "10_000", "2.50", "06:00", "unpaced")
_DOCUMENT = (
    "---\nname: a\ndescription: >-\n  Reads ledgers. Use when one is to be read.\nallowed-tools:\n"
    "  - Bash(x:*)\nmetadata: {a: 'b', \"c\": 1}\n---\n\n# A\n\nText with `code`, a [link](b.md) and"
    ' <b>html</b>.\n\n| a | b |\n|---|---|\n| 1 | `2` |\n\n```bash\nrun --flag "$1" | tee x\n```\n\n'
    "1. One\n   - two\n\n> quote\n\nKEY=sk-ant-api03-abc password: hunter2 https://a:b@c/d\n"
)
_LOCK = '{"nightpress.lock":1}\n' + json.dumps(
    {"job": "a/skill", "target": "plugins/a/skills/a/SKILL.md", "sha256": "a" * 64,
     "status": "published", "writer": "offline", "content": "b" * 64, "generator": "c" * 64,
     "schemas": "d" * 64, "settings": "e" * 64, "model": "f" * 64}, separators=(",", ":")
) + "\n"  # fmt: skip
_REPLY = json.dumps({"candidates": [{"content": {"parts": [{"text": "# A\n\nText."}, {"thought": True,
    "text": "x"}]}, "finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 5,
    "candidatesTokenCount": 7}, "modelVersion": "m"})  # fmt: skip
_ERROR = json.dumps({"error": {"code": 429, "message": "Please retry in 7.5s", "status": "X",
    "details": [{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId":
    "GenerateRequestsPerMinute", "quotaValue": "15"}]}, {"@type": "RetryInfo", "retryDelay": "7s"}]}}
)  # fmt: skip
_ANALYSIS = json.dumps({"purpose": "p", "audience": "a", "description": "d. Use when x.",
    "triggers": ["a"], "capabilities": [{"name": "n", "summary": "s"}]})  # fmt: skip
_HRANA = (
    '{"results":[{"type":"ok","response":{"type":"batch","result":{"step_results":[{"cols":[],'
    '"rows":[[{"type":"integer","value":"9"},{"type":"blob","base64":"YQ"},{"type":"null"}]]}],'
    '"step_errors":[null]}}}]}'
)
_REFUSED = (
    '{"results":[{"type":"error","error":{"message":"x","code":"SQLITE_BUSY"}},{"type":"ok"}]}'
)


def _also_json(text: str) -> tuple[str, str]:
    """YAML as it is, and as JSON, whose values are exchanged for others one by one."""
    return text, json.dumps(yaml.load(text).value)


PARSERS: Mapping[str, Parser] = {
    "marketplace": Parser(marketplace, (), (_MARKET,)),
    "plugin.json": Parser(plugin_json, (), (_PLUGIN,)),
    "sources": Parser(sources, (), (_PLUGIN, _DOCUMENT)),
    "manifest": Parser(manifest, (), _also_json(_MANIFEST)),
    "defaults": Parser(defaults, (), _also_json(_DEFAULTS)),
    "generator": Parser(generator, (), _also_json(_GENERATOR)),
    "options": Parser(options, (), _OPTIONS),
    "baseline": Parser(known_findings, (NightpressError,), (_BASELINE,)),
    "YAML": Parser(yaml_text, (yaml.YamlError,), (_MANIFEST, _DEFAULTS, _DOCUMENT)),
    "frontmatter": Parser(block, (frontmatter.FrontmatterError,), (_DOCUMENT,)),
    "Markdown": Parser(markdown, (), (_DOCUMENT,)),
    "gates": Parser(gates, (), (_DOCUMENT,)),
    "lock file": Parser(lock, (NightpressError,), (_LOCK,)),
    "replies": Parser(reply, (), (_REPLY, _ERROR, _DOCUMENT)),
    "analyses": Parser(analysis, (), (_ANALYSIS, f"```json\n{_ANALYSIS}\n```")),
    "Hrana": Parser(vault, (NightpressError,), (_HRANA, _REFUSED)),
    "secrets": Parser(secrets, (), (_DOCUMENT, "API_KEY=a8Kd92mXq71LzPw04RtYv6BnHs35JcUe\n")),
}

ODD = (
    "\0", "\ud800", "\udcff", "\u202e", "\ufeff", "\r", "\r\n", "\n---\n", "\n...\n", "{{", "}}", "[",
    "]", "{", "}", '"', "'", "`", "```", "~~~", "<!--", "-->", "&a *a", "!!python/object:x ", "|", ">",
    ":", ": ", "- ", "#", "\t", "\\", "\\u0000", "\\ud800", "null", "true", "1e999", "-1", "NaN",
    "9" * 400, "0x", ".inf", "2026-13-45", "%", "@", "é", "İ", "ß", "\U0001d4b3", "\u2028", "[[" * 50, "((" * 50,
    "**" * 30, "> " * 40, "a" * 300, "{}", "[]", "[1]", '{"a":1}', "on", "~", "<<: *x", "? ", "=", ",",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1e308, 10**400, "", "x", "\0", "x" * 300, [], {}, [[]], {"a": {}},
    ["github"], {"source": ["x"]}, "../..", "/etc/passwd", "\ud800",
)  # fmt: skip


def mutated(sample: str, rng: random.Random) -> str:
    """The sample with one to six things wrong with it."""
    text = sample
    if rng.random() < 0.7 and text.startswith("{"):
        try:
            text = json.dumps(_changed(json.loads(text), rng), ensure_ascii=rng.random() < 0.5)
        except ValueError:
            text = sample
    for _ in range(rng.choice((0, 0, 1, 3)) if text is not sample else rng.randint(1, 6)):
        at, size = rng.randint(0, len(text)), rng.randint(1, 20)
        match rng.randint(0, 6):
            case 0:
                text = text[:at] + text[at + size :]
            case 1:
                text = text[:at] + rng.choice(ODD) + text[at:]
            case 2:
                text = (
                    text[:at] + text[at : at + size] * rng.choice((2, 3, 200)) + text[at + size :]
                )
            case 3:
                text = text[:at]
            case 4:
                other = rng.randint(0, len(text))
                text = text[:at] + text[other : other + size] + text[at:]
            case 5:
                text = (
                    text[:at]
                    + chr(rng.choice((rng.randint(0, 127), rng.randint(0, 0x10FFFF))))
                    + text[at + 1 :]
                )
            case 6:
                text = rng.choice("[{(<`*>-") * rng.choice((1, 90, 3_000)) + text
        text = text[:40_000]
    return text


def _changed(value: Any, rng: random.Random) -> Any:
    """A JSON value with one part of it replaced by one of another kind."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        key = rng.choice(list(value))
        return {**value, key: _changed(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        return [*value[:at], _changed(value[at], rng), *value[at + 1 :]]
    return rng.choice(VALUES)


def tried(parser: Parser, text: str) -> Exception | None:
    """The error that it should not have raised, if any."""
    try:
        parser.feed(text)
    except parser.known:
        return None
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return error
    return None


def main(argv: list[str]) -> dict[str, Any]:
    """One object: target -> inputs, seconds, found; seed; inputs in all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--inputs", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", choices=list(PARSERS))
    args = parser.parse_args(argv)
    chosen = [args.target] if args.target else list(PARSERS)
    targets = {name: _fuzzed(name, args.seed, args.seconds, args.inputs) for name in chosen}
    total = sum(found["inputs"] for found in targets.values())
    return {"seed": args.seed, "inputs": total, "targets": targets}


def _fuzzed(name: str, seed: int, seconds: float, inputs: int) -> dict[str, Any]:
    rng, parser = random.Random(f"{seed} {name}"), PARSERS[name]
    begin, count, slowest = time.monotonic(), 0, 0.0
    found: dict[str, str] = {}
    while count < inputs if inputs else time.monotonic() - begin < seconds:
        text = mutated(rng.choice(parser.samples), rng)
        started = time.perf_counter()
        error = tried(parser, text)
        slowest = max(slowest, time.perf_counter() - started)
        count += 1
        if error is not None:
            found.setdefault(f"{type(error).__name__}: {str(error)[:120]}", text[:2_000])
    spent = round(time.monotonic() - begin, 1)
    return {"inputs": count, "seconds": spent, "slowest": round(slowest, 2), "found": found}


def failed(result: Mapping[str, Any]) -> bool:
    """Was anything found? Then the command ends with status 1."""
    return any(one["found"] for one in result["targets"].values())


def render(result: Mapping[str, Any]) -> str:
    """The result as Markdown."""
    lines = ["| parser | inputs | slowest input | found |", "|---|---|---|---|"]
    for name, one in result["targets"].items():
        lines.append(f"| {name} | {one['inputs']:,} | {one['slowest']} s | {len(one['found'])} |")
    lines += ["", f"{result['inputs']:,} inputs, seed {result['seed']}."]
    for name, one in result["targets"].items():
        lines += [f"- {name}: {error} <- {text[:300]!r}" for error, text in one["found"].items()]
    return "\n".join(lines)
