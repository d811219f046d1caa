"""The world of the engines' benchmarks: a Gemini that knows who was asked for, and the accounts."""

from __future__ import annotations

import hashlib
import json
import random
import re
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.gemini_server import Call, GeminiServer, Limits
from tests.gemini_server import replies as gemini
from tests.market import Market
from tests.market import plugin as make_plugin

PLUGIN = re.compile(r"plugin-\d{5}")
Key = tuple[str, str]
"""Whose call it is: the plugin, and the phase as the server tells it."""


class Counted(GeminiServer):
    """Its answer to a question is always the same; it knows for which plugin each call was."""

    def __init__(self, latency: float, rpm: int | None = None) -> None:
        super().__init__(latency=latency, limits={"*": Limits(rpm=rpm)})
        self.plugins: dict[str, str] = {}
        asked = self.service._asked

        def noted(call: Call, target: Any, request: Mapping[str, Any]) -> Call:
            call = asked(call, target, request)
            named = Counter(PLUGIN.findall(gemini.texts(request["contents"])))
            self.plugins[call.prompt_sha256] = named.most_common(1)[0][0]
            return call

        self.service._asked = noted  # type: ignore[method-assign]
        self.service._plan.draw = _same  # type: ignore[method-assign]

    def environment(self) -> dict[str, str]:
        return {"GOOGLE_GEMINI_BASE_URL": self.url(), "GEMINI_API_KEY": "test-key"}

    def asked(self) -> Counter[Key]:
        """The calls that arrived here, by plugin and phase."""
        return Counter((self.plugins[call.prompt_sha256], call.phase) for call in self._made())

    def repeated(self) -> list[tuple[Key, int]]:
        """Whose question came how often, for each that came more than once."""
        each = Counter((call.prompt_sha256, call.phase) for call in self._made())
        return [((self.plugins[sha], phase), n) for (sha, phase), n in each.items() if n > 1]

    def _made(self) -> list[Call]:
        return [call for call in self.service.calls() if call.method == "generateContent"]


def _same(digest: str) -> tuple[None, random.Random]:
    return None, random.Random(digest)


@dataclass(frozen=True)
class Accounts:
    """Each call of the server beside the ledger's rows. without_row: calls of which no row tells;
    never_arrived: rows that say lost, of calls that the server never saw; unexplained: other rows
    without a call; twice: questions that were asked again although no row says lost; again: those
    that one run asked again after it had lost them; torn: documents that are not what lock file and
    ledger say; missing: of plugins, without a document."""

    server: int
    rows: int
    lost: int
    without_row: int
    never_arrived: int
    unexplained: int
    twice: int
    again: int
    torn: int
    missing: int
    temporary: int

    @property
    def wrong(self) -> bool:
        return bool(
            self.without_row or self.unexplained or self.twice or self.again or self.torn
            or self.missing or self.temporary
        )  # fmt: skip


def accounts(market: Market, server: Counted) -> Accounts:
    asked, rows, lost = server.asked(), Counter[Key](), Counter[Key]()
    for job, phase, outcome in market.rows("SELECT job, phase, outcome FROM calls"):
        slug = str(job).partition("/")[0]
        key = (slug, "analysis" if phase == "analysis" else "generation")
        rows[key] += 1
        lost[key] += outcome == "lost"
    over = rows - asked
    never = sum(min(count, lost[key]) for key, count in over.items())
    again = market.rows(
        "SELECT count(*) FROM calls a JOIN calls b ON a.prompt_sha256 = b.prompt_sha256 AND"
        " a.run_id = b.run_id AND b.id > a.id WHERE a.outcome = 'lost'"
    )[0][0]
    torn, missing = _documents(market)
    return Accounts(
        server=asked.total(),
        rows=rows.total(),
        lost=lost.total(),
        without_row=(asked - rows).total(),
        never_arrived=never,
        unexplained=over.total() - never,
        twice=sum(max(0, count - 1 - lost[key]) for key, count in server.repeated()),
        again=int(str(again)),
        torn=torn,
        missing=missing,
        temporary=len(list(market.root.rglob(".*nightpress*.tmp"))),
    )  # fmt: skip


def _documents(market: Market) -> tuple[int, int]:
    """(not what ledger and lock file say, not there)"""
    torn = missing = 0
    lines = (market.root / "nightpress.lock").read_text()
    published = dict(
        market.rows(
            "SELECT target_path, content_sha256 FROM enhancements WHERE status = 'published'"
            " ORDER BY id"
        )
    )
    for folder in (market.root / "plugins").iterdir():
        path = folder / "skills" / folder.name / "SKILL.md"
        if not path.is_file():
            missing += 1
            continue
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        said = published.get(path.relative_to(market.root).as_posix())
        torn += said != sha256 or sha256 not in lines
    return torn, missing


def plugins(root: Path, count: int, size: int) -> None:
    for number in range(count):
        make_plugin(root, f"plugin-{number:05}", size=size)


def settings(market: Market, **values: object) -> None:
    """Settings of the whole project, in the place of those that stand there."""
    path = market.root / "manifests" / "_defaults.yaml"
    kept = [line for line in path.read_text().splitlines() if line.partition(":")[0] not in values]
    rows = [f"{name}: {json.dumps(value)}" for name, value in values.items()]
    path.write_text("\n".join([*kept, *rows]) + "\n")


def documents(market: Market) -> str:
    """One digest of all documents."""
    total = hashlib.sha256()
    for path in sorted(market.root.rglob("SKILL.md")):
        total.update(f"{path.relative_to(market.root)}\0".encode() + path.read_bytes())
    return total.hexdigest()


def recorded(market: Market) -> int:
    """Calls on record; 0 while there is no ledger."""
    if not (market.root / ".nightpress" / "ledger.db").exists():
        return 0
    try:
        return int(str(market.rows("SELECT count(*) FROM calls")[0][0]))
    except sqlite3.Error:  # it is being made
        return 0
