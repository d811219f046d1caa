"""Each backend with a local server that speaks its protocol (the command is a program), set up for
one project: `with WRITERS["openai"](market) as (words, environ): market.done(*words, **environ)`.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from tests.chat_server import ChatServer
from tests.gemini_server import GeminiServer, Limits
from tests.market import Market

Environ = dict[str, str]


def configure(market: Market, text: str) -> None:
    path = market.root / "manifests" / "_defaults.yaml"
    path.write_text(f"{path.read_text()}\n{text}\n")


@contextmanager
def _gemini(market: Market, **settings: Any) -> Iterator[tuple[list[str], Environ]]:
    with GeminiServer(limits={"*": Limits()}, **settings) as server:
        configure(market, f"base_url: {server.url()}")
        yield ["backend=gemini"], {"GEMINI_API_KEY": "test-key"}


def _chat(name: str, path: str) -> Callable[..., Any]:
    @contextmanager
    def opened(market: Market, **settings: Any) -> Iterator[tuple[list[str], Environ]]:
        with ChatServer(**settings) as server:
            configure(market, f"base_url: {server.url()}{path}")
            yield [f"backend={name}", "model=qwen3:8b"], {}

    return opened


@contextmanager
def _command(market: Market) -> Iterator[tuple[list[str], Environ]]:
    scribe = Path(__file__).parent / "backends" / "scribe.py"
    run = json.dumps([sys.executable, str(scribe)])
    configure(market, f"command: {{run: {run}, reply: said.text, unsafe_tools: accepted}}")
    yield ["backend=command"], {}


@contextmanager
def _replay(market: Market) -> Iterator[tuple[list[str], Environ]]:
    """What OpenAI's protocol said to a copy of the project."""
    copy = Market(market.root.parent / "recorded")
    shutil.copytree(market.root, copy.root)
    with WRITERS["openai"](copy) as (words, environ):
        built = copy.doit(*words, "pace=unpaced", **environ)
        assert built.code in (0, 1), built.out + built.err  # 1: a draft was refused
    assert copy.run("nightpress", "record", str(market.root.parent / "replies")).code == 0
    yield [f"backend=replay:{market.root.parent / 'replies'}"], {}


WRITERS: dict[str, Callable[..., AbstractContextManager[tuple[list[str], Environ]]]] = {
    "gemini": _gemini,
    "openai": _chat("openai", "/v1"),
    "anthropic": _chat("anthropic", ""),
    "command": _command,
    "replay": _replay,
}


def outcome(market: Market) -> dict[str, Any]:
    """What each run must come to, whoever wrote."""
    report = json.loads((market.root / ".nightpress" / "report" / "report.json").read_text())
    return {
        "attempts": market.rows("SELECT job, status FROM enhancements ORDER BY job"),
        "calls": market.rows("SELECT job, phase, outcome, http_status, attempt FROM calls"
                             " ORDER BY job, phase"),
        "standing": report["standing"],
        "attempted": report["attempts"],
        "phases": {one["phase"]: one["n"] for one in report["phases"]},
        "replies": sum(day["replies"] for day in report["call_days"]),
    }  # fmt: skip
