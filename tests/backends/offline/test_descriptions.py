"""What a description says that a plugin does, and when it says that it is used."""

import json
from collections.abc import Sequence

import pytest

from nightpress.backends.offline import members, outline, phrases, trim, verbs
from nightpress.backends.offline.analyse import description
from nightpress.backends.offline.wishes import Wish, trimmed_end, wish
from tests.backends.offline.plugins import build, harbour
from tests.backends.offline.test_stated import plugin


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Moor ships at night", "Moors ships at night"),
        ("Automated tide analysis with tables", "Automates tide analysis with tables"),
        ("Harbour scanner that finds free berths", "Finds free berths"),
        ("Mooring specialist ensuring ships are safe", "Ensures ships are safe"),
        ("Creating and maintaining nets", "Creates and maintains nets"),
        ("Implementation specialist for writing clean logs", "Writes clean logs"),
        ("Harbour administration specialist for gales and ice", "Harbour administration: "),
        ("Rope analysis of hulls and masts", "Rope analysis of hulls and masts"),
        ("Rope analysis, hull reviews, and masts", "Rope analysis, hull reviews, and masts"),
        ("Complete tide dashboard for a small harbour", "Provides a tide dashboard for a small"),
        ("Commands for nets, ropes and hulls", "Provides commands for nets, ropes and hulls"),
        ("Agents for writing, checking, and validating logs", "Writes, checks, and validates logs"),
        ("Writing, checking, and validating logs", "Writes, checks, and validates logs"),
        ("\u6f6e\u6c50 tables", "\u6f6e\u6c50 tables"),
        ("Get Boats Home", "Gets Boats Home"),
        ("Link logbooks to berths", "Links logbooks to berths"),
        ("Bulk import charts to a log", "Bulk-imports charts to a log"),
        ("Auto-format logs after a trip", "Auto-formats logs after a trip"),
        ("Systematically update harbour documentation", "Systematically updates harbour"),
        ("Setup harbour lights with timers", "Sets up harbour lights with timers"),
        ("Setup guide for small boats", "Provides a setup guide for small boats"),
        ("Test agent that runs for hours", "Runs for hours"),
        ("Routing rules, tide tables, and charts", "Routing rules, tide tables, and charts"),
        ("Training and deployment of pilots", "Training and deployment of pilots"),
        ("Check tides and fix ropes until dawn", "Checks tides and fixes ropes until dawn"),
        ("Search for and analyze wrecks", "Searches for and analyzes wrecks"),
        ("Finding wrecks, writing logs, and sending them", "Finds wrecks, writes logs, and sends"),
        ("Help pilots read charts", "Helps pilots read charts"),
        ("Cache tides of a day", "Caches tides of a day"),
        ("Cache layer for tides", "Provides a cache layer for tides"),
        ("Release notes of a ship", "Release notes of a ship"),
        ("Load testing of pumps", "Load testing of pumps"),
        ("Goal-Oriented Tide Planning (GOTP) pilot that plans trips", "Plans trips"),
    ],
)
def test_a_description_begins_with_what_is_done(text: str, told: str) -> None:
    assert phrases.begun(text).startswith(told)


def test_a_name_keeps_its_capital_within_a_sentence() -> None:
    seen = "the tables of Holm, and mooring with Holm"
    assert phrases.begun("Holm dashboard of ships", seen) == "Provides a Holm dashboard of ships"
    assert phrases.begun("Deep dashboard of ships", seen) == "Provides a deep dashboard of ships"


@pytest.mark.parametrize(
    ("item", "kind", "text"),
    [
        ("Archive a log before winter", "asks to", "archive a log before winter"),
        ("**User wants to** moor a ship", "asks to", "moor a ship"),
        ("Queues exceed the limit (> 200 ships)", "when", "queues exceed the limit"),
        ("Import/export functionality requires feedback", "when", None),
        ("After changing the ropes of a ship", "at", "after changing the ropes of a ship"),
        ("Bowsing lines before a gale", "needs help with", "bowsing lines before a gale"),
        ("Wanting a quick look at the harbour", "wants", "a quick look at the harbour"),
        ('User says "find me a berth"', "says", '"find me a berth"'),
        ("Mentions storm surges", "mentions", "storm surges"),
        ("to Track small coins, ropes, or nets", "asks to", None),
        ("After a long break from your ship", "at", "after a long break from the ship"),
        ("Asks about rope prices", "asks about", "rope prices"),
        ("Slow harbour investigation", "asks about", "slow harbour investigation"),
    ],
)
def test_an_occasion_is_told_by_what_it_is(item: str, kind: str, text: str | None) -> None:
    found = wish(item)
    assert found is not None and found.kind == kind
    assert text is None or found.text == text


