"""The estimate on the screen: by the rate offline, by the quota with a model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nightpress.progress import eta as standings
from nightpress.progress.screen import Screen
from nightpress.project.project import Project
from tests.ledger.sample import Clock


def project(root: Path, **defaults: object) -> Project:
    (root / "manifests").mkdir()
    (root / ".nightpress").mkdir()
    (root / "manifests" / "_defaults.yaml").write_text(json.dumps(defaults))
    return Project(root, {}, {"GEMINI_API_KEY": "k"}, Clock())


def screen(at: Project, backend: str, *, work: int, done: int, calls: int = 0) -> Screen:
    made = Screen(backend=backend, model="gemini-3.5-flash-lite", work=work)
    made.began = at.clock.time() - 60
    made.counts["published"] = done
    made.calls = made.replies = calls
    made.tokens_in = 2_000 * calls
    return made


def test_offline_the_rate_so_far_goes_on(tmp_path: Path) -> None:
    here = project(tmp_path)
    eta = standings.of(here, screen(here, "offline", work=40, done=10)).eta
    assert eta == pytest.approx(here.clock.time() + 180, abs=2)
    for work, done in ((40, 4), (10, 10)):
        assert standings.of(here, screen(here, "offline", work=work, done=done)).eta is None


def test_a_run_that_is_bounded_ends_when_its_bound_is_reached(tmp_path: Path) -> None:
    here = project(tmp_path)
    here.options = {"limit": 14}
    made = screen(here, "offline", work=45, done=10)
    made.counts["hollow"] = 10
    eta = standings.of(here, made).eta
    assert eta == pytest.approx(here.clock.time() + 12, abs=2), "4 more, at 3 s each"


def test_with_a_model_the_quota_says_when_and_whether_this_run_suffices(tmp_path: Path) -> None:
    here = project(tmp_path, limits={"*": {"rpm": 10, "tpm": None, "rpd": 100}})
    found = standings.of(here, screen(here, "gemini", work=30, done=10, calls=40))
    assert (found.minute, found.day, found.later) == ((10, 10), (100, 100), False)
    assert found.eta is not None
    assert found.eta - here.clock.time() > 7 * 60, "80 calls at 10 a minute"
    cheaper = standings.of(here, screen(here, "gemini", work=30, done=10, calls=10))
    assert cheaper.eta is not None
    assert cheaper.eta < found.eta, "calls of each document are this run's own"
    short = standings.of(here, screen(here, "gemini", work=60, done=10, calls=40))
    assert short.later
    assert short.eta is not None
    assert short.eta > found.resets_at
    assert standings.of(here, screen(here, "gemini", work=10, done=10, calls=40)).eta is None
