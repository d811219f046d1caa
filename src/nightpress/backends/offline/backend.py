"""The two phases, offline; what the plan composed to measure it, the run does not compose again."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator

from msgspec.structs import replace

from nightpress import fingerprint
from nightpress.backends import finish
from nightpress.backends.offline.analyse import analyse
from nightpress.backends.offline.compose import body
from nightpress.model import Anatomy, BackendKind, Material, Reply, Request

_MOST = 1_000
"""Texts that are remembered: some 10 kB each."""

_texts: OrderedDict[str, str] = OrderedDict()
_guard = threading.Lock()


class Offline:
    """A model.Backend that asks nobody."""

    name = "offline"
    kind: BackendKind = "offline"

    def ask(self, request: Request) -> Reply:
        """The analysis as JSON, or the document's body; repair gives the same body again."""
        if request.phase == "analysis":
            text = _analysis(request.material.anatomy)
        else:
            text = _body(request.material)
        return Reply(text=text, model="offline")

    def close(self) -> None:
        """Nothing is held."""


def extractable(material: Material) -> int:
    """Bytes of the document that could be composed; under the window's minimum it is not made."""
    analysed = material
    if material.analysis is None:
        analysed = replace(material, analysis=json.loads(_analysis(material.anatomy)))
    return len(finish.finished(analysed, _body(analysed)).encode("utf-8"))


def _analysis(anatomy: Anatomy) -> str:
    return _once(
        fingerprint.digest("analysis", *_parts(anatomy)),
        lambda: json.dumps(analyse(anatomy), ensure_ascii=False, indent=1),
    )


def _body(material: Material) -> str:
    bare = replace(material.anatomy, files=(), components=(), facts=())
    rest = replace(material, analysis=None, anatomy=bare)
    ingredients = (fingerprint.canonical(material.analysis), repr(rest), *_parts(material.anatomy))
    return _once(fingerprint.digest("body", *ingredients), lambda: body(material))


def _parts(anatomy: Anatomy) -> Iterator[str]:
    """All that the anatomy says, each file by its digest where it has one."""
    yield from (anatomy.name, anatomy.description, anatomy.version, anatomy.author)
    yield repr(anatomy.keywords)
    for component in anatomy.components:
        yield from (component.kind, component.name, component.path, component.description)
        yield fingerprint.canonical(component.meta)
    for file in anatomy.files:
        yield from (file.path, file.sha256 or file.text, str(file.truncated))
    yield repr(anatomy.facts)


def _once(key: str, make: Callable[[], str]) -> str:
    """The text under a key that says everything that it is made from."""
    with _guard:
        if (text := _texts.get(key)) is not None:
            _texts.move_to_end(key)
            return text
    text = make()
    with _guard:
        _texts[key] = text
        if len(_texts) > _MOST:
            _texts.popitem(last=False)
    return text