@pytest.mark.parametrize(
    "item",
    ["DON'T use it in a gale", "Your risk tolerance", "Moor {{SHIP}} at a quay", "Which harbour",
     "x -> y of a ship", '"Moor a [ship] for [owner]"', "Terminal commands to show"],
)  # fmt: skip
def test_what_is_no_occasion_is_none(item: str) -> None:
    assert wish(item) is None


def _plugin(description: str, **files: str) -> dict[str, str]:
    manifest = json.dumps({"name": "harbour-kit", "description": description})
    named = {path.replace("__", "/") + ".md": text for path, text in files.items()}
    return {".claude-plugin/plugin.json": manifest, **named}


def test_the_occasions_stand_in_the_plugin_s_order_and_the_command_last() -> None:
    body = (
        "---\ndescription: Report tides\n---\n\n# Report\n\n## When to Use\n\nUse it when:\n\n"
        "- Ropes exceed their age\n- Reporting tides of an island\n- Before leaving a harbour\n"
    )
    said = description(build(_plugin("Report tides of a day", commands__tide=body)))
    assert said == (
        "Reports tides of a day. Use before leaving a harbour, when ropes exceed their age, or when"
        " the user asks to report tides of an island, or runs /tide."
    )


def test_of_a_plugin_that_says_nothing_all_members_speak() -> None:
    made = build(
        _plugin(
            "Harbour kit agents",
            agents__tar="---\nname: tar\ndescription: Specialist for tarring hulls. Use"
            " PROACTIVELY for hull audits, or winter repairs.\n---\n\nTar.\n",
            agents__moor="---\nname: moor\ndescription: Plans moorings of ferries with care. Use"
            " after changing a rope plan.\n---\n\nMoor.\n",
            agents__tide="---\nname: tide\ndescription: Tide prediction expert.\n---\n\nTide.\n",
        )
    )
    assert description(made) == (
        "Plans moorings of ferries, with agents for tarring hulls and tide prediction. Use when"
        " the user needs help with hull audits or winter repairs, or asks for the moor, tar or tide"
        " agent."
    )


def _commands(said: Sequence[str]) -> str:
    files = {f"commands__c{n}": f"---\ndescription: {one}\n---\n\nDo.\n"
             for n, one in enumerate(said)}  # fmt: skip
    return description(build(_plugin("Harbour kit", **files)))


def test_of_commands_that_share_a_subject_each_says_what_it_does() -> None:
    said = _commands([
        "Create a new Rope Flow warp branch from the quay", "Show Rope Flow status with its ends",
        "Create a new Rope Flow hawser branch from the mole for emergencies",
    ])  # fmt: skip
    assert said.startswith(
        "Creates a new Rope Flow warp or hawser branch and shows Rope Flow status. Use when the"
        " user asks for one of these, or runs /c0"
    )


def test_what_a_description_has_no_room_for_is_among_its_occasions() -> None:
    """Each in a few words, and in no other script."""
    nouns = "ropes nets hulls oars masts sails winches buoys anchors lanterns charts flags".split()
    foreign = "\u821f\u3092\u76f4\u3059"
    said = _commands([*(f"Mend the torn {one} with tar, twine, and wax" for one in nouns), foreign])
    what, _, when = said.partition(". Use ")
    assert all(f"torn {one}" in said for one in nouns[:10]) and " wax" not in when
    assert "\u821f" not in said and not any(f"torn {one}" in when for one in nouns if one in what)


