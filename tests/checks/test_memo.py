"""Remembered answers: an answer holds only where all that it turned on is the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from nightpress.checks import Context, Gate, Neighbours, Spot, judge, verdict
from nightpress.checks.document import Document, parse
from nightpress.checks.gate import Options
from tests.checks import base
from tests.checks.defects import all_defects


class Asked:
    """A gate that counts how often it is asked, and reads the named fields."""

    def __init__(self, *fields: str) -> None:
        self.fields = fields
        self.times = 0

    def gate(self, **options: object) -> Gate:
        return Gate("counted", "form", "error", self._check, options)

    def _check(self, document: Document, context: Context, options: Options) -> Iterator[Spot]:
        self.times += 1
        for name in self.fields:
            yield Spot(f"{name} is {getattr(context, name)!r}, {dict(options)}", len(document.raw))


def said(gate: Gate, document: Document, context: Context) -> Iterable[str]:
    return [spot.message for spot in verdict.answer(gate, document, context)]


def test_a_gate_is_asked_once_where_all_that_it_reads_is_the_same() -> None:
    asked, document = Asked("target"), parse("# A text of its own\n")
    first = said(asked.gate(), document, Context(target="a.md"))
    again = said(asked.gate(), document, Context(target="a.md", witness="more", forced=True))
    assert first == again == ["target is 'a.md', {}"]
    assert asked.times == 1


def test_it_is_asked_anew_where_something_that_it_reads_differs() -> None:
    asked, document = Asked("target", "witness"), parse("# Another text of its own\n")
    for target, witness in (("a.md", ""), ("b.md", ""), ("a.md", "x")):
        found = said(asked.gate(), document, Context(target=target, witness=witness))
        assert found == [f"target is {target!r}, {{}}", f"witness is {witness!r}, {{}}"]
    assert said(asked.gate(most=3), document, Context(target="a.md"))[0].endswith("{'most': 3}")
    assert asked.times == 4
    said(asked.gate(), parse("# A third text\n"), Context(target="a.md"))
    assert asked.times == 5


def test_what_turned_on_something_alive_is_not_remembered() -> None:
    document = parse("# A fourth text of its own\n")
    for name, value in (("neighbours", Neighbours({})), ("elsewhere", lambda *_: True)):
        asked, context = Asked(name), replace(Context(), **{name: value})
        said(asked.gate(), document, context)
        said(asked.gate(), document, context)
        assert asked.times == 2, name


def test_a_verdict_is_the_same_whatever_was_judged_before() -> None:
    for defect in all_defects()[::12]:
        known = defect.context
        contexts = [
            known,
            replace(known, witness=base.BASE, ours=True),
            replace(known, ours=False, standing=base.BASE, plugin_paths=frozenset()),
            replace(known, anatomy=None, target="x/y.md", marketplace_plugins=frozenset()),
        ]
        fresh = []
        for context in contexts:
            verdict._answers.cache_clear()
            fresh.append(judge(defect.text, context))
        verdict._answers.cache_clear()
        for at in (0, 1, 2, 3, 1, 0):
            assert judge(defect.text, contexts[at]) == fresh[at], defect.name
