"""Figures of a month of nights, made up by a seed, for pages of any size."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime, timedelta

from nightpress.report.figures import (  # fmt: skip
    AttemptRow,
    Backups,
    Bin,
    CallDay,
    Cause,
    ConfusedRow,
    Day,
    DocumentRow,
    Figures,
    GateRow,
    ListedRow,
    Listing,
    ModelRow,
    NeedRow,
    Phase,
    PluginRow,
    Provenance,
    QuotaState,
    RunRow,
    Sizes,
)

HOSTILE = (
    "<script>window.owned = 1</script>",
    "</script><script>window.owned = 2</script>",
    '"onmouseover="window.owned = 3" x="',
    "<img src=x onerror=window.owned=4>",
    "javascript:window.owned=5",
    "{{ 7 * 7 }} ]]> <!-- \u202e gnp.exe",
)
MODEL = "gemini-3.5-flash-lite"
NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
_NOUNS = "release ledger audit deploy schema triage incident metric vault cache queue".split()
_VERBS = "keeper guard watcher scribe reviewer planner tuner mapper".split()


def sample(plugins: int = 60, seed: int = 7, hostile: bool = True) -> Figures:
    """The figures; the first plugins have hostile names."""
    rng = random.Random(seed)
    found = [_plugin(rng, number, hostile) for number in range(plugins)]
    documents = [d for p in found for d in p.documents]
    states: dict[str, int] = {}
    for document in documents:
        states[document.state] = states.get(document.state, 0) + 1
    return Figures(
        project="acme-marketplace",
        generated=NOW.isoformat(),
        version="0.1.0",
        writer=f"gemini:{MODEL} (GEMINI_API_KEY is set)",
        since="2026-10-24",
        standing=states,
        attempts={"published": 41 * plugins, "refused": 2 * plugins, "failed": plugins},
        rate=93.2,
        not_attempted=17,
        runs=_runs(rng),
        days=_days(rng),
        sizes=_sizes(documents),
        phases=(
            Phase("waiting for quota", 812, 3.9, 44.0, 61.2), Phase("analysis", 402, 2.1, 6.4, 19),
            Phase("generation", 811, 11.8, 29.5, 58.1), Phase("repair", 120, 9.7, 24.4, 41.0),
            Phase("whole attempt", 811, 14.9, 41.2, 96.3),
        ),
        call_days=[
            CallDay(_day(n), c, c - rng.randint(0, 30), c * 6100, c * 3100)
            for n in range(24)
            for c in (rng.randint(120, 470),)
        ],
        quota=(
            QuotaState(MODEL, 15, 250_000, 500, 388, 112, "2026-11-23T08:00+00:00", 13, 171_300),
        ),
        models=(
            ModelRow(MODEL, MODEL, 7012, 42_800_000, 21_200_000, 0.0),
            ModelRow(MODEL, "gemini-3.1-flash-lite", 12, 73_000, 36_000, 0.0),
            ModelRow(MODEL, "", 141, 0, 0, 0.0),
        ),
        gates=(
            GateRow("grounding.command", 31, 0, 0), GateRow("size.window", 18, 4, 0),
            GateRow("description.trigger", 0, 55, 0), GateRow("code.parses", 6, 0, 0),
            GateRow("text.repeated", 3, 21, 9),
        ),
        causes=(
            Cause("grounding.command", "refused", 3, "read the kept draft and its findings",
                  "release-keeper-4/skill",
                  "/rollback is not a command of this plugin " + HOSTILE[0]),
            Cause("transient", "failed", 2, "run nightpress build again: the server failed",
                  "audit-guard-9/skill", "503 The model is overloaded"),
            Cause("insufficient source", "insufficient", 4,
                  "write more in the plugin, use a model, or ask for less",
                  "note-stamp/skill", "the offline backend can extract 866 of 8,000 bytes"),
        ),
        backups=Backups("2026-11-23T05:58:00+00:00", "236 plugins, 1,204 files, off-site",
                        "2026-11-22T06:10:00+00:00", "every hash compared, in 41.2 s", True, 23,
                        True, f"the vault refused the token {HOSTILE[1]}"),
        plugins=tuple(found),
        needs=(
            NeedRow("scan-kit", True, ("commands/scan.md:3: never written",)),
            NeedRow("lock-watch", False, tuple(
                f"README.md:{n}: /lock-{n} is no command {HOSTILE[0]}" for n in range(9, 17)
            )),
        ),
        listing=Listing(
            3, 40, 0.62, 0.81, 9_120, 8_000, 2_280, 9_600, (("lock-a/skill", "lock-b/skill"),),
            (ConfusedRow(f"scan-kit/{HOSTILE[0]}", 9, 2, f"lock-watch/{HOSTILE[3]}", 5),),
            (ListedRow(HOSTILE[1], 3, 9_120, 2_280, 9_600, 40, 25),),
        ),
        problems=(f"manifests/{HOSTILE[2]}.yaml:3:5: not a number",) if hostile else (),
    )  # fmt: skip


def _day(ago: int) -> str:
    return (NOW - timedelta(days=23 - ago)).date().isoformat()


def _plugin(rng: random.Random, number: int, hostile: bool) -> PluginRow:
    name = f"{rng.choice(_NOUNS)}-{rng.choice(_VERBS)}-{number}"
    slug = name
    if hostile and number < len(HOSTILE):
        name, slug = HOSTILE[number], f"hostile-{number}"
    states = ["fresh"] * 18 + ["refused", "unmade", "keep", "insufficient", "make", "parked"]
    state = rng.choice(states)
    return PluginRow(slug, name, state, (_document(rng, slug, name, state, number),))


def _document(rng: random.Random, slug: str, name: str, state: str, number: int) -> DocumentRow:
    before = rng.choice([None, rng.randint(300, 7_000), rng.randint(8_000, 24_000)])
    reasons = () if state == "fresh" else (f"content changed: commands/{name}.md", "undersized")
    at = (NOW - timedelta(minutes=number % 4000)).isoformat(timespec="seconds")
    attempts = [
        AttemptRow(at, s, MODEL, round(rng.uniform(6, 60), 1), rng.randint(6000, 13_000), why)
        for s, why in (("published", "content changed"), ("refused", f"unknown command /{name}"))
    ]
    findings = () if state == "fresh" else (
        {"check": "grounding.command", "severity": "error", "line": 12,
         "message": f"/{name} is not a command of this plugin", "column": 1, "hint": ""},
    )  # fmt: skip
    digest = hashlib.sha256(slug.encode()).hexdigest()
    diff = ("--- before", "+++ now", "@@ -1,3 +1,4 @@", f" # {name}", "-TODO: describe",
            "+Keeps the release ledger of a team in order.", "+Use when a release is cut.") \
        if number < 150 else ()  # fmt: skip
    return DocumentRow(
        job=f"{slug}/skill", type="skill", target=f"plugins/{slug}/skills/{slug}/SKILL.md",
        state=state, reasons=reasons, size=rng.randint(8_000, 14_000), size_before=before,
        score=rng.randint(78, 100), score_before=None if before is None else rng.randint(20, 80),
        tries=len(attempts), last=at, attempts=attempts, findings=findings,
        provenance=Provenance(
            at, "published", "gemini", MODEL, MODEL, digest, digest[::-1], digest[:64], 2, 9100,
            3900, 0.0, "20261123T031200-ab12cd34",
            f"nightpress restore --plugin {slug} --snapshot 20261123T031200-ab12cd34",
        ),
        diff=diff, window=(8_000, 14_000),
        draft=f"drafts/{slug}/skill.md" if state == "refused" else "",
    )  # fmt: skip


def _days(rng: random.Random) -> list[Day]:
    return [
        Day(_day(n), {"published": rng.randint(90, 220), "refused": rng.randint(2, 16),
                      "failed": rng.randint(0, 8), "deferred": rng.randint(0, 40)})
        for n in range(24)
    ]  # fmt: skip


def _runs(rng: random.Random) -> list[RunRow]:
    rows = []
    for ago in range(6):
        start = NOW - timedelta(days=ago, hours=5)
        made = {"published": rng.randint(90, 200), "refused": rng.randint(1, 9), "failed": 2}
        rows.append(
            RunRow(f"{start:%Y%m%dT%H%M%S}-{ago:06x}", start.isoformat(),
                   (start + timedelta(hours=4)).isoformat(), "gemini", MODEL, 1, 14_400.0, made,
                   sum(made.values()) * 2)
        )  # fmt: skip
    return rows


def _sizes(documents: list[DocumentRow]) -> Sizes:
    befores = [d.size_before for d in documents if d.size_before is not None]
    afters = [d.size for d in documents]
    bins = [
        Bin(low, low + 2000, sum(low <= s < low + 2000 for s in befores),
            sum(low <= s < low + 2000 for s in afters))
        for low in range(0, 26_000, 2000)
    ]  # fmt: skip
    within = sum(8_000 <= s <= 14_000 for s in befores)
    return Sizes((8_000, 14_000), bins, len(documents), within, len(afters))
