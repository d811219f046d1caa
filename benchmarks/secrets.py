"""The secret detector: what it catches of 260 kinds in six positions, and what it takes for one.

A kind is caught in a position if nothing of its value is left after redaction. False alarms are
counted over texts that only look alike, and over real documents: --documents FOLDER (each *.md
below it; or NIGHTPRESS_PEOPLE). --missed lists what got through.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import _credentials as credentials
from nightpress.checks import redact

HOSTILE = (
    "token", "password=", "-----BEGIN PRIVATE KEY-----\n", "://a:", "curl -u ", "eyJ", "a1/", "0x",
    "key=a1b2c3d4e5f6g7 ", "machine a login b ", "seed phrase: abcd ", "docker login ", "$1$",
)  # fmt: skip
HOSTILE_BYTES = 256 * 1024
POSITIONS = ("prose", "code block", "YAML or JSON", "environment", "URL", "comment")
BEFORE = "# Deploying\n\nHow the nightly job reaches the service, step by step.\n\n"
AFTER = "\n\nThen run the job and read its log. Nothing else is needed.\n"


class Case(NamedTuple):
    set: str
    kind: str
    position: str
    text: str
    secret: tuple[str, ...]  # of which nothing may be left


def _camel(label: str) -> str:
    first, *rest = label.split()
    return first + "".join(word.capitalize() for word in rest)


def _snake(label: str) -> str:
    return label.replace(" ", "_")


Render = Callable[[str, str, random.Random], str]
RENDER: Mapping[str, tuple[Render, ...]] = {
    "prose": (
        lambda label, value, _: f"Our {label} is {value} and it is valid until spring.",
        lambda label, value, _: f"For the {label} use `{value}`.",
        lambda label, value, _: f"- {label}: {value}",
        lambda label, value, _: f"| {label} | `{value}` |",
    ),
    "code block": (
        lambda label, value, _: f'```python\n{_snake(label)} = "{value}"\nrun()\n```',
        lambda label, value, _: f"```js\nconst {_camel(label)} = '{value}';\n```",
        lambda label, value, _: (
            f'```python\nclient = Client({_snake(label)}="{value}", retries=2)\n```'
        ),
        lambda label, value, _: f"```bash\nacme --{label.replace(' ', '-')} {value} sync\n```",
    ),
    "YAML or JSON": (
        lambda label, value, _: f'```json\n{{"region": "eu", "{_camel(label)}": "{value}"}}\n```',
        lambda label, value, _: f"```yaml\nservice:\n  {_snake(label)}: {value}\n```",
        lambda label, value, _: (
            f'```yaml\nenv:\n  - name: {_snake(label).upper()}\n    value: "{value}"\n```'
        ),
    ),
    "environment": (
        lambda label, value, _: f"{_snake(label).upper()}={value}",
        lambda label, value, _: f"export {_snake(label).upper()}='{value}'",
        lambda label, value, _: f'docker run -e {_snake(label).upper()}="{value}" acme/app',
    ),
    "URL": (
        lambda label, value, _: f"https://api.acme.dev/v1/items?{_snake(label)}={value}&page=2",
        lambda label, value, _: (
            f"See <https://api.acme.dev/v1/items?page=2&{_snake(label)}={value}>."
        ),
    ),
    "comment": (
        lambda label, value, _: f"```bash\nrun.sh  # {label}: {value}\n```",
        lambda label, value, _: f"```js\n// {_snake(label).upper()}={value}\nrun();\n```",
        lambda label, value, _: f"<!-- {label} {value} -->",
        lambda label, value, _: f'```py\n# {_snake(label)} = "{value}"\n```',
    ),
}
FORM: Mapping[str, Callable[[str], str]] = {
    "prose": lambda text: f"Note what we use:\n\n{text}\n",
    "code block": lambda text: f"```\n{text}\n```",
    "YAML or JSON": lambda text: (
        "```yaml\nnote: |\n" + "".join(f"  {line}\n" for line in text.split("\n")) + "```"
    ),
    "comment": lambda text: "```sh\n" + "".join(f"# {x}\n" for x in text.split("\n")) + "```",
}


def cases(seed: int) -> Iterator[Case]:
    """Each kind in each position, in a way of writing chosen by the seed."""
    rng = random.Random(seed)
    for name, kinds in (("published", credentials.PUBLISHED), ("held out", credentials.HELD_OUT)):
        for kind in kinds:
            for position in POSITIONS:
                value = credentials.make(kind.pattern, rng)
                if position == "URL" and set(value) & set("#&?%^|+ "):
                    value = credentials.make(kind.pattern, rng).translate(
                        str.maketrans("#&?%^|+ ", "abcdefgh")
                    )
                text = rng.choice(RENDER[position])(kind.label, value, rng)
                yield Case(name, kind.name, position, BEFORE + text + AFTER, (value,))
    for form in credentials.FORMS:
        for position, render in FORM.items():
            text, secret = credentials.form_value(form, rng)
            yield Case("forms", form.name, position, BEFORE + render(text) + AFTER, (secret,))
    for name in credentials.BLOCKS:
        for position, render in FORM.items():
            text, lines = credentials.block(name, rng)
            yield Case("forms", name, position, BEFORE + render(text) + AFTER, tuple(lines))


def caught(case: Case) -> bool:
    """Nothing of the secret is left: not the whole, nor a third of it."""
    left, _ = redact(case.text)
    for secret in case.secret:
        size = max(6, len(secret) // 3)
        parts = {secret[i : i + size] for i in range(0, len(secret) - size + 1, size)}
        if secret in left or sum(part in left for part in parts) > len(parts) / 2:
            return False
    return True


def recall(seeds: range) -> tuple[dict[str, dict[str, float]], list[dict[str, str]]]:
    totals: dict[str, dict[str, list[bool]]] = {}
    missed = []
    for seed in seeds:
        for case in cases(seed):
            hit = caught(case)
            totals.setdefault(case.set, {}).setdefault(case.position, []).append(hit)
            if not hit:
                missed.append(
                    {
                        "set": case.set,
                        "kind": case.kind,
                        "position": case.position,
                        "text": case.text[len(BEFORE) : -len(AFTER)],
                    }
                )
    return {
        name: {position: round(100 * sum(hits) / len(hits), 2) for position, hits in found.items()}
        for name, found in totals.items()
    }, missed


def harmless(seed: int) -> list[str]:
    rng = random.Random(seed)
    told = []
    for pattern in credentials.HARMLESS:
        line = credentials.make(pattern, rng)
        for render in FORM.values():
            text = BEFORE + render(line) + AFTER
            if redact(text)[0] != text:
                told.append(line)
                break
    return told


def _documents(folder: Path) -> dict[str, Any]:
    """Documents with a finding, and how long they took."""
    told, count, size = [], 0, 0
    begin = time.perf_counter()
    for path in sorted(folder.rglob("*.md")):
        text = path.read_text("utf-8", "replace")
        count, size = count + 1, size + len(text)
        left, _ = redact(text)
        if left != text:
            told.append(str(path.relative_to(folder)))
    seconds = time.perf_counter() - begin
    return {
        "documents": count,
        "with_findings": len(told),
        "ms_per_document": round(1_000 * seconds / max(count, 1), 2),
        "megabytes_per_second": round(size / 1e6 / max(seconds, 1e-9), 2),
        "findings": told,
    }


def _hostile() -> dict[str, float]:
    """Seconds for a file of nothing but each piece: the most that a source may have."""
    times = {}
    for piece in HOSTILE:
        begin = time.process_time()
        redact(piece * (HOSTILE_BYTES // len(piece)))
        times[piece.strip()] = round(time.process_time() - begin, 2)
    return times


def main(argv: list[str]) -> dict[str, Any]:
    """One object: kinds, recall (set -> position -> per cent), missed, harmless, false_alarms, and
    `documents` where there are any."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks secrets", description=__doc__)
    parser.add_argument("--documents", type=Path, default=os.environ.get("NIGHTPRESS_PEOPLE"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5, help="seeds from --seed on")
    parser.add_argument("--missed", action="store_true")
    args = parser.parse_args(argv)
    found, missed = recall(range(args.seed, args.seed + args.rounds))
    result: dict[str, Any] = {
        "kinds": {
            "published": len(credentials.PUBLISHED),
            "held out": len(credentials.HELD_OUT),
            "forms": len(credentials.FORMS) + len(credentials.BLOCKS),
        },
        "rounds": args.rounds,
        "recall": found,
        "missed": missed if args.missed else len(missed),
        "harmless": len(credentials.HARMLESS),
        "false_alarms": harmless(args.seed),
        "hostile_seconds": _hostile(),
    }
    if args.documents:
        result["documents"] = _documents(args.documents)
    return result


def render(result: Mapping[str, Any]) -> str:
    """The result as Markdown."""
    head = "| set | kinds | " + " | ".join(POSITIONS) + " |"
    lines = [head, "|---|---|" + "---|" * len(POSITIONS)]
    for name, found in result["recall"].items():
        row = [f"{found[p]:.1f} %" if p in found else "" for p in POSITIONS]
        lines.append(f"| {name} | {result['kinds'][name]} | " + " | ".join(row) + " |")
    alarms = result["false_alarms"]
    lines += [
        "",
        f"Of {result['harmless']} texts that only look alike, {len(alarms)} were taken for one.",
    ]
    lines += [f"- `{line}`" for line in alarms]
    worst, seconds = max(result["hostile_seconds"].items(), key=lambda item: item[1])
    lines += [
        "",
        f"The slowest hostile file of {HOSTILE_BYTES // 1024} KiB (`{worst}` over and over)"
        f" takes {seconds} s.",
    ]
    if "documents" in result:
        found = result["documents"]
        lines += [
            "",
            f"Of {found['documents']} real documents, {found['with_findings']} had a finding"
            f" ({found['ms_per_document']} ms per document).",
        ]
        lines += [f"- {line}" for line in found["findings"]]
    if isinstance(result["missed"], list):
        lines += ["", "Missed:", ""]
        lines += [
            f"- {m['set']}, {m['kind']}, {m['position']}: {m['text']!r}" for m in result["missed"]
        ]
    return "\n".join(lines)
