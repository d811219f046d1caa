"""The two phases, offline; what the plan composed to measure it, the run does not compose again."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

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

    def knows(self, request: Request) -> bool:
        """Is it composed already?"""
        if request.phase == "analysis":
            return _key_of_analysis(request.material.anatomy) in _texts
        return _key_of(request.material) in _texts

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
        _key_of_analysis(anatomy),
        lambda: json.dumps(analyse(anatomy), ensure_ascii=False, indent=1),
    )


def _key_of_analysis(anatomy: Anatomy) -> str:
    return fingerprint.digest("analysis", *_parts(anatomy))


def _body(material: Material) -> str:
    return _once(_key_of(material), lambda: body(material))


def _key_of(material: Material) -> str:
    bare = replace(material.anatomy, files=(), components=(), facts=())
    rest = replace(material, analysis=None, anatomy=bare)
    ingredients = (fingerprint.canonical(material.analysis), repr(rest), *_parts(material.anatomy))
    return fingerprint.digest("body", *ingredients)


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
        text = _texts.get(key)
        if text is not None:
            _texts.move_to_end(key)
    if text is None:
        text = make()
        take_in({key: text})
    if (noted := _noted.get()) is not None:
        noted[key] = text
    return text


def take_in(texts: Mapping[str, str]) -> None:
    """Texts that were composed elsewhere, as `noting` gave them."""
    with _guard:
        _texts.update(texts)
        while len(_texts) > _MOST:
            _texts.popitem(last=False)


@contextmanager
def noting() -> Iterator[dict[str, str]]:
    """What this thread is told meanwhile, by the keys of all that it is made from."""
    noted: dict[str, str] = {}
    token = _noted.set(noted)
    try:
        yield noted
    finally:
        _noted.reset(token)


_noted: ContextVar[dict[str, str] | None] = ContextVar("noted", default=None)
