"""The plugin's own text, prepared once for all grounding checks of its documents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from nightpress.model import Anatomy, SourceFile

WORD = re.compile(r"[^\W\d_][\w'-]{2,}")
URL = re.compile(r"https?://[^\s<>\"'`)\]}|\\]+")


@dataclass(frozen=True, slots=True)
class Source:
    """text: all files, lower case, the document itself left out; words: its distinct words."""

    text: str
    words: frozenset[str]
    urls: frozenset[str]

    def says(self, phrase: str) -> bool:
        """Whether the phrase stands in the source, whatever its case."""
        return phrase.lower() in self.text


@lru_cache(maxsize=4)
def words_of(text: str) -> frozenset[str]:
    """Distinct words of three characters and more, lower case."""
    return frozenset(WORD.findall(text.lower()))


def urls_of(text: str) -> frozenset[str]:
    return frozenset(url.rstrip(".,;:!?*_") for url in URL.findall(text))


def source_of(anatomy: Anatomy, target: str | None) -> Source:
    return _prepared(anatomy.files, target, (anatomy.name, anatomy.description, *anatomy.keywords))


# a plugin's enhancements are judged one after the other: few sources are alive at a time
@lru_cache(maxsize=8)
def _prepared(files: tuple[SourceFile, ...], target: str | None, more: tuple[str, ...]) -> Source:
    text = "\n".join([f"{f.path}\n{f.text}" for f in files if f.path != target] + list(more))
    return Source(text.lower(), words_of(text), urls_of(text))
