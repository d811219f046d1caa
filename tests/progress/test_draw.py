"""What the screen knows and how it is drawn: functions of values."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from nightpress.progress import draw, summary
from nightpress.progress.draw import Standing
from nightpress.progress.screen import Screen

T = 1_795_600_000.0


def event(kind: str, at: float, job: str = "", **data: Any) -> dict[str, Any]:
    return {"event": kind, "at": T + at, "job": job, "text": data.pop("text", ""), **data}


def answered(at: float, job: str, phase: str, **data: Any) -> dict[str, Any]:
    held = {"outcome": "reply", "tokens_in": 9_000, "tokens_out": 2_000, "cost": 0.01}
    return event("answered", at, job, phase=phase, **held | data)


def finished(at: float, job: str, status: str, said: str) -> dict[str, Any]:
    return event(
        "finished", at, job, status=status, reason=said, text=f"{status:<12} {job}  {said}"
    )


RUN = event("run", 0, run_id="r", pid=1, command="doit", backend="gemini", model="m", work=9,
            current=3)  # fmt: skip


def folded(*rows: dict[str, Any]) -> Screen:
    screen = Screen()
    for row in (RUN, *rows):
        screen.fold(row)
    return screen


def drawn(screen: Screen, standing: Standing, at: float, width: int = 100) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None)
    console.print(draw.render(screen, standing, T + at, width))
    return out.getvalue()


def test_calls_tokens_and_cost_are_of_this_run_alone() -> None:
    screen = folded(
        answered(1, "a", "analysis"), answered(2, "a/skill", "generation", outcome="kept"),
        answered(3, "b", "analysis", outcome="transient", tokens_in=0, tokens_out=0, cost=0.0),
    )  # fmt: skip
    assert (screen.calls, screen.replies) == (2, 1)
    assert (screen.tokens_in, screen.tokens_out, screen.cost) == (9_000, 2_000, 0.01)
    assert "2 calls (1 unanswered), 9,000 + 2,000 tokens, $0.01" in drawn(screen, Standing(), 4)
    screen.fold(answered(5, "b", "analysis", cost=None))
    screen.fold(answered(6, "b/skill", "generation"))
    assert screen.cost is None, "one call without a price leaves the sum unknown"
    assert "no price known" in drawn(screen, Standing(), 7)


def test_in_flight_is_what_has_begun_and_not_ended_since_its_phase() -> None:
    screen = folded(
        event("asked", 1, "a", phase="analysis"), event("started", 2, "b/skill"),
        event("asked", 4, "b/skill", phase="generation"), event("started", 5, "c/skill"),
    )  # fmt: skip
    rows = [line.split() for line in drawn(screen, Standing(), 64).splitlines()[-3:]]
    assert rows == [
        ["a", "analysis", "1", "min", "03", "s"], ["b/skill", "generation", "1", "min", "00", "s"],
        ["c/skill", "pacing", "59", "s"],
    ]  # fmt: skip
    screen.fold(answered(70, "a", "analysis"))
    screen.fold(answered(71, "b/skill", "generation", outcome="transient"))
    screen.fold(finished(72, "c/skill", "refused", "size-window"))
    assert {f.job: f.phase for f in screen.flights.values()} == {"b/skill": "retrying"}
    assert (screen.done, screen.counts["refused"]) == (1, 1)
    screen.fold(event("end", 90, exit_code=1, goes_on_at=None))
    assert not screen.flights


def test_more_than_fits_is_counted() -> None:
    screen = folded(*(event("started", n, f"p{n}/skill") for n in range(9)))
    assert "and 3 more in flight" in drawn(screen, Standing(), 10)


def test_quota_and_estimate_are_told() -> None:
    standing = Standing(eta=T + 300, minute=(3, 15), day=(17, 500), resets_at=T + 3_600)
    seen = drawn(folded(finished(9, "a/skill", "published", "")), standing, 10)
    assert "quota left: 3 of 15 this minute, 17 of 500 today (new at " in seen
    assert "10 s so far, done about " in seen
    assert "1 published  3 up to date" in seen
    assert "not all in this run" not in seen
    later = Standing(eta=T + 90_000, later=True)
    assert "not all in this run: done about 20" in drawn(folded(), later, 10)


def test_a_wait_for_the_quota_is_told_until_it_is_over() -> None:
    screen = folded(event("waiting", 10, text="waiting 40 s", seconds=40.0, model="m"))
    assert "waiting 30 s more for the quota" in drawn(screen, Standing(), 20)
    assert "for the quota" not in drawn(screen, Standing(), 50)


@pytest.mark.parametrize("width", [30, 40, 80, 200])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    name = "\x1b[2Jプラグイン🌙\u202e" + "very-long-name" * 9
    said = f"published    {name}/skill  11,000 bytes, score 100"
    done = event("finished", 2, "x/skill", status="published", reason="", text=said)
    screen = folded(event("asked", 1, f"{name}/skill", phase="generation"), done)
    seen = drawn(screen, Standing(eta=T + 9, minute=(1, 2), day=(3, 4)), 5, width)
    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None)
    console.print(draw.outcome(said, width))
    console.print(*draw.latest(screen))
    seen += out.getvalue()
    assert max(cell_len(line) for line in seen.splitlines()) <= width
    assert not {c for c in seen if ord(c) < 32 or c == "\u202e"} - {"\n"}
    assert "\\x1b[2Jプ" in seen


def test_an_outcome_that_is_long_goes_on_under_itself() -> None:
    out = io.StringIO()
    console = Console(file=out, width=70, color_system=None)
    console.print(draw.outcome(f"refused      a/skill  {'much to say ' * 12}", 70))
    first, second, *_ = out.getvalue().splitlines()
    assert first.startswith("refused      a/skill  much")
    assert second.startswith(" " * 13 + "much") or second.startswith(" " * 13 + "to")


# --- the summary ---


def lines(*named: tuple[str, str, str], seconds: float = 1.0) -> list[str]:
    counts = {status: sum(s == status for s, _, _ in named) for status, _, _ in named}
    totals = summary.lines(counts, {}, seconds=seconds, calls=0, tokens=0)
    return summary.needs_reading(named) + totals


def test_what_shares_its_reason_is_one_line() -> None:
    spent = [("deferred", f"p{n}/skill", "the day is spent") for n in range(178)]
    said = lines(*spent, ("deferred", "q/skill", "the budget is spent"))
    assert said[:-1] == [
        "  deferred     p0/skill and 177 more: the day is spent",
        "  deferred     q/skill: the budget is spent",
    ]


def test_of_many_reasons_the_first_are_named_and_the_rest_counted() -> None:
    words = "abcdefghijklmnopqrstuvw"
    said = lines(*(("failed", f"p{n}/skill", f"reason {n * 'x'}") for n in range(len(words))))
    assert len(said) == 3 + summary.MOST
    assert said[-3] == f"  failed       ... and {23 - summary.MOST} more: see `doit report`"


def test_each_status_has_a_line_and_all_fit_a_screen() -> None:
    many = [(s, f"p{n}/skill", f"{n * 'x'}") for s in ("refused", "failed", "hollow")
            for n in range(30)]  # fmt: skip
    said = lines(*many)
    assert {line.split()[0] for line in said[:-2]} == {"refused", "failed", "hollow"}
    assert len(said) <= 2 + summary.MOST + 3
    [long] = summary.needs_reading([("failed", "p/skill", "word " * 99)])
    assert len(long) < 200
    assert long.endswith(" ...")


def test_a_cause_is_one_line_whatever_its_figures_names_and_files() -> None:
    said = lines(
        ("hollow", "g/skill", "nothing real to say: commands/a.md is a placeholder"),
        ("hollow", "h/skill", "nothing real to say: commands/b.md is a placeholder"),
        ("insufficient", "a/skill", "too little source: 3,374 of 8,000 bytes"),
        ("insufficient", "b/skill", "too little source: 6,069 of 8,000 bytes"),
        (
            "refused",
            "c/skill",
            "example-own: no example (draft kept: drafts/c/skill.md)",
        ),
        (
            "refused",
            "d/skill",
            "example-own: no example (draft kept: drafts/d/skill.md)",
        ),
        ("refused", "e/skill", "body-size: 7,000 bytes; example-own: none (draft kept: e.md)"),
        ("refused", "f/skill", "size-max: `x` (3 times); body-size: 9 (draft kept: f.md)"),
    )
    assert said[:-2] == [
        "  refused      c/skill and 1 more: example-own: no example"
        " (draft kept: drafts/c/skill.md)",
        "  refused      e/skill: body-size: 7,000 bytes; example-own: none (draft kept: e.md)",
        "  refused      f/skill: size-max: `x` (3 times); body-size: 9 (draft kept: f.md)",
        "  insufficient a/skill and 1 more: too little source: 3,374 of 8,000 bytes",
        "  hollow       g/skill and 1 more: nothing real to say: commands/a.md is a placeholder",
    ]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(9.44, "9.4 s"), (59.9, "59.9 s"), (984.4, "16 min 24 s"), (7_500, "2 h 05 min")],
)
def test_how_long_it_took_reads_well(seconds: float, said: str) -> None:
    assert lines(("failed", "a/b", "x"), seconds=seconds)[-1] == f"1 failed in {said} (no calls)"