def test_of_many_commands_those_with_the_plugin_s_name_are_named() -> None:
    jobs = ("Sound the depths", "Tar the hulls", "Mend the nets", "Paint the buoys", "Wind a clock",
            "Sweep the quays", "Light the lamps", "Feed the gulls", "Ring the bells")  # fmt: skip
    files = {
        f"commands__{job.split()[-1]}": f"---\ndescription: {job}\n---\n\n{job}.\n" for job in jobs
    }
    files["commands__zz-harbour"] = "---\ndescription: Audit the harbour\n---\n\nAudit.\n"
    made = build(_plugin("Harbour kit commands.", **files))
    chosen = [one.name for one in members.chosen(made)]
    assert len(chosen) == members.MOST and "zz-harbour" in chosen
    assert "audits the harbour" in members.acts(made, trim.owned(made))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Cache tides for 10-100x performance improvement.", "Caches tides. "),
        ("Cache tides with +12.4% accuracy gains, and ropes.", "Caches tides, and ropes. "),
        ("Find and fix wet ropes. Typical savings: 20-50%", "Finds and fixes wet ropes. "),
        ("Harbour Kit - Plan tides of a day", "Plans tides of a day. "),
        ("Plan tides. Use PROACTIVELY for gales.", "Plans tides. "),
        ("Set up a professional Uniform berth.", "Sets up a Uniform berth. "),
        ("Plan tides for: $ARGUMENTS", "Provides the harbour-kit plugin. "),
    ],
)
def test_a_description_sells_nothing(said: str, told: str) -> None:
    assert description(build(_plugin(said))).startswith(told)


def test_a_user_mentions_no_tool_trouble_or_kind_that_the_texts_name() -> None:
    body = (
        "---\ndescription: Profile pumps\n---\n\n# Profile\n\n## What it looks at\n\n"
        "- **Pump Pressure Curves**: by hour\n- **Winter Lamps**: lit\n- Read the log\n\n"
        "Memory leaks are found. Prometheus keeps the rest.\n\n```\nGrafana\n```\n"
    )
    said = description(build(_plugin("Profile pumps", commands__profile=body)))
    assert said == "Profiles pumps. Use when the user asks to profile pumps, or runs /profile."


def test_what_is_done_when_it_fails_calls_nobody() -> None:
    body = (
        "---\ndescription: Weigh a crate\n---\n\n# Weigh\n\n## When it fails\n\n"
        '- An empty crate: say so, stop.\n- "not wood": it is of steel.\n'
    )
    said = description(build(_plugin("Weighs crates on a quay.", commands__weigh=body)))
    assert "crate: " not in said and "empty" not in said and "not wood" not in said


def test_of_many_of_which_one_says_what_it_does_the_names_are_told() -> None:
    parts = {f"commands__{name}": f"# {name}\n\n- A\n" for name in ("bow", "keel", "oar")}
    parts["commands__reef"] = "---\ndescription: Reef design\n---\n\n# Reef\n"
    said = description(build(_plugin("Harbour commands", **parts)))
    assert said.startswith("Provides the commands bow, keel, oar and reef. Use when")


def test_the_words_that_an_agent_is_called_by_are_its_own() -> None:
    agent = (
        "---\nname: pilot\ndescription: A pilot for small ships\ntriggers:\n  keywords:\n"
        "    - night_mooring\n    - tide tables\n---\n\nPilot.\n"
    )
    said = description(build(_plugin("Moor ships.", agents__pilot=agent)))
    assert said == (
        "Moors ships. Use when the user mentions night mooring or tide tables, or asks for the"
        " pilot agent."
    )


def test_what_an_agent_is_called_for() -> None:
    made = build(_plugin("x", agents__pilot=(
        "---\nname: pilot\ndescription: Pilots. Use this agent when gales are near. Use PROACTIVELY"
        " for night moorings, any issues, or after lunch. Use immediately after mooring a ship."
        "\n---\n\nx\n"
    )))  # fmt: skip
    [agent] = made.of("agent")
    assert list(members.called(agent)) == [
        Wish("when", "gales are near"),
        Wish("needs help with", "night moorings"),
        Wish("at", "after mooring a ship"),
    ]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Set Up Moorings for small ships", "sets up moorings for small ships"),
        ("Compare the tides between the islands of the north and the harbours of the western coast",
         "compares the tides"),
        ("Report and chart depths", "reports and charts depths"),
        ("Help debug slow pumps", "debugs slow pumps"),
        ("Hull audit with ropes, masts, and nets", "hull audit"),
        ("This guide explains how ships are moored", ""),
        ("Rope Commands", ""),
        ("Auto-generate tide tables", "auto-generates tide tables"),
    ],
)  # fmt: skip
def test_what_one_command_of_many_does_in_a_few_words(said: str, told: str) -> None:
    made = build({
        "commands/x.md": f"---\ndescription: {said}\n---\n\nx\n",
        ".claude-plugin/plugin.json": '{"name": "x"}',
    })  # fmt: skip
    found, _ = members.act(made.of("command")[0], trim.owned(made))
    assert found.lower() == told.lower()


