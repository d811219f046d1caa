"""Who is asked, and when: the run's first call goes alone, and a spent model gives way.

Floor 3.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from nightpress.model import Backend, BackendKind, Reply, Request


class First(Struct):
    """Lets the first who comes pass, and the others when that one was answered."""

    taken: bool = False
    open: threading.Event = field(default_factory=threading.Event)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, stop: threading.Event) -> None:
        with self.guard:
            leads, self.taken = not self.taken, True
        while not leads and not stop.is_set() and not self.open.wait(0.1):
            pass

    def answered(self) -> None:
        self.open.set()


class Routed:
    """A backend that asks the model of the reservation in use (the last of `held`)."""

    kind: BackendKind

    def __init__(self, backend: Backend, held: Sequence[Any]) -> None:
        self.backend = backend
        self.held = held
        self.name = backend.name
        self.kind = backend.kind

    def ask(self, request: Request) -> Reply:
        return self.backend.ask(replace(request, model=asked(self.held, request.model)))

    def close(self) -> None:
        self.backend.close()


def asked(held: Sequence[Any], model: str) -> str:
    """The model of the reservation in use (the last one); `model` where there is none."""
    return str(held[-1].model) if held and held[-1] is not None else model
