"""A small backend as one would be added: its class, and its declaration. `BACKENDS["echo"] = ECHO`
is all that the rest needs. It asks nobody, but counts as a model: it has a key, a quota, a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from msgspec.structs import replace

from nightpress.backends.declaration import Access, Day, Declaration, Limits, Model, Price
from nightpress.errors import Answer, BackendError
from nightpress.model import Backend, BackendKind, Reply, Request


class Echo:
    """Says what the offline backend says, and counts the tokens of it."""

    name = "echo"
    kind: BackendKind = "model"

    def __init__(self, *, refuses: bool) -> None:
        from nightpress.backends.offline.backend import Offline

        self._offline = Offline()
        self._refuses = refuses

    def ask(self, request: Request) -> Reply:
        if self._refuses:
            raise BackendError(Answer("blocked", "the hall is closed", 200))
        reply = self._offline.ask(request)
        size = len(request.prompt) // 4, len(reply.text) // 4
        return replace(
            reply, model=request.model, tokens_in=size[0], tokens_out=size[1], http_status=200
        )

    def close(self) -> None:
        """Nothing is open."""


def _make(settings: Mapping[str, Any], environ: Mapping[str, str]) -> Backend:  # noqa: ARG001
    return Echo(refuses=bool(settings.get("refuses")))


ECHO = Declaration(
    name="echo",
    title="Echo",
    kind="model",
    make=_make,
    access=lambda settings: Access("the hall", ("ECHO_KEY",), bool(settings.get("grand"))),
    key="ECHO_KEY",
    auto=True,
    default_model="echo-1",
    models={"echo-1": Model(Limits(7, None, 90), True, ((date.max, Price(1.0, 2.0)),))},
    day=Day("Asia/Tokyo", "midnight in Tokyo"),
    advice={"blocked": "shout louder"},
    settings={
        "type": "object",
        "description": "How Echo is reached.",
        "additionalProperties": False,
        "properties": {
            "refuses": {"type": "boolean", "description": "Answers with a refusal."},
            "grand": {"type": "boolean", "description": "Through the great hall, for money."},
        },
    },
)