def _pack(said: list[str], name: str = "quay") -> str:
    agents = {
        f"agents/a{at}.md": f"---\nname: a{at}\ndescription: {json.dumps(one)}\n---\n\nx\n"
        for at, one in enumerate(said)
    }
    plugin = {"name": name, "version": "1", "description": name}
    return description(build({".claude-plugin/plugin.json": json.dumps(plugin), **agents}))


def test_a_list_of_lists_has_semicolons() -> None:
    said = _pack(["Rope, net and sail audit specialist.", "Tide analyst.", "Hull paint expert."])
    assert said.startswith("Agents for rope, net and sail audit; hull paint") or "; and " in said


@pytest.mark.parametrize(
    "role",
    [
        "Master of rope making.",
        "Specializes in rope making, with care.",
        "Mooring and rope making specialist.",
        "Expert in rope making.",
    ],
)
def test_who_somebody_is_is_no_deed(role: str) -> None:
    said = _pack([role, "Hull paint specialist.", "Tide table analyst."]).partition(". ")[0]
    assert said.startswith("Agents for ") and "rope making" in said
    assert not any(word in said.lower() for word in ("master of", "specializ", "expert", "moors"))


def test_a_description_holds_no_marks_no_argument_and_no_order_to_call() -> None:
    said = _pack([
        "**PHASE 3 of a workflow**. Checks ropes.", "Use this agent as a GATE after mooring.",
        "Performs audits of $ARGUMENTS to find leaks.", "Paints hulls of small ships.",
        "Guide to mend nets of a crew.",
    ])  # fmt: skip
    assert not any(one in said for one in ("**", "PHASE", "GATE", "$ARG", "for guide"))
    assert "performs audits to find leaks" in said.lower()


def test_a_name_of_several_words_keeps_its_capitals() -> None:
    said = _pack(["Deep Water Docks audit specialist.", "Hull paint expert.", "Tide analyst."])
    assert "for Deep Water Docks audit" in said


def test_a_few_words_of_an_occasion_say_what_all_of_it_is_about() -> None:
    every = [f"Checks the HOLM {one}. Use for finding {one}, or {one} reviews." for one in
             ("ropes", "nets", "hulls")]  # fmt: skip
    assert "needs help with HOLM work such as finding ropes" in _pack(every, "holm-team")
    assert "HOLM work" not in _pack(every, "quay")


def test_what_one_of_many_says_of_its_own_means_calls_no_pack() -> None:
    agents = {
        f"agents__a{at}": f"---\nname: a{at}\ndescription: Checks {one}. Use for {one} audits."
        f"\n---\n\n## When to use a hook\n\n- Ropes are wet and {one} long\n"
        for at, one in enumerate(("ropes", "nets", "hulls"))
    }
    said = description(build(_plugin("quay", **agents)))
    assert "wet" not in said and "ropes audits" in said


def test_an_area_that_a_command_looks_at_is_no_occasion_of_it() -> None:
    command = (
        "---\ndescription: Check ropes\n---\n\n# Ropes\n\nCheck ropes.\n\n## Check areas\n\n"
        "- **Splice strength**: pull it.\n- **Salt damage**: feel it.\n- **Age**: ask.\n"
    )
    said = description(build(_plugin("Checks ropes.", commands__check=command)))
    assert said.endswith("Use when the user asks to check ropes, or runs /check.")


def test_a_sentence_of_another_script_is_no_occasion_of_an_english_one() -> None:
    command = (
        "---\ndescription: \u6f6e\u6c50\u3092\u8a08\u7b97\u3057\u307e\u3059\n---\n\n# X\n\nx\n"
    )
    said = description(build(_plugin("\u6f6e\u6c50\u8868\u3067\u3059", commands__tide=command)))
    assert said.endswith("Use when the user runs /tide.")


def _agent(said: str) -> str:
    text = f"---\nname: tide-pilot\ndescription: {said}\n---\n\nIt is done.\n"
    manifest = json.dumps({"name": "tide-pilot", "description": said})
    return description(
        build({".claude-plugin/plugin.json": manifest, "agents/tide-pilot.md": text})
    )


