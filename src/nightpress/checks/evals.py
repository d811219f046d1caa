"""What is no document but data for those who try a skill: cases (`evals/evals.json`) and requests
that should, or should not, load it. The form is that of the Agent Skills guides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from nightpress.checks.document import Document
from nightpress.checks.gate import Context, Options, Spot
from nightpress.model import DATA

ASKED = frozenset({
    "size-window", "finish-reason", "evals-form", "characters-hidden", "characters-encoding",
    "command-exists", "agent-exists", "skill-exists", "placeholder", "prompt-echo", "secret",
    "instruction-echo", "byte-order-mark", "line-ends", "final-newline",
})  # fmt: skip
"""Gates that are asked of data; the others are about Markdown."""


def evals_form(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """Data of a generator's `format: evals` or `queries` is JSON of that form: cases with id,
    prompt and expected_output, or queries with should_trigger; so many of them at least."""
    if context.format not in DATA:
        return
    try:
        value = json.loads(document.text)
    except (ValueError, RecursionError) as error:
        yield Spot(f"not JSON: {error}"[:200], 1, 1, "answer with JSON only")
        return
    faults = _queries(value) if context.format == "queries" else _cases(value)
    yield from (Spot(fault, 1, 1) for fault in faults)
    rows = value if isinstance(value, list) else value.get("evals") if _is(value, dict) else None
    least = int(options["least"]) if context.format == "queries" else 1
    if isinstance(rows, list) and len(rows) < least:
        yield Spot(f"{len(rows)} of at least {least}", 1, 1, "add more, or none at all")


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind)


def _queries(value: Any) -> Iterator[str]:
    if not _is(value, list):
        yield "it is not a list of queries"
        return
    seen: set[str] = set()
    for number, row in enumerate(value, 1):
        if not (_is(row, dict) and row.keys() == {"query", "should_trigger"}):
            yield f"query {number} has other keys than query and should_trigger"
        elif not (_is(row["query"], str) and _is(row["should_trigger"], bool)):
            yield f"query {number}: query must be text, should_trigger true or false"
        elif row["query"].lower() in seen:
            yield f"query {number} is there twice"
        else:
            seen.add(row["query"].lower())
    if seen and not any(_is(row, dict) and row.get("should_trigger") is True for row in value):
        yield "no query should load the skill"


def _cases(value: Any) -> Iterator[str]:
    rows: Any = value.get("evals") if _is(value, dict) else None
    if not _is(rows, list) or not _is(value.get("skill_name"), str):
        yield "it lacks skill_name or the list of evals"
        return
    for number, row in enumerate(rows, 1):
        if not _is(row, dict) or not _is(row.get("id"), int):
            yield f"case {number} has no numeric id"
            continue
        if missing := [k for k in ("prompt", "expected_output") if not _is(row.get(k), str)]:
            yield f"case {number} has no {' and no '.join(missing)}"
        for key in ("files", "assertions"):
            if not all(_is(one, str) for one in row.get(key) or ()):
                yield f"case {number}: {key} must be text"
    ids = [row.get("id") for row in rows if _is(row, dict)]
    if len(set(map(str, ids))) < len(ids):
        yield "two cases have the same id"
