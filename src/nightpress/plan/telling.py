"""What of a plugin's code tells a document something: a digest that is the same after a change
which no document could be made differently for.

Of text that people write everything counts. Of code, scripts and data count their facts (options,
exit codes, variables, tools, settings, ports, what a script is for), and what its writer is shown
of the text itself: without the lines that are comments alone, for no comment changes what code
does. A file that is no source at all (too large, no text) counts by its name.
"""

from __future__ import annotations

import fnmatch
import io
import tokenize
from collections.abc import Iterator, Mapping

from nightpress import fingerprint
from nightpress.lazy import pattern
from nightpress.model import Anatomy, Enhancement
from nightpress.plan import scope
from nightpress.plan.staleness import Inputs
from nightpress.plan.state import PluginState
from nightpress.plugin import Topic, choose, collect, kind_of, sources
from nightpress.project import Project, Writer

__all__ = ["of", "without_comments"]

VERSION = "2"
"""Of how it is told: another one is another key in the index."""
CODE = frozenset({"script", "code", "data"})
"""Kinds of files that count by what they tell."""


def of(
    project: Project,
    plugin: PluginState,
    enhancement: Enhancement,
    writer: Writer,
    inputs: Inputs,
) -> str:
    """The digest, for one document."""
    files = inputs.files
    generator, analysis = project.generator(enhancement.generator), project.generator("analysis")
    key = fingerprint.digest(
        "telling", VERSION, fingerprint.content(files), writer.kind, generator.digest,
        analysis.digest, fingerprint.canonical(plugin.told),
        *scope.key(project, plugin, enhancement, inputs),
    )  # fmt: skip
    value = project.index.appraisal(key)
    if value is None:
        read = sources.read(plugin.root, files, plugin.secret_names)
        anatomy = sources.anatomy_of(plugin.root, read, plugin.told)
        budgets = (generator.input_bytes, analysis.input_bytes) if writer.kind == "model" else ()
        declared = generator.settings.get("inputs", ())
        topic = scope.topic_of(project, plugin, enhancement, inputs, anatomy)
        if topic is not None:
            anatomy = scope.seen_by(project, plugin, enhancement, topic, anatomy)
            files = _seen(files, anatomy, topic)
        links = {path for path in files if not plugin.files.get(path, (0, ""))[0]}
        whole = {p for p in files if p in links or any(fnmatch.fnmatch(p, d) for d in declared)}
        told = _told({p: s for p, s in files.items() if p not in whole}, anatomy, budgets)
        told |= {path: files[path] for path in whole}
        value = fingerprint.content(told) if topic is None else scope.digest(anatomy, told)
        project.index.keep_appraisal(key, value)
    return value


def _seen(files: Mapping[str, str], anatomy: Anatomy, topic: Topic) -> dict[str, str]:
    """path -> digest of the files that one skill's document sees: of one that it sees a part of, of
    that."""
    texts = {file.path: file for file in anatomy.files}
    parts = {p: fingerprint.digest(f.text) for p, f in texts.items() if not f.sha256}
    own = {path: held for path, held in files.items() if path in texts or topic.is_own(path)}
    return own | parts


def _told(files: Mapping[str, str], anatomy: Anatomy, budgets: tuple[int, ...]) -> dict[str, str]:
    """path -> what it tells; budgets: bytes of the prompts that show text."""
    facts: dict[str, list[str]] = {}
    for fact in collect(anatomy).all:
        row = [fact.kind, fact.name, fact.basis, *fact.values, fact.of]
        facts.setdefault(fact.file, []).append(fingerprint.canonical(row))
    shown: dict[str, list[str]] = {}
    for budget in budgets:
        for one in choose(anatomy, budget)[0]:
            if kind_of(one.path) in CODE:
                shown.setdefault(one.path, []).append(without_comments(one.path, one.text))
    read = {file.path for file in anatomy.files}
    return {
        path: digest
        if kind_of(path) not in CODE
        else fingerprint.digest(*sorted(facts.get(path, ())), "shown", *shown.get(path, ()))
        if path in read
        else "no source"
        for path, digest in files.items()
    }


def without_comments(path: str, text: str) -> str:
    """Code without blank lines and without lines of comment below its head; what the head says,
    and what stands in documentation comments, stays. As it is where that cannot be told apart."""
    ending = path.rpartition(".")[2].lower()
    if ending == "py":
        try:
            return "\n".join(_python(text))
        except (tokenize.TokenError, SyntaxError):
            return text
    mark = _MARKS.get(ending)
    if mark is None or _HEREDOC.search(text):
        return text
    return "\n".join(_lines(text, mark))


def _python(text: str) -> Iterator[str]:
    is_head = True
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NL or (token.type == tokenize.COMMENT and not is_head):
            continue
        is_head = is_head and token.type == tokenize.COMMENT
        yield f"{token.type} {token.string}"


def _lines(text: str, mark: str) -> Iterator[str]:
    """The lines that count. Within an open quote nothing is a comment."""
    is_head, quotes = True, [0, 0, 0]
    for line in text.split("\n"):
        stripped = line.strip()
        is_open = any(count % 2 for count in quotes)
        if not stripped and not is_open:
            continue
        begins = stripped.startswith(mark) and not is_open
        if begins and not is_head and not stripped.startswith(_DOCUMENTS):
            continue
        is_head = is_head and begins
        if not begins:
            quotes = [n + line.count(q) for n, q in zip(quotes, "\"'`", strict=True)]
        yield line.rstrip()


_MARKS = dict.fromkeys("sh bash rb ps1".split(), "#") | dict.fromkeys(
    "js ts mjs cjs tsx jsx go rs java c h cpp cs php swift kt".split(), "//"
)
_DOCUMENTS = ("#!", "///", "//!", "//go:")
_HEREDOC = pattern(r"<<[-~<]?\s*[\"'\\]?\w|^=begin\b|\"\"\"|<#|@[\"']\s*$")