def test_what_an_agent_is_called_for_is_what_it_does() -> None:
    said = _agent("Harbour log specialist. Use PROACTIVELY for finding wrecks, and writing logs.")
    assert said.startswith("Finds wrecks, and writes logs. Use when the user asks to find wrecks")
    said = _agent("Tide and berth planner. Use for night moorings, with care, or wreck surveys.")
    assert said.startswith("Provides a tide and berth planner. Use when the user needs help with")
    assert "night moorings or wreck surveys, or asks" in said  # "with care" is none of them


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("Tide and ice law specialist. Use for appeals.", "Covers tide and ice law. Use when"),
        ("Harbour log expert.", "Covers harbour log. Use when"),
        (
            "Log record specialist that reads, mends, and signs logs.",
            "Reads, mends, and signs logs.",
        ),
        (
            "Use it when you need to repair old logs. This agent should be used at dawn.",
            "Repairs old logs. Use when",
        ),
        ("Mends old logs of lost ships.", "Use when the user asks to mend old logs"),
        ("Carefully mends old logs.", "Use when the user asks to mend old logs"),
        (
            "Berth, quay, and fault resolution specialist. Fixes torn fenders.",
            "Covers berth, quay, and fault resolution. Fixes torn fenders.",
        ),
        ("Tide specialist using a gauge.", "Provides a tide specialist using a gauge."),
        (
            "Expert Ada code reviewer specializing in tides, ice and fog.",
            "Reviews Ada code for tides, ice and fog.",
        ),
        ("Use this agent when reading old logs of lost ships.", "Reads old logs of lost ships."),
        (
            "Operate cranes, monitor winches, and intervene safely when they stall.",
            "Operates cranes, monitors winches, and intervenes safely",
        ),
        ("Write logs first, then implement. It is so.", "Writes logs first, then implements."),
        (
            "Extract rust from hulls and save them as scrap.",
            "Extracts rust from hulls and saves them",
        ),
        (
            "Review hulls for old tar, clean layers, and common leaks.",
            "Reviews hulls for old tar, clean layers, and common leaks.",
        ),
    ],
)
def test_what_somebody_is_says_what_it_covers_and_when(told: str, said: str) -> None:
    assert said in _agent(told)


def test_of_a_command_that_says_nothing_of_itself_the_title_tells() -> None:
    body = "# How to Mend a Torn Sail\n\nThis is how we sew.\n"
    manifest = json.dumps({"name": "sails", "description": "sails"})
    said = description(build({".claude-plugin/plugin.json": manifest, "commands/sails.md": body}))
    assert said.startswith("Mends a torn sail. ")


@pytest.mark.parametrize(
    ("does", "asked"),
    [
        (
            "Write the catch of a day to a ledger of all boats",
            "write the catch of a day to a ledger",
        ),
        ("Write Tide Log Book (TLB) pages of a day", "write Tide Log Book pages of a day"),
        ("Moor a ship through a fog bank", "moor a ship, or"),  # told again without how
        ("Moor ships with spare ropes, fenders and care", "moor ships, or"),
        ("List every free berth of the harbour", "list every free berth of the harbour"),
    ],
)
def test_what_the_description_says_is_asked_for_in_short(does: str, asked: str) -> None:
    found = build(
        {
            ".claude-plugin/plugin.json": json.dumps({"name": "harbour", "description": does}),
            "commands/moor.md": f"---\ndescription: {does}\n---\n# Moor\n\nIt is done.\n",
        }
    )
    assert f"Use when the user asks to {asked}" in description(found)
    assert description(found).endswith(", or runs /moor.")


def test_what_it_provides_is_what_a_user_needs() -> None:
    manifest = {"name": "log", "description": "Provides a logbook with dates."}
    found = build({".claude-plugin/plugin.json": json.dumps(manifest)})
    assert description(found).endswith("Use when the user needs a logbook.")


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ("Sonar DGPS Analysis", "Sonar DGPS analysis"),
        ("Migrate from one quay to another, or to a buoy", "migrate from one quay to another"),
    ],
)
def test_an_item_is_cut_where_it_ends_and_a_name_keeps_its_capital(item: str, text: str) -> None:
    found = wish(item)
    assert found is not None and found.text == text


def test_how_members_follow_each_other_is_no_occasion() -> None:
    agents = {
        "pilot": "Steers ships. Use after the lookout completes.",
        "lookout": "Watches reefs. Use when fog rises over the bay.",
        "clerk": "Logs the catch",
        "cook": "Cooks fish",
    }
    files = {
        f"agents__{name}": f"---\ndescription: {said}\n---\n\n# A\n"
        for name, said in agents.items()
    }
    said = description(build(_plugin("Harbour kit", **files)))
    assert "lookout completes" not in said


