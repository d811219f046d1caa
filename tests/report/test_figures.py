"""What `doit report` counts, held against the ledger and the files of a real project."""

from __future__ import annotations

import gc
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from msgspec import to_builtins
from msgspec.structs import replace

from nightpress import errors, voice
from nightpress.checks import regression
from nightpress.clock import RealClock
from nightpress.ledger.ledger import Ledger
from nightpress.plan import Gatherer, PluginState
from nightpress.project import Project
from nightpress.report import advice, assemble, charts, html, ledger_figures, write
from nightpress.report.figures import CallDay, Cause, GateRow
from nightpress.report.html import page
from nightpress.report.write import markdown, summary
from nightpress.storage import RACY_NS
from nightpress.text import hanging
from tests.gemini_server import GeminiServer
from tests.market import Market, plugin, published
from tests.report.sample import HOSTILE, sample


def _project(root: Path) -> Market:
    """Two good plugins, one that stood undersized, one with too little source."""
    for name, size, skill in (
        ("alpha", 10_000, None), ("beta", 10_000, "---\nname: beta\ndescription: x\n---\n# Beta\n"),
        ("tiny", 0, None),
    ):  # fmt: skip
        plugin(root, name, size=size, skill=skill)
    market = Market(root)
    assert market.run("nightpress", "init").code == 0
    market.replaces()
    return market


def test_the_report_before_any_run(tmp_path: Path) -> None:
    market = _project(tmp_path)
    done = market.doit("report")
    assert done.code == 0, done.err
    told = json.loads((tmp_path / ".nightpress/report/report.json").read_text())
    assert told["attempts"] == {} and len(told["plugins"]) == 3
    assert not (tmp_path / ".nightpress/ledger.db").exists()


def test_figures_agree_with_the_ledger_and_with_the_files(tmp_path: Path) -> None:
    market = _project(tmp_path)
    market.done()
    done = market.doit("report")
    assert done.code == 0, done.err
    for name in ("index.html", "report.md", "report.json"):
        assert f".nightpress/report/{name}" in done.out
    told = json.loads((tmp_path / ".nightpress/report/report.json").read_text())
    counted = market.rows("SELECT status, COUNT(*) FROM enhancements GROUP BY status")
    assert told["attempts"] == dict(counted)
    assert told["standing"] == {"fresh": 2, "insufficient": 1}
    documents = {p["slug"]: p["documents"][0] for p in told["plugins"]}
    beta = documents["beta"]
    assert beta["size"] == market.target("beta").stat().st_size
    assert beta["size_before"] == len("---\nname: beta\ndescription: x\n---\n# Beta\n")
    assert "-description: x" in beta["diff"] and documents["alpha"]["diff"] == []
    (sha256,) = market.rows("SELECT content_sha256 FROM enhancements WHERE job = 'beta/skill'")[0]
    assert beta["provenance"]["sha256"] == sha256
    assert told["sizes"]["within_after"] == 2 and told["sizes"]["within_before"] == 0
    cause = next(c for c in told["causes"] if c["example"] == "tiny/skill")
    assert (cause["status"], cause["count"]) == ("insufficient", 1) and cause["todo"]
    assert told["plugins"][0]["slug"] == "tiny"


def test_a_report_holds_one_plugin_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("alpha", "beta", "gamma", "delta", "epsilon")
    market = published(tmp_path, *names)
    time.sleep(
        RACY_NS / 1e9 + 0.5
    )  # what has just been written is looked at again by the next run, too
    assert "nothing to do" in market.done().out  # the index knows all of them again
    held, gather = [], Gatherer.gather

    def counting(self: Gatherer, slug: str) -> PluginState:
        gc.collect()
        held.append(sum(isinstance(one, PluginState) for one in gc.get_objects()))
        return gather(self, slug)

    monkeypatch.setattr(Gatherer, "gather", counting)
    monkeypatch.chdir(tmp_path)
    told = assemble.gather(Project(Path(), {}, {}, RealClock()))
    assert [plugin.documents[0].window is not None for plugin in told.plugins] == [True] * 5
    assert len(held) == 5 and max(held) - held[0] <= 1


def test_a_report_of_fewer_plugins_leaves_no_rows_of_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html, "EACH", 20)
    project, rows = Project(tmp_path, {}, {}, RealClock()), tmp_path / ".nightpress/report/rows"
    for most, files in ((10, {"0000.js", "0001.js", "all.js"}), (35, {"0000.js", "all.js"})):
        monkeypatch.setattr(html, "FIRST", most)
        figures = sample(50)
        write(project, figures)
        assert {path.name for path in rows.iterdir()} == files
        assert all(path.stat().st_mode & 0o077 == 0 for path in rows.iterdir())
    told = (tmp_path / ".nightpress/report/report.json").read_text()
    assert json.loads(told) == json.loads(json.dumps(to_builtins(figures))) and told.isascii()


