"""`nightpress ci check`: annotations, SARIF, and one comment, against a stand-in of the API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightpress.cli import github
from nightpress.model import Finding
from nightpress.plan import Judged
from nightpress.report import pull_request
from nightpress.report.check_report import Report
from tests.forge import TOKEN, Forge, forge
from tests.market import Market, published

DENIED = (403, {}, {"message": "Resource not accessible by integration"})
LIMITED = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9999999999"}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Market:
    return published(tmp_path_factory.mktemp("market"), "alpha")


@pytest.fixture
def there() -> Iterator[Forge]:
    with forge() as stand_in:
        yield stand_in


def _breaks(market: Market) -> None:
    """A skill without frontmatter."""
    other = market.root / "plugins" / "stray" / "skills" / "stray"
    other.mkdir(parents=True, exist_ok=True)
    (other / "SKILL.md").write_text("# X\n\nNothing else.\n")


def _mends(market: Market) -> None:
    (market.root / "plugins" / "stray" / "skills" / "stray" / "SKILL.md").unlink(missing_ok=True)


def test_red_then_green_on_one_comment(done: Market, there: Forge, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}))
    environ = there.environ | {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(event)}
    _mends(done)
    ran = done.run("nightpress", "ci", "check", **environ)
    assert (ran.code, ran.err) == (0, "")
    assert there.writes() == []  # green from the start: silent

    there.say("I like it", "somebody", "User")
    there.say(f"{pull_request.MARK}\nnot yours", "somebody", "User")
    _breaks(done)
    sarif = tmp_path / "out.sarif"
    ran = done.run("nightpress", "ci", "check", "--sarif", str(sarif), **environ)
    assert ran.code == 1
    assert re.search(r"^::error file=plugins/stray/skills/stray/SKILL.md,line=\d", ran.out, re.M)
    assert json.loads(sarif.read_text())["version"] == "2.1.0"
    assert there.writes() == ["POST /repos/me/market/issues/7/comments"]
    ours = there.comments[2]
    assert ours["body"].startswith(f"{pull_request.MARK}\n**nightpress check** fails.")

    ran = done.run("nightpress", "ci", "check", **environ)
    assert ran.code == 1
    assert len(there.writes()) == 1  # nothing new to say

    _mends(done)
    ran = done.run("nightpress", "ci", "check", **environ)
    assert ran.code == 0
    assert there.writes()[1:] == [f"PATCH /repos/me/market/issues/comments/{ours['id']}"]
    assert "**nightpress check** passes." in ours["body"]
    assert there.comments[1]["body"].endswith("not yours")
    assert TOKEN not in ran.out + ran.err


def test_a_comment_on_a_later_page_is_found(done: Market, there: Forge) -> None:
    for number in range(130):
        there.say(f"word {number}", "somebody", "User")
    there.say(f"{pull_request.MARK}\nold")
    _mends(done)
    ran = done.run("nightpress", "ci", "check", "--pull-request", "7", **there.environ)
    assert ran.code == 0
    assert there.writes() == ["PATCH /repos/me/market/issues/comments/230"]


@pytest.mark.parametrize(
    ("answers", "code", "told"),
    [
        ([DENIED], 1, "a pull request from a fork"),
        ([(401, {}, {"message": "Bad credentials"})], 1, "GITHUB_TOKEN is wrong, or has expired"),
        ([(403, LIMITED, {"message": "API rate limit exceeded"})], 1, "the rate limit is reached"),
        ([(429, {"retry-after": "900"}, {"message": "slow down"})], 1, "try again in 15 min"),
        ([(502, {}, {"message": "down"})], 1, "GitHub has trouble: try again later"),
        ([(301, {"location": "/x"}, {})], 1, "the repository has moved"),
        ([(422, {}, {"message": "Validation Failed"})], 1, "answers 422: Validation Failed"),
    ],
)
def test_a_refusal_is_a_sentence(
    done: Market, there: Forge, answers: list[tuple[int, dict[str, str], object]],
    code: int, told: str,
) -> None:  # fmt: skip
    _breaks(done)
    there.refuse["POST", "/comments"] = list(answers)
    ran = done.run("nightpress", "ci", "check", "--pull-request", "7", **there.environ)
    assert ran.code == code
    assert told in ran.err
    assert "Traceback" not in ran.err
    assert TOKEN not in ran.out + ran.err
    assert len(there.writes()) == 1  # what may have worked is not sent twice


def test_where_nothing_may_be_written_the_check_says_what_it_says(
    done: Market, there: Forge
) -> None:
    _mends(done)
    there.say(f"{pull_request.MARK}\nold")
    there.refuse["PATCH", "/comments"] = [DENIED]
    ran = done.run("nightpress", "ci", "check", "--pull-request", "7", **there.environ)
    assert ran.code == 0
    assert ran.err.startswith("nightpress: no comment: 127.0.0.1 answers 403")


def test_what_is_repeated_is_repeated_a_little(there: Forge) -> None:
    slept: list[float] = []
    client = github.GitHub(there.api, "me/market", TOKEN, slept.append)
    down, later = (503, {}, {}), (429, {"retry-after": "7"}, {})
    there.refuse["GET", "/pulls"] = [down, later]
    assert client.pulls("x") == []
    assert slept == [1.0, 7.0]
    there.refuse["GET", "/pulls"] = [down, down, down]
    with pytest.raises(github.ForgeError, match="answers 503"):
        client.pulls("x")
    assert len(slept) == 4
    client.close()


def test_no_token_no_comment(done: Market, there: Forge) -> None:
    _breaks(done)
    ran = done.run("nightpress", "ci", "check", GITHUB_REPOSITORY="me/market")
    assert ran.code == 1
    ran = done.run("nightpress", "ci", "check", "--pull-request", "7", GITHUB_API_URL=there.api)
    assert ran.code == 3
    assert "GITHUB_TOKEN" in ran.err
    assert there.asked == []


def test_the_token_goes_to_no_plain_http() -> None:
    with pytest.raises(github.UsageError, match="must be https"):
        github.GitHub("http://forge.example", "me/market", TOKEN)


EVIL = "a,b:c%0A::set-output name=x::y\n::add-mask::z\u202e | `x` <img> @everyone #1 ##[add-path]q"


def _evil() -> Report:
    finding = Finding("size", "error", EVIL, 3, 2, EVIL)
    return Report([Judged(EVIL, 1, None, (finding,), place=EVIL)])


def test_a_plugins_text_is_no_workflow_command() -> None:
    [line] = pull_request.workflow_commands(_evil())
    assert "\n" not in line
    assert line.startswith("::error file=a%2Cb%3Ac%250A%3A%3Aset-output name=x%3A%3Ay%0A%3A%3Aadd")
    _, properties, message = re.fullmatch(r"::(\w+) (.*?)::(.*)", line).groups()  # type: ignore[union-attr]
    assert [p.partition("=")[0] for p in properties.split(",")] == ["file", "line", "col", "title"]
    assert message.startswith("a,b:c%250A::set-output")
    assert "\u202e" not in line


def test_a_plugins_text_is_no_markup_in_the_comment() -> None:
    from markdown_it import MarkdownIt

    html = MarkdownIt("commonmark").render(pull_request.comment(_evil()))
    bare = re.sub(r"<code>.*?</code>", "", html, flags=re.S)
    assert "<img" not in html
    assert "@everyone" not in bare
    assert "set-output" not in bare
    assert "#1" not in bare


def test_a_table_cell_stays_one_cell() -> None:
    from markdown_it import MarkdownIt

    row = pull_request.Row("alpha/skill", EVIL, None, 9_000, "", None, 90, EVIL)
    text = pull_request.body([row], 2, github.BEGIN, github.END)
    html = MarkdownIt("commonmark").enable("table").render(text)
    assert html.count("<td>") == 6
    assert "2 drafts wait for a decision" in html


def test_what_loses_something_comes_first() -> None:
    def row(job: str, old: int | None, lost: str) -> pull_request.Row:
        return pull_request.Row(job, f"{job}.md", old, 9_000, lost, 80, 90, "content changed")

    text = pull_request.body(
        [row("a/skill", 8_000, ""), row("b/skill", 8_000, "2 rules"), row("c/skill", None, "")],
        0, github.BEGIN, github.END,
    )  # fmt: skip
    assert "2 replace a file; 1 of them loses part of it, listed first." in text
    assert text.index("`b`") < text.index("`a`") < text.index("`c`")
    assert "| `b` | `skill` `b/skill.md` | 8,000 -> 9,000 | 2 rules | 80 -> 90 |" in text
    assert "All are new" in pull_request.body([row("c/skill", None, "")], 0, "", "")


def test_a_comment_is_never_too_long() -> None:
    finding = Finding("size", "error", "|" * 10_000, 1)
    report = Report([Judged("x" * 5_000, 1, None, (finding,) * 500, place="x" * 5_000)])
    assert len(pull_request.comment(report)) < 65_536
    row = pull_request.Row("a/b", "p" * 400, 1, 2, "3 headings", 1, 2, "|" * 400)
    assert len(pull_request.body([row] * 3_000, 0, github.BEGIN, github.END)) < 65_536


def test_output_is_between_stop_commands(done: Market) -> None:
    _breaks(done)
    ran = done.run("nightpress", "ci", "check", GITHUB_ACTIONS="true")
    token = re.match(r"::stop-commands::([0-9a-f]{32})\n", ran.out)
    assert token
    inside, _, outside = ran.out.partition(f"::{token[1]}::\n")
    assert "SKILL.md" in inside
    assert outside.startswith("::error ")


@pytest.mark.parametrize("words", ["ci check -q", "-q ci check", "ci -q check"])
def test_quiet_is_silent_where_nothing_fails_and_only_there(done: Market, words: str) -> None:
    _mends(done)
    assert (done.run("nightpress", *words.split()).out) == ""
    _breaks(done)
    ran = done.run("nightpress", *words.split())
    assert ran.code == 1 and "stray/SKILL.md" in ran.out
    _mends(done)


def test_it_prints_the_forms_that_check_prints(done: Market, there: Forge) -> None:
    """Whole, on GitHub Actions too: no annotation and no word of the comment is among them."""
    _breaks(done)
    environ = there.environ | {"GITHUB_ACTIONS": "true"}
    for form in ("--format=json", "--json", "--format=sarif"):
        ran = done.run("nightpress", "ci", "check", form, "--pull-request", "7", **environ)
        assert ran.code == 1 and "comment on pull request 7: " in ran.err
        assert json.loads(ran.out) == json.loads(done.run("nightpress", "check", form).out)
    _mends(done)


@pytest.mark.parametrize("name", ["canary", "check", "ci check", "ci nightly", "tonight"])
def test_what_every_command_takes_is_taken_on_both_sides(done: Market, name: str) -> None:
    """The line is refused for its nonsense, and for nothing before it."""
    for words in (["-q", "-n", *name.split()], [*name.split(), "-q", "-n"]):
        ran = done.run("nightpress", *words, "--nonsense")
        assert ran.code == 3 and "has no option --nonsense" in ran.err
    told = done.run("nightpress", *name.split(), "--json", "--nonsense").out
    assert json.loads(told)["command"] == name
