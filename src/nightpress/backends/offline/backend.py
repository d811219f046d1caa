"""The two phases, offline."""

from __future__ import annotations

import json
from dataclasses import replace

from nightpress import compose
from nightpress.backends.offline.analysing import analyse
from nightpress.backends.offline.composing import body
from nightpress.model import BackendKind, Material, Reply, Request


class Offline:
    """A model.Backend that asks nobody."""

    name = "offline"
    kind: BackendKind = "offline"

    def ask(self, request: Request) -> Reply:
        """The analysis as JSON, or the document's body; repair gives the same body again."""
        if request.phase == "analysis":
            text = json.dumps(analyse(request.material.anatomy), ensure_ascii=False, indent=1)
        else:
            text = body(request.material)
        return Reply(text=text, model="offline")

    def close(self) -> None:
        """Nothing is held."""


def extractable(material: Material) -> int:
    """Bytes of the document that could be composed; under the window's minimum it is not made."""
    known = material
    if material.analysis is None:
        known = replace(material, analysis=analyse(material.anatomy))
    return len(compose.finished(known, body(known)).encode("utf-8"))
