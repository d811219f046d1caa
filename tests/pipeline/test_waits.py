"""What a wait is booked as: never as work, whoever asks for it."""

from __future__ import annotations

from pathlib import Path

from tests.market import Market, plugin
from tests.pipeline.test_gemini import serving


def test_waits_for_another_try_are_no_work(tmp_path: Path) -> None:
    plugin(tmp_path / "shop", "alpha", size=16_000)
    shop = Market(tmp_path / "shop")
    assert shop.run("nightpress", "init").code == 0
    # the analysis is answered; the document is refused for a minute, once
    with serving(shop, script=["ok", "minute_429"]) as (_server, doit):
        done = doit("pace=unpaced")
    assert done.code == 0, done.out + done.err
    [(work, waited, tries)] = shop.rows(
        "SELECT processing_time_seconds, waited_seconds,"
        " (SELECT COUNT(*) FROM calls WHERE phase = 'generation') FROM enhancements"
    )
    assert tries == 2
    assert waited > 20
    assert work < waited
