"""The `checks:` mapping: choosing, configuring, the project's own checks, what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from nightpress.checks import REGISTRY, Context, Document, Spot, custom, files, judge, problems
from nightpress.model import SourceFile
from tests.checks import base
from tests.checks.defect import add

TODO = add("TODO: the storm of 2019.")(base.BASE)


def judged(text: str, settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    verdict = judge(text, replace(base.context(), settings=settings))
    return [(f.check, f.severity) for f in verdict.findings]


def test_a_check_is_left_out_or_softened() -> None:
    assert judged(TODO, {}) == [("placeholder", "error")]
    assert judged(TODO, {"placeholder": True}) == [("placeholder", "error")]
    assert judged(TODO, {"placeholder": False}) == []
    assert judged(TODO, {"placeholder": {"severity": "warning"}}) == [("placeholder", "warning")]


def test_options_replace_defaults() -> None:
    assert judged(base.BASE, {"vocabulary": {"floor": 0.99}}) == [("vocabulary", "error")]
    text = add("Run `/storm Holmvik`.")(base.BASE)
    assert judged(text, {"command-exists": {"allowed": ["/storm"]}}) == []


@pytest.mark.parametrize(("closed", "found"), [(True, ["error"]), (False, [])])
def test_what_only_the_plugins_text_names_is_a_command_where_that_is_quoted(
    closed: bool, found: list[str]
) -> None:
    """Its own commands are all there are, else; a switch is no number."""
    context = base.context()
    assert context.anatomy is not None
    said = SourceFile("docs/old.md", "Run `/storm Holmvik`, or `/theme:sea`.", 40)
    anatomy = replace(context.anatomy, files=(*context.anatomy.files, said))
    for name in ("/storm Holmvik", "/theme:sea"):
        verdict = judge(
            add(f"Run `{name}` now.")(base.BASE),
            replace(context, anatomy=anatomy, settings={"command-exists": {"closed": closed}}),
        )
        own = found if name == "/storm Holmvik" else []
        assert [f.severity for f in verdict.findings if f.check == "command-exists"] == own
    assert problems({"command-exists": {"closed": 1}})


def house_words(
    document: Document, _context: Context, options: Mapping[str, Any]
) -> Iterator[Spot]:
    for word in options["forbidden"]:
        at = document.prose.find(word)
        if at >= 0:
            yield Spot(f"house style: {word}", *document.place(at))


def broken(_document: Document, _context: Context, options: Mapping[str, Any]) -> Iterator[Spot]:
    yield Spot(options["missing"])


def test_a_check_of_the_projects_own() -> None:
    settings = {"house-words": {"file": "house.py", "forbidden": ["fjord"], "severity": "warning"}}
    assert files(settings) == {"house-words": "house.py"}
    gate = custom("house-words", house_words, settings["house-words"])
    context = replace(base.context(), settings=settings, custom=(gate,))
    (finding,) = judge(base.BASE, context).findings
    assert (finding.check, finding.severity) == ("house-words", "warning")
    line = base.BASE.split("\n")[finding.line - 1]
    assert line[finding.column - 1 :].startswith("fjord")


def test_a_check_that_fails_is_a_finding_and_not_the_end() -> None:
    gate = custom("broken", broken, {"file": "broken.py"})
    (finding,) = judge(base.BASE, replace(base.context(), custom=(gate,))).findings
    assert finding.check == "broken" and "KeyError" in finding.message


@pytest.mark.parametrize("given", [["text"], [Spot("where?", -1)], [Spot("?", hint=None)], None, 7])
def test_a_check_that_gives_something_else_is_one_finding(given: Any) -> None:
    gate = custom("odd", lambda *_: given, {"file": "odd.py"})
    (finding,) = judge(base.BASE, replace(base.context(), custom=(gate,))).findings
    assert finding.check == "odd" and "the check itself failed" in finding.message


def test_wrong_settings_are_told_with_a_hint() -> None:
    told = list(
        problems(
            {
                "vocabulry": False,
                "vocabulary": {"flor": 0.2},
                "body-size": {"lines": "many"},
                "secret": "off",
                "ending": {"severity": "fatal"},
                "house-words": {"file": "house.py", "anything": 1},
                "placeholder": False,
            }
        )
    )
    assert [name for name, _, _ in told] == [
        "vocabulry",
        "vocabulary",
        "body-size",
        "secret",
        "ending",
    ]
    assert told[0][2] == "did you mean vocabulary?"
    assert told[1][2] == "did you mean floor?"
    assert not list(problems(dict.fromkeys(REGISTRY, True)))
