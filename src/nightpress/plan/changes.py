"""What differs between what a document was made from and what there is now: the ingredients, the
files, in words.

Pure functions of values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from nightpress import fingerprint
from nightpress.model import Fingerprint, Reason
from nightpress.plan import content

if TYPE_CHECKING:
    from nightpress.plan.staleness import Inputs

NAMED = 3
"""Files that a reason names."""


def moved(
    before: Fingerprint, files: Mapping[str, str] | None, inputs: Inputs, writer: str = ""
) -> list[Reason]:
    """The ingredients that differ from those that something was made from, in words; files: path ->
    sha256 of its content, None if unknown; writer: who made it, in words."""
    reasons = []
    for name in ingredients(before, inputs, writer):
        if name == "content":
            if files is not None and not differences(files, inputs):
                continue
            reasons.append(Reason("content", _content_words(files, inputs)))
        elif name == "model":
            reasons.append(Reason("model", f"model changed: {writer} -> {inputs.writer}"))
        else:
            reasons.append(Reason(name, _WORDS[name]))
    return reasons


def needs_telling(inputs: Inputs) -> bool:
    """Would the decision look at what the content tells? (Only where the content differs.)"""
    last, now = inputs.last, inputs.fingerprint
    on_record = (
        known.fingerprint
        for known in (inputs.publication, inputs.undone, last)
        if known is not None
    )
    return any(before.telling and before.content != now.content for before in on_record)


def in_content(inputs: Inputs) -> bool:
    """Does the content differ from what our publication was made from, and nothing else?"""
    known = inputs.publication
    return known is not None and ingredients(known.fingerprint, inputs, known.writer) == ["content"]


def same(before: Fingerprint, inputs: Inputs) -> bool:
    return not ingredients(before, inputs, writer="")


def ingredients(before: Fingerprint, inputs: Inputs, writer: str) -> list[str]:
    """Names of the ingredients that differ. A backend that was chosen for want of a key
    (`writer_by_default`) never makes a model's document stale."""
    now = inputs.fingerprint
    names = ["content", "generator", "schemas", "settings", "model"]
    changed = [name for name in names if getattr(before, name) != getattr(now, name)]
    if before.telling and before.telling == now.telling and "content" in changed:
        changed.remove("content")
    if "model" in changed and inputs.writer_by_default and writer not in ("", "offline"):
        changed.remove("model")
    return changed


def untold(inputs: Inputs) -> list[str]:
    """What differs in the content, and tells the document nothing else."""
    known = inputs.publication
    if known is None or known.fingerprint.content == inputs.fingerprint.content:
        return []
    if known.files is None:
        return [f"code changed, but {_NO_FACT}"]
    changed = differences(known.files, inputs)
    return [f"{path} {what}, but {_NO_FACT}" for what, path in changed]


def differences(before: Mapping[str, str], inputs: Inputs) -> list[tuple[str, str]]:
    """(what, path) for each file that differs; what is our publication by now counts on
    neither side."""
    before = {fingerprint.composed(path): digest for path, digest in before.items()}
    now = {fingerprint.composed(path): digest for path, digest in inputs.files.items()}
    ours = {fingerprint.composed(path) for path in inputs.publications}
    differences = [("added", p) for p in now if p not in before]
    differences += [("changed", p) for p in now if p in before and before[p] != now[p]]
    differences += [("removed", p) for p in before if p not in now and p not in ours]
    return sorted(differences)


def since_adopted(inputs: Inputs) -> tuple[Reason, ...]:
    """What an adopted document speaks of, and what has changed since it was adopted."""
    known = inputs.publication
    if known is None:
        return ()
    if known.files is None:  # a clone: its lock file has digests of what is spoken of
        now = content.spoken_of(inputs.files, known.named)
        found = [
            f"{path} {'changed' if path in now else 'removed'}"
            for path, short in sorted(known.named.items())
            if now.get(path) != short
        ]
    else:
        found = [
            f"{path} {what}"
            for what, path in differences(known.files, inputs)
            if path.startswith(content.FOLDERS) or path in inputs.mentioned
        ]
    said = some(found)
    return (Reason("moved", f"source has moved on: {said}"),) if said else ()


def since_published(inputs: Inputs) -> tuple[Reason, ...]:
    """What the document that somebody edited was made from, and has changed since we published
    it."""
    known = inputs.publication
    if known is None:
        return ()
    differs = moved(known.fingerprint, known.files, inputs, known.writer)
    reasons = [reason for reason in differs if reason.code == "content"]
    return tuple(
        Reason("moved", f"its source has moved on: {reason.text.removeprefix('content changed: ')}")
        if reason.text != "content changed"
        else Reason("moved", "its source has moved on")
        for reason in reasons
    )


def _content_words(before: Mapping[str, str] | None, inputs: Inputs) -> str:
    if before is None:
        return "content changed"
    said = some([f"{path} {what}" for what, path in differences(before, inputs)])
    return f"content changed: {said}"


def some(changes: Sequence[str]) -> str:
    more = f" and {len(changes) - NAMED} more" if len(changes) > NAMED else ""
    return f"{', '.join(changes[:NAMED])}{more}"


_NO_FACT = "nothing of it that a document is made from"
_WORDS = {
    "generator": "generator changed",
    "schemas": "analysis contract changed",
    "settings": "settings changed",
}
