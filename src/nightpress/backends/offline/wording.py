"""The few words of our own: titles, descriptions in the third person, lists of names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from nightpress.backends.offline.cleaning import harmless, shown

_PERSON = re.compile(r"\b(I|we|our|us|my|you|yours|yourself)\b", re.I)
_VERBS = frozenset(
    "add analyze analyse assess audit automate build calculate check compare configure convert"
    " create define deploy design detect discover enforce ensure execute explain export extract"
    " find forecast format generate guide handle identify implement import inspect install"
    " integrate manage measure migrate monitor optimize optimise orchestrate organize plan predict"
    " prepare produce profile provide provision recommend refactor review run scaffold scan"
    " schedule simulate suggest summarize test track train transform turn validate verify"
    " visualize wrap write".split()
)
_ADVERBS = frozenset("automatically quickly safely intelligently efficiently easily".split())


def cut(text: str, most: int) -> str:
    """At most `most` characters, cut between words."""
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0]


def code(text: str) -> str:
    """Text that may stand between backticks."""
    return harmless(shown(text.replace("`", "")))


def sentence(text: str) -> str:
    """One line without angle brackets that ends as a sentence does; "" stays ""."""
    text = harmless(re.sub(r"[<>]", "", shown(text)))
    return text if not text or text.endswith((".", "!", "?")) else f"{text.rstrip(' :;,')}."


def listed(words: Sequence[str], last: str = "or") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def plain(name: str) -> str:
    """A name without what Markdown or YAML would read in it."""
    return shown(re.sub(r"[^\w .()/+-]+", " ", name))[:120].strip() or "Plugin"


def title(name: str, headings: Iterable[str]) -> str:
    """A plugin's title: as one of its own headings spells it, else its name with capitals."""
    words = re.sub(r"[-_]+", " ", plain(name)).split()
    joined = " ".join(words)
    for heading in headings:
        spelled = re.sub(r"[-_]+", " ", plain(heading))
        if spelled.lower().startswith(joined.lower()) and spelled[: len(joined)] != joined.lower():
            return spelled[: len(joined)]
    return " ".join(w if any(c.isupper() for c in w) else w.capitalize() for w in words)


def third_person(text: str) -> str:
    """The sentences in the third person; `your` becomes `the`, "Generate X" "Generates X"."""
    text = re.sub(r"\byour\b", "the", text, flags=re.I)
    kept = [s for s in re.split(r"(?<=[.!?])\s+", text) if not _PERSON.search(s)]
    return " ".join(_indicative(s) for s in kept)


def _indicative(said: str) -> str:
    """An imperative at the beginning of a sentence as what the plugin does, where that is sure:
    "Create and manage x" becomes "Creates and manages x"."""
    words = said.split(" ")
    at = 0
    while at < len(words):
        bare = words[at].rstrip(",").lower()
        if bare in _VERBS:
            words[at] = words[at].replace(words[at].rstrip(","), _conjugated(words[at].rstrip(",")))
            joined = words[at].endswith(",")
            at += 1
            if not joined and not (at < len(words) and words[at] in ("and", "or", "&")):
                break
        elif bare in _ADVERBS or words[at] in ("and", "or", "&"):
            at += 1
        else:
            break
    return " ".join(words)


def _conjugated(verb: str) -> str:
    if verb.endswith(("s", "sh", "ch", "x")):
        return f"{verb}es"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return f"{verb[:-1]}ies"
    return f"{verb}s"