def test_the_restore_command_of_the_report_works(tmp_path: Path) -> None:
    market = _project(tmp_path)
    before = market.target("beta").read_bytes()
    market.done()
    market.done("report")
    told = json.loads((tmp_path / ".nightpress/report/report.json").read_text())
    beta = next(p for p in told["plugins"] if p["slug"] == "beta")["documents"][0]
    program, *words = beta["provenance"]["restore"].split()
    assert market.run(program, *words).code == 0
    assert market.target("beta").read_bytes() == before


def test_every_way_to_end_badly_has_its_own_advice() -> None:
    kinds = {
        error.__name__
        for error in (errors.Deferred, errors.Bounded, errors.DaySpent, errors.AwaitsReview,
                      errors.PublishConflict, errors.UnsafePath)
    }  # fmt: skip
    for cause in kinds | set(errors.ANSWER_KINDS) | {"killed"}:
        assert advice.todo("deferred", cause) != advice.OTHERS, cause


def test_what_overrules_a_refusal_names_a_document() -> None:
    """`nightpress build --force` alone is refused."""
    said = [
        advice.todo("refused", "regression-links", "keep it"),
        *advice.TODO.values(),
        advice.KEPT,
    ]
    with voice.nightpress():
        told = [voice.spoken(one) for one in (*said, regression.HINT) if "force" in one]
    assert len(told) == 4
    assert all("nightpress build PLUGIN/NAME --force" in one for one in told), told


def test_counts_have_whole_labels_and_none_overlap() -> None:
    drawn = charts.gates([GateRow("vocabulary", 1, 0, 0)])
    assert re.findall(r">(\d+)</text>", drawn) == ["0", "1"]
    drawn = charts.calls([CallDay("2026-11-25", 151, 140, 1, 1)], 150)
    assert re.findall(r">(\d+)</text>", drawn) == ["0", "75", "150"]


def test_json_on_the_terminal_is_one_document(tmp_path: Path) -> None:
    market = _project(tmp_path)
    done = market.doit("report", "--format", "json", "--days", "7")
    assert json.loads(done.out)["format"] == 1


def test_markdown_holds_no_markup_of_an_author() -> None:
    text = markdown(sample(12))
    assert "<script" not in text.replace("\\<script", "")
    assert "\u202e" not in text and "\\u202e" in text.replace("\\\\", "\\")
    rows = [line for line in text.splitlines() if line.startswith("| ") and "hostile-" in line]
    assert rows and all(row.count(" | ") == 3 for row in rows)
    assert HOSTILE[0] not in text


def test_a_page_of_many_plugins_stays_small() -> None:
    """About 1.3 kB a plugin: 10,000 of them are no burden to a browser."""
    small, large = (len(page(sample(n, hostile=False))) for n in (200, 1200))
    assert (large - small) / 1000 < 2_000


