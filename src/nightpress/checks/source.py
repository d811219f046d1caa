"""The plugin's own text, prepared once for all grounding checks of its documents."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache

from nightpress.checks.gate import Context
from nightpress.lazy import pattern
from nightpress.model import SourceFile

WORD = pattern(r"[^\W\d_][\w'-]{2,}")
URL = pattern(r"https?://[^\s<>\"'`)\]}|\\]+")


class PluginText:
    """What the texts of a plugin say together: text, in lower case; words: its distinct words."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self.text = "\n".join(map(_lowered, texts))

    @cached_property
    def words(self) -> frozenset[str]:
        """Distinct words of three characters and more, lower case."""
        return frozenset().union(*map(words_of, self._texts))

    @cached_property
    def urls(self) -> frozenset[str]:
        """The URLs, as they are written."""
        return frozenset().union(*map(urls_of, self._texts))

    def says(self, phrase: str) -> bool:
        """Whether the phrase stands in the source, whatever its case."""
        return phrase.lower() in self.text

    def names(self, name: str) -> bool:
        """Whether the name stands in the source as a whole, not as a part of a longer one."""
        wanted = name.lower()
        at = self.text.find(wanted)
        while at >= 0:
            around = self.text[at - 1 : at] + self.text[at + len(wanted) : at + len(wanted) + 1]
            if not any(c.isalnum() or c in "_-" for c in around):
                return True
            at = self.text.find(wanted, at + 1)
        return False


_lowered = lru_cache(maxsize=4_096)(str.lower)


@lru_cache(maxsize=4_096)
def words_of(text: str) -> frozenset[str]:
    """Distinct words of three characters and more, lower case. Remembered: the documents of one
    plugin are judged by the same files."""
    return frozenset(WORD.findall(text.lower()))


@lru_cache(maxsize=4_096)
def urls_of(text: str) -> frozenset[str]:
    return frozenset(url.rstrip(".,;:!?*_") for url in URL.findall(text))


def source_of(context: Context) -> PluginText:
    """What the document may draw on; empty without an anatomy. The file that a draft replaces is
    the plugin's own text (`witness`); a standing file is not its own witness."""
    anatomy = context.anatomy
    if anatomy is None:
        return PluginText(())
    left_out = None if context.ours else context.target
    more = (anatomy.name, anatomy.description, *anatomy.keywords, context.witness)
    return _prepared(anatomy.files, left_out, more)


def comparable(document_text: str, context: Context) -> bool:
    """Whether the plugin's other text is enough to compare a document with. A document kept by hand
    may be all that its plugin says: then it is the source, and no other text can gainsay it."""
    return context.ours or 2 * len(source_of(context).text) >= len(document_text)


# a plugin's enhancements are judged one after the other: few sources are alive at a time
@lru_cache(maxsize=8)
def _prepared(
    files: tuple[SourceFile, ...], left_out: str | None, more: tuple[str, ...]
) -> PluginText:
    counted = [f for f in files if f.path != left_out]
    texts = [*(f.text for f in counted), "\n".join([*(f.path for f in counted), *more])]
    return PluginText(texts)