@pytest.mark.parametrize("end", ["like", "such as", "aligned with"])
def test_no_phrase_ends_in_the_air(end: str) -> None:
    assert trimmed_end(f"log the catch in ledgers {end}") == "log the catch in ledgers"


def test_of_a_pack_in_folders_the_occasions_are_of_each() -> None:
    def command(said: str) -> str:
        return (
            f"---\ndescription: Serve the crew\n---\n\n# It\n\n## When to Use\n\n- {said}\n\nDo.\n"
        )

    rope = ("Check a torn hawser", "Clean the long warp", "Test each wet line", "Fix a split oar")
    files = {f"plugins/1-rope/commands/r{n}.md": command(said) for n, said in enumerate(rope)}
    files |= {"plugins/2-tide/commands/t.md": command("Read the old gauge"),
              "plugins/3-light/commands/l.md": command("Trim the lantern wick")}  # fmt: skip
    said = description(build(plugin("Serves pilots and their passengers at night.") | files))
    assert "old gauge" in said and "lantern wick" in said and "torn hawser" in said


def test_what_a_command_of_a_pack_does_is_asked_for_before_when_its_text_says() -> None:
    text = "---\ndescription: {}\n---\n\n# It\n\n## When to Use\n\n- {}\n\nDo it.\n"
    files = {
        "commands__moor": text.format("Moor a ferry", "Build a long quay"),
        "commands__tar": text.format("Tar a hull", "Start a voyage to the north"),
        "commands__log": text.format("Log the catch", "Close the harbour early"),
    }
    said = description(build(_plugin("Serves pilots and their passengers at night.", **files)))
    assert "Use when the user asks to log the catch, moor a ferry, start a voyage" in said


def test_of_agents_that_say_no_more_what_they_know_is_an_occasion() -> None:
    files = {
        f"agents__{name}": f"---\nname: {name}\ndescription: {name.title()} specialist\n---\n\n"
        f"## Your Expertise\n\n- {item}\n- Docking\n"
        for name, item in (
            ("tar", "Hull Care"), ("moor", "Fog signals (by night)"), ("gauge", "Tide tables"),
        )
    }  # fmt: skip
    said = description(build(_plugin("Harbour kit agents", **files)))
    assert "needs help with tide tables, fog signals or hull care, or asks for the" in said


def test_what_is_done_again_to_another_thing_is_an_occasion() -> None:
    deeds = (
        "Create guides", "Clean hulls", "Mend nets", "Trim sails", "Read gauges", "Count buoys",
        "Log depths", "Send signals",
    )  # fmt: skip
    said = _commands([*(f"{one} for its pilots" for one in deeds), "Create migration guides"])
    assert "migration" not in said.partition(". Use ")[0]
    assert "asks to create migration guides, or runs" in said


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("1. Choose a platform (Capstan, Windlass, etc.)", " (Capstan, Windlass)"),
        ("1. Choose the ropes (Capstan or Windlass, etc.)", " (Capstan, Windlass)"),
        ("1. Choose a rope library (Capstan and RopeJS)", " (Capstan, RopeJS)"),
        ("1. Rate the severity (High, Low)", ""),  # no tools
        ("1. Keep to rules of a platform (SOLAS, COLREG)", ""),
        ("1. Choose a platform (Capstan)", ""),
    ],
)
def test_the_tools_that_a_command_names_stand_with_its_one_occasion(body: str, names: str) -> None:
    text = f"---\ndescription: Test hawsers\n---\n\n# Splice\n\n{body}\n2. Splice it.\n"
    files = {k: v for k, v in harbour().items() if k.startswith(".")}
    said = description(build(files | {"commands/splice.md": text}))
    assert f"asks to test hawsers{names}, or runs /splice" in said


@pytest.mark.parametrize(
    ("heading", "matter"),
    [
        ("Requirements", "setup"),
        ("2. System Requirements", "setup"),
        ("Requirements and Setup", "setup"),
        ("Evidence Requirements", "other"),
        ("Output requirements", "other"),
    ],
)
def test_what_a_result_must_have_is_nothing_that_is_needed_before(
    heading: str, matter: str
) -> None:
    assert outline.matter_of(heading)[0] == matter


def test_an_order_goes_on_with_what_it_finds_out() -> None:
    told = "Analyzes logs for rust and determines if a hull is sound"
    assert verbs.imperative(told) == "Analyze logs for rust and determine if a hull is sound"
    assert verbs.imperative("Tracks logs and reports of ships") == "Track logs and reports of ships"