def test_backups_and_the_last_drill_are_read_from_the_ledger(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db", lambda: 0.0)
    assert ledger_figures.backups(ledger).count == 0
    for day, kind, ok, said in (
        ("21", "backup", 1, "sent 9 bytes"), ("22", "drill", 0, "drill FAILED"),
        ("22", "backup", 1, "sent 7 bytes"), ("23", "backup", 0, "refused"),
    ):  # fmt: skip
        ledger.record_backup(
            {"timestamp": f"2026-11-{day}T04:00:00+00:00", "kind": kind, "place": "file",
             "off_site": 0, "ok": ok, "said": said, "seconds": 1.0, "snapshot": "s"}
        )  # fmt: skip
    found = ledger_figures.backups(ledger)
    assert (found.count, found.last_backup[:10], found.off_site) == (2, "2026-11-22", False)
    assert (found.last_drill_said, found.drill_ok) == ("drill FAILED", False)
    assert found.failed_since == "refused"
    ledger.close()


def _told(market: Market, **environ: str) -> dict[str, Any]:
    done = market.doit("report", "--format", "json", **environ)
    assert done.code == 0, done.err
    told: dict[str, Any] = json.loads(done.out)
    del told["generated"]
    return told


def test_the_report_is_the_same_in_every_shell(tmp_path: Path) -> None:
    market = _project(tmp_path)
    before = _told(market)
    assert "there was no run yet" in before["writer"]
    assert _told(market, GEMINI_API_KEY="k") == before
    market.done()
    offline = _told(market)
    assert offline["standing"] == {"fresh": 2, "insufficient": 1}
    assert offline["writer"].startswith("offline (as in the run of ")
    assert _told(market, GEMINI_API_KEY="k") == offline
    with GeminiServer(keys={"k": "p"}) as server:
        market.doit(
            "enhance:tiny", "pace=unpaced", GEMINI_API_KEY="k",
            GOOGLE_GEMINI_BASE_URL=server.url(),
        )  # fmt: skip
    with_key = _told(market, GEMINI_API_KEY="k")
    assert with_key["writer"].startswith("gemini:")
    assert _told(market) == with_key
    plan = market.doit("plan")
    assert "; the last run wrote with gemini:" in plan.out
    assert json.loads(market.doit("plan", "--format", "json").out)["last_writer"][:7] == "gemini:"


def test_a_report_needs_no_key_of_a_backend_that_is_configured(tmp_path: Path) -> None:
    market = _project(tmp_path)
    path = tmp_path / "manifests/_defaults.yaml"
    path.write_text(path.read_text().replace("backend: auto\n", "backend: gemini\n", 1))
    assert _told(market)["writer"].startswith("gemini:")


def test_the_listing_tells_who_is_taken_for_whom_and_what_it_costs(tmp_path: Path) -> None:
    market = _project(tmp_path)
    for name, says in (("alpha", "settles ledgers of a team"), ("beta", "prints labels")):
        market.target(name).parent.mkdir(parents=True, exist_ok=True)
        market.target(name).write_text(
            f"---\nname: {name}\ndescription: {says}\n---\n# {name}\n\n## When to use\n\n"
            "- settle the open ledgers\n- close ledgers of a month\n"
        )
    market.done("report")
    told = json.loads((tmp_path / ".nightpress/report/report.json").read_text())["listing"]
    assert (told["skills"], told["requests"], told["first"]) == (2, 4, 0.5)
    assert told["characters"] == len("alphasettles ledgers of a teambetaprints labels")
    assert told["confused"] == [
        {"job": "beta/skill", "requests": 2, "first": 0, "rival": "alpha/skill", "taken": 2}
    ]
    alpha = next(row for row in told["plugins"] if row["slug"] == "alpha")
    assert alpha["tokens_on_load"] == market.target("alpha").stat().st_size // 4
    assert (alpha["tokens_always"], alpha["first"]) == (alpha["characters"] // 4, 2)
    assert (
        "| beta/skill | 0 of 2 | alpha/skill | 2 |"
        in (tmp_path / ".nightpress/report/report.md").read_text()
    )


def test_a_document_counts_by_the_size_that_its_own_plugin_is_asked_for(tmp_path: Path) -> None:
    """A small plugin's document is under the default window, and in its own."""
    market = Market(tmp_path)
    plugin(tmp_path, "small", size=2_500)
    assert market.run("nightpress", "init").code == 0
    market.done()
    market.done("report")
    told = json.loads((tmp_path / ".nightpress/report/report.json").read_text())
    [document] = told["plugins"][0]["documents"]
    low, high = document["window"]
    assert low <= document["size"] <= high and document["size"] < told["sizes"]["window"][0]
    assert (told["sizes"]["within_after"], told["sizes"]["documents"]) == (1, 1)
    said = "1 of 1 document of the right size; none before nightpress"
    assert said in (tmp_path / ".nightpress/report/report.md").read_text()


def test_where_there_is_nothing_to_count_no_figure_stands(tmp_path: Path) -> None:
    market = _project(tmp_path)
    market.target("alpha").parent.mkdir(parents=True)
    market.target("alpha").write_text("---\nname: alpha\ndescription: settles ledgers\n---\n# A\n")
    market.done("report")
    for name in ("index.html", "report.md"):
        text = (tmp_path / ".nightpress/report" / name).read_text()
        shown = re.sub(r"<script.*?</script>|<[^>]+>", "", text, flags=re.S)
        assert "no requests" in shown, name
        assert not re.search(r"\b0\s+of\s+0\b", shown), name


def test_the_report_speaks_of_nightpress_whoever_made_it(tmp_path: Path) -> None:
    market = _project(tmp_path)
    defaults = tmp_path / "manifests/_defaults.yaml"
    defaults.write_text(defaults.read_text().replace("publish: auto", "publish: review"))
    market.done()
    market.done("report")
    folder = tmp_path / ".nightpress/report"
    for name in ("index.html", "report.md", "report.json", "review.html"):
        text = (folder / name).read_text()
        assert "nightpress apply" in text, name
        assert not re.search(r"\bdoit\b", text), name


def test_every_rate_names_what_it_is_taken_of(tmp_path: Path) -> None:
    market = _project(tmp_path)
    run = market.done().out
    assert "success rate: 2 of 2 attempted (100 %); 1 not attempted" in run
    done = market.doit("report").out
    assert "success rate: 2 of 2 attempts published (100 %); 1 document not attempted" in done
    folder = tmp_path / ".nightpress/report"
    assert (
        "2 of 2 attempts published; 1 document not attempted" in (folder / "index.html").read_text()
    )
    assert "2 of 2 attempts published" in (folder / "report.md").read_text()
    told = json.loads((folder / "report.json").read_text())
    assert (told["rate"], told["not_attempted"]) == (100.0, 1)


def test_a_terminal_gets_a_screen_and_nobody_is_told_of_what_needs_nobody() -> None:
    left = Cause("Bounded", "deferred", 146, advice.todo("deferred", "Bounded"), "a/skill", "limit")
    figures = sample(hostile=False)
    figures = replace(figures, causes=(*figures.causes, left))
    rows = [hanging(line, 80).count("\n") + 1 for line in summary(figures, brief=True)]
    assert sum(rows) < 23, rows  # and the page, and the prompt
    assert len(summary(figures)) > len(rows), "a pipe is told more"
    for told in ("\n".join(summary(figures)), markdown(figures), page(figures)):
        assert "beyond what the run was to do" not in told
