"""A whole night with all that can happen in it: what can be made is made, and hardly a request of
the day is wasted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.market import Market, environment, plugin
from tests.pipeline.simulated_night import AWAY, DAY
from tests.pipeline.test_outage import certificate, used

PLUGINS = 40


@pytest.fixture
def shop(tmp_path: Path) -> Market:
    for number in range(PLUGINS):
        plugin(tmp_path / "shop", f"quay-{number:02}", size=9_000)
    made = Market(tmp_path / "shop")
    assert made.run("nightpress", "init").code == 0
    path = made.root / "manifests" / "_defaults.yaml"
    limits = f"limits: {{'*': {{rpm: 15, tpm: 250000, rpd: {DAY}}}}}"
    path.write_text(f"{path.read_text()}\n{limits}\n")
    return made


def test_a_night_with_an_outage_a_wrong_clock_and_strange_replies(
    shop: Market, tmp_path: Path
) -> None:
    good, bad = certificate(tmp_path / "good.pem"), certificate(tmp_path / "bad.pem")
    words = [str(shop.root), str(good), str(bad), str(tmp_path / "seen.json")]
    done = subprocess.run(
        [sys.executable, "-m", "tests.pipeline.simulated_night", *words],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=300, check=False,
        env=environment(GEMINI_API_KEY="test-key", SSL_CERT_FILE=str(good)),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((tmp_path / "seen.json").read_text())
    assert told["shown"], "nobody met the other certificate"
    assert told["code"] == 0
    made = list(shop.root.glob("plugins/*/skills/*/SKILL.md"))
    assert len(made) == PLUGINS, done.stdout + done.stderr
    assert f"{PLUGINS} published in" in done.stdout
    assert f"success rate: {PLUGINS} of {PLUGINS} attempted (100 %)" in done.stdout
    assert done.stdout.count("does not answer") <= 2 and "answers again, after" in done.stdout
    away = [call for call in told["calls"] if call["fault"] in AWAY]
    assert 3 <= len(away) <= DAY // 20, "without a circuit the outage has the whole day"
    # the calls of each document: its analysis and its text
    assert used() == len(told["calls"])
    wasted = used() - 2 * PLUGINS
    faults = [call["fault"] for call in told["calls"] if call["fault"]]
    assert wasted <= 0.03 * DAY, (wasted, faults)
