"""`nightpress TASK`: doit's tasks from anywhere, and what is said of words that mean nothing."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nightpress import cli, tasks, voice
from nightpress.cli import everywhere, task
from nightpress.tasks import dodo, usage
from tests.market import Market, plugin, published


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    return published(tmp_path_factory.mktemp("market"), "alpha", "beta")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("build", "enhance"),
        ("build alpha beta/skill", "enhance:alpha enhance:beta/skill"),
        ("build enhance:alpha", "enhance:alpha"),
        ("build --limit 3 --max-calls=5", "limit=3 max_calls=5 enhance"),
        ("build alpha --force backend=offline", "force=1 backend=offline enhance:alpha"),
        ("build -q --continue alpha", "progress=none --continue enhance:alpha"),
        ("build --force 1 alpha", "force=1 enhance:alpha"),
        ("build -v alpha", "progress=plain enhance:alpha"),
        ("build alpha -v", "progress=plain enhance:alpha"),
        ("build -v 2 alpha", "-v 2 enhance:alpha"),
        ("build alpha --paid --limit 2", "paid=1 limit=2 enhance:alpha"),
        ("build --dry-run", "plan"),
        ("build -n", "plan"),
        ("build -n 4 alpha", "-n 4 enhance:alpha"),
        ("build alpha --process 4 -v 2", "--process 4 -v 2 enhance:alpha"),
        ("build -n alpha b*", "plan --plugin=alpha,b*"),
        ("build -n alpha/skill --json", "plan --plugin=alpha/skill --format json"),
        ("build --verbose", "progress=plain enhance"),
        ("review alpha/skill --json", "review --plugin=alpha/skill --format json"),
        ("plan alpha -v --format json", "plan --plugin=alpha --verbose --format json"),
        ("prune -n --days 9", "prune --dry-run --days 9"),
        ("build --json", "progress=json enhance"),
        ("plan --json", "plan --format json"),
        ("report --days 7", "report --days 7"),
        ("restore --plugin alpha --snapshot 1", "restore --plugin alpha --snapshot 1"),
        ("adopt alpha", "adopt:alpha"),
        ("apply --lossless", "apply --lossless"),
        ("apply alpha/skill --merge", "apply:alpha/skill --merge"),
        ("clean -n alpha", "clean -n enhance:alpha"),
        ("info alpha/skill", "info enhance:alpha/skill"),
        ("list --sort name enhance", "list --sort name enhance"),
    ],
)
def test_the_line_that_doit_gets(words: str, line: str) -> None:
    command, *rest = words.split()
    assert " ".join(task._line(command, rest)) == line


def test_a_reason_may_have_spaces() -> None:
    words = ["alpha/skill", "--because", "too long"]
    assert list(task._line("reject", words)) == ["reject:alpha/skill", "--because", "too long"]


def test_a_reason_may_be_a_word_that_means_something(market: Market) -> None:
    ran = market.run("nightpress", "reject", "alpha", "--because", "no")
    assert (ran.code, ran.out) == (0, "alpha: no draft waits\n"), ran.err


def test_a_path_in_a_plugin_means_the_plugin(market: Market) -> None:
    inside = Market(market.root / "plugins" / "alpha" / "commands")
    for word in (".", "..", "../README.md", "alpha-settle.md"):
        assert inside.run("nightpress", "plan", word, "-q").out == "alpha: 1 up to date\n", word


def test_a_quiet_plan_has_totals_alone(market: Market) -> None:
    told = market.run("nightpress", "plan", "-q")
    assert told.out.count("\n") == 1 and told.out.startswith("2 documents in 2 plugins: ")


def test_a_plan_that_tells_all_names_what_is_up_to_date(market: Market) -> None:
    assert "alpha/skill" not in market.run("nightpress", "plan").out
    told = market.run("nightpress", "plan", "-v").out.splitlines()
    assert [re.sub(" +", " ", line)[:22] for line in told[:2]] == [
        "up to date alpha/skill",
        "up to date beta/skill ",
    ]


def test_a_plan_needs_no_key(market: Market) -> None:
    told = market.run("nightpress", "plan", "-q", "--backend", "gemini")
    assert told.code == 0
    assert "a run needs GOOGLE_API_KEY or GEMINI_API_KEY in the environment" in told.out
    assert market.run("nightpress", "build", "--backend", "gemini").code == 3


@pytest.mark.parametrize("module", ["nightpress.tasks list", "nightpress.tasks.usage plan a b"])
def test_ctrl_c_while_the_interpreter_starts_again_waits(
    market: Market, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    masks: list[set[int]] = []

    def become(*_words: object) -> None:
        masks.append(signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT]))

    monkeypatch.setattr(os, "execv", become)
    task._become(*module.split())
    assert signal.SIGINT in masks[0]
    running = subprocess.Popen(
        [sys.executable, "-m", *module.split()], cwd=market.root, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT]) and None,
    )  # fmt: skip
    running.send_signal(signal.SIGINT)
    assert running.communicate(timeout=60)[1] == ""
    assert running.returncode == -signal.SIGINT


def test_every_chapter_is_a_command() -> None:
    chapters = {name.replace("_", "-") for name in tasks.__all__} - {"config", "enhance"}
    assert chapters <= set(task.COMMANDS)


def test_it_works_from_any_folder_of_the_project(market: Market) -> None:
    inside = Market(market.root / "plugins" / "alpha" / "commands")
    ran = inside.run("nightpress", "build")
    assert (ran.code, ran.out) == (0, "nothing to do: 2 up to date\n"), ran.err
    assert json.loads(inside.run("nightpress", "plan", "--json").out)["plugins"] == 2
    elsewhere = Market(market.root.parent)
    ran = elsewhere.run("nightpress", "plan", "--project", str(market.root))
    assert "2 documents in 2 plugins: 0 stale" in ran.out
    assert elsewhere.run("nightpress", "build").code == 3


@pytest.mark.parametrize(
    "words",
    [
        "status", "tonight", "check", "facts alpha", "list", "info alpha/skill",
        "why plugins/alpha/skills/alpha/SKILL.md", "watch --once",
    ],
)  # fmt: skip
def test_a_command_finds_the_project_from_a_sub_folder(market: Market, words: str) -> None:
    inside = Market(market.root / "plugins" / "alpha")
    there, here = (place.run("nightpress", *words.split()) for place in (market, inside))
    assert (here.code, there.code) == (0, 0), here.err + there.err
    assert here.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("nightpress forget alpha --al", "there is no option --al; did you mean --all?"),
        ("nightpress clean --ye", "there is no option --ye; did you mean --yes?"),
        ("nightpress apply --loss", "there is no option --loss; did you mean --lossless?"),
        ("nightpress forget alpha --all", "a plugin and --all were given"),
        ("nightpress build zz*", "no plugin and no document matches 'zz*'"),
        ("nightpress build zz* -n", "no plugin and no document matches 'zz*'"),
        ("nightpress apply alpa*", "matches 'alpa*'; did you mean 'alpha*'?"),
        ("doit adopt:alpha/zz*", "no plugin and no document matches 'alpha/zz*'"),
        ("nightpress forget zz*", "no plugin matches 'zz*'"),
        ("nightpress build alpha,beta", "several stand apart: alpha beta"),
        ("nightpress build alpha,beta -n", "several stand apart: alpha beta"),
        ("nightpress reject alpha --becuase x", "no option --becuase; did you mean --because?"),
        ("nightpress canary --plugins zero", "--plugins zero: expected a whole number from 1"),
        ("nightpress canary --plugins", "canary: --plugins needs a value"),
        ("nightpress completion tcsh", "no shell 'tcsh'\n  hint: it is one of: bash, zsh, fish"),
        ("nightpress watch --format jsn", "there is no --format 'jsn'; did you mean 'json'?"),
        ("nightpress ci check --pull-request x", "--pull-request x: expected a whole number"),
        (
            "doit check -q",
            "check is a command of nightpress, not a task of doit\n  hint: nightpress",
        ),
        ("doit facts alpha", "hint: nightpress facts alpha"),
        ("doit statsu", "there is no task 'statsu'; did you mean 'nightpress status'?"),
        ("nightpress chek", "there is no command 'chek'; did you mean 'check'?"),
        ("nightpress biuld", "did you mean 'build'?"),
        ("nightpress build alpa", "there is no plugin 'alpa'; did you mean 'alpha'?"),
        ("doit enhnce", "there is no task 'enhnce'; did you mean 'enhance'?"),
        ("doit clen", "did you mean 'clean'?"),
        ("doit alpha", "there is no task 'alpha'\n  hint: doit enhance:alpha"),
        ("doit limit 3", "run-wide options are written limit=VALUE"),
        ("doit adopt:alpa", "did you mean 'adopt:alpha'?"),
        ("doit enhanse:alpha", "there is no task 'enhanse'; did you mean 'enhance'?"),
        ("doit enhance:alpha/skil", "did you mean 'enhance:alpha/skill'?\n  hint: it has: skill"),
        ("doit info enhance:alpa/skill", "there is no plugin 'alpa'"),
        (
            "doit plan alpha",
            "takes no 'alpha'\n  hint: of one plugin: doit plan --plugin alpha",
        ),
        ("nightpress build plugins", "plugins is no plugin, but holds 2 plugins (alpha, beta)"),
        ("nightpress build manifests", "manifests: neither a plugin's folder nor a document of "),
        (
            "nightpress facts nix",
            "there is no plugin, and no folder, 'nix'\n  hint: manifests/ has",
        ),
        ("nightpress restore", "which plugin?\n  hint: nightpress restore --plugin NAME [--snapsh"),
        ("nightpress restore-all vault.db", "where to?"),
        (
            "nightpress build --force",
            "name the plugin or the enhancement: nightpress build NAME --f",
        ),
        ("doit review alpha/skill", "hint: of one plugin: doit review --plugin alpha/skill"),
        ("nightpress review alpa", "there is no plugin 'alpa'; did you mean 'alpha'?"),
        ("nightpress review alpha beta", "review takes one plugin, or none for all"),
        ("nightpress apply alpha/skil", "alpha has no document 'skil'; did you mean 'alpha/skill'"),
        ("doit reject:alpha/skil", "did you mean 'reject:alpha/skill'?\n  hint: it has: skill"),
        ("nightpress build --max-cost free", "--max-cost free: expected an amount such as 2.50"),
        ("nightpress build --engine proceses=2", "dask=tcp://HOST:PORT; did you mean processes=2?"),
        ("nightpress build --engine processes=0", "or dask=tcp://HOST:PORT\n  hint: "),
        ("nightpress version", "no command 'version'; did you mean 'nightpress --version'?"),
        ("nightpress limit=3", "no command 'limit=3'; did you mean 'nightpress build limit=3'?"),
        ("nightpress restore alpha beta", "restore brings back one plugin at a time, and not beta"),
        ("nightpress build --limt 3", "there is no option --limt; did you mean --limit VALUE?"),
        ("nightpress check --explain emptines", "'emptiness'?\n  hint: the page The checks"),
        ("doit forget enhance:alpa", "there is no plugin 'alpa'"),
        ("doit biuld", "there is no task 'biuld'\n  hint: doit alone builds all documents"),
        ("nightpress build alpha skill", "there is no plugin 'skill'"),
        (
            "nightpress report --format jsn",
            "no such value; did you mean 'json'?\n  hint: it is one",
        ),
        ("nightpress plan --jsn", "there is no option --jsn; did you mean '--json'?"),
        ("nightpress build --paid yes", "--paid takes no 'yes'\n  hint: --paid alone turns it on"),
        ("nightpress check alhpa", "no such file, folder or plugin; did you mean 'alpha'?"),
        ("nightpress help nope", "there is no command 'nope'\n"),
        ("nightpress restore nope", "there is no snapshot of 'nope'"),
        (
            "nightpress report extra",
            "nightpress report has no use for extra\n  hint",
        ),
        ("nightpress backup --quiet alpha", "nightpress backup has no use for alpha"),
        ("nightpress report --days 0", "--days 0: expected a whole number from 1 up"),
        ("nightpress report --days -3", "--days -3: expected a whole number from 1 up"),
        ("nightpress plan --project", "option --project needs a value\n  hint: --project FOLDER"),
        ("nightpress build --project -n", "option --project needs a value"),
        ("nightpress verify-vault", "there is no vault in .nightpress/vault.db"),
        ("nightpress restore-all nope.db elsewhere", "there is no vault in nope.db"),
    ],
)
def test_a_mistyped_word_is_told_with_the_nearest(market: Market, words: str, told: str) -> None:
    program, *rest = words.split()
    ran = market.run(program, *rest)
    assert ran.code == 3
    assert told in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("manifests/alpha.yaml", "x: [\n  : }\n", "manifests/alpha.yaml:2:3: expected the node"),
        ("plugins/alpha/.claude-plugin/plugin.json", "{", "plugin.json:1:2: "),
    ],
)
def test_a_broken_plugin_is_told_as_the_plan_tells_it(
    tmp_path: Path, file: str, text: str, told: str
) -> None:
    market = published(tmp_path, "alpha", "beta")
    (tmp_path / file).write_text(text)
    planned = market.run("nightpress", "plan", "alpha").out.strip()
    assert told in planned
    for command in ("build", "apply", "adopt", "info", "forget", "clean", "review"):
        ran = market.run("nightpress", command, "alpha")
        assert (ran.code, ran.err.strip()) == (3, f"ERROR: {planned}"), command
    for words in ("build alph*", "build alph* -n", "plan alph*"):
        ran = market.run("nightpress", *words.split())
        assert (ran.code, ran.err.strip()) == (3, f"ERROR: {planned}"), words
    assert market.run("nightpress", "build", "beta").code == 0


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("run", "build"), ("enhance", "build"), ("biuld", "build"), ("prun", "prune"),
        ("forgte", ""), ("remove", "review"), ("restor", "restore"), ("clen", "clean"),
    ],
)  # fmt: skip
def test_no_command_that_removes_something_is_a_guess(word: str, meant: str) -> None:
    assert cli._near(word) == (f"; did you mean {meant!r}?" if meant else "")


@pytest.mark.parametrize("command", cli._EXAMPLES)
def test_a_word_that_is_missing_is_told_with_an_example(market: Market, command: str) -> None:
    ran = market.run("nightpress", command)
    assert (ran.code, ran.out) == (3, "")
    assert re.fullmatch(
        rf"ERROR: nightpress {command} needs \S+\n  hint: for example: nightpress {command} .+\n",
        ran.err,
    ), ran.err


def test_every_command_that_is_no_task_is_known_to_doit() -> None:
    assert set(dodo.OF_NIGHTPRESS) | {"help"} == set(cli._OWN)


def test_facts_of_a_path_in_a_plugin_are_the_plugins(market: Market) -> None:
    whole = market.run("nightpress", "facts", "alpha").out
    for path in ("README.md", "commands", "commands/alpha-collect.md", ""):
        assert market.run("nightpress", "facts", f"plugins/alpha/{path}").out == whole


def test_a_documents_path_and_a_pattern_are_still_tasks(market: Market) -> None:
    for name in ("plugins/alpha/skills/alpha/SKILL.md", "enhance:al*", "enhance:alpha/*"):
        assert "up to date" in market.done(name).out


def test_a_dry_run_of_a_build_knows_the_names_that_the_build_knows(market: Market) -> None:
    for names in (["alph*"], ["alpha", "beta"], ["*/skill"], ["a*", "beta/skill"]):
        jobs = ["alpha/skill"] if names == ["alph*"] else ["alpha/skill", "beta/skill"]
        ran = market.run("nightpress", "build", "-n", *names, "--json")
        assert [row["enhancement"] for row in json.loads(ran.out)["enhancements"]] == jobs
        assert market.run("nightpress", "build", *names).code == 0
    assert "alpha/skill" in market.run("nightpress", "info", "al*").out


def test_a_task_of_the_users_own_is_known(tmp_path: Path) -> None:
    market = published(tmp_path, "alpha")
    with (tmp_path / "dodo.py").open("a") as file:
        file.write("\n\ndef task_enhancer():\n    return {'actions': ['echo mine']}\n")
    assert market.doit("enhancer").code == 0


_SOMEONES = "def task_x():\n    return {'actions': ['true']}  # not nightpress\n"


@pytest.mark.parametrize("text", ["", _SOMEONES])
def test_a_dodo_of_someone_else_is_told(tmp_path: Path, text: str) -> None:
    market = published(tmp_path, "alpha")
    (tmp_path / "dodo.py").write_text(text)
    told = "ERROR: dodo.py is not one of nightpress\n  hint: move it away, then nightpress init\n"
    for command in ("plan", "build", "init")[: 2 if text else 3]:
        ran = market.run("nightpress", command)
        assert (ran.code, ran.out, ran.err.rstrip("\n")) == (3, "", told.rstrip("\n")), command


def test_no_project_is_set_up_inside_another(market: Market) -> None:
    inside = Market(market.root / "plugins" / "alpha")
    ran = inside.run("nightpress", "init")
    assert ran.code == 3
    assert "alpha is in the project" in ran.err
    assert not (inside.root / "dodo.py").exists()
    assert market.run("nightpress", "init").code == 0


@pytest.mark.parametrize("command", [c for c in task.COMMANDS if "NAME" in task.takes(c)])
def test_what_offers_to_take_a_document_takes_one(command: str, tmp_path: Path) -> None:
    ran = published(tmp_path / "market", "alpha").run("nightpress", command, "alpha/skill")
    assert ran.code == 0 or "there is no such version of plugins/alpha" in ran.err, ran.err


@pytest.mark.parametrize("command", ["analyse", "snapshot"])
def test_what_is_done_once_a_plugin_takes_no_document(market: Market, command: str) -> None:
    ran = market.run("nightpress", command, "alpha/skill")
    assert ran.code == 3
    told = f"{command} takes a plugin, not one of its documents\n  hint: nightpress {command} alpha"
    assert told in ran.err
    assert market.run("nightpress", command, "alpha").code == 0


def test_one_document_is_adopted_alone(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "alpha", skill="# Alpha\n\nA person's.\n")
    (folder / "skills" / "beside").mkdir()
    (folder / "skills" / "beside" / "SKILL.md").write_text("# Beside\n\nAnother person's.\n")
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    rows = json.loads(market.run("nightpress", "plan", "--json").out)["enhancements"]
    jobs = [row["enhancement"] for row in rows]
    assert len(jobs) == 2
    assert market.run("nightpress", "adopt", jobs[0]).code == 0
    adopted = "SELECT job FROM enhancements WHERE status = 'adopted'"
    assert market.rows(adopted) == [(jobs[0],)]
    wrong = market.run("nightpress", "adopt", f"{jobs[0]}s")
    assert wrong.code == 3
    assert f"did you mean {jobs[0]!r}" in wrong.err
    assert market.run("nightpress", "adopt", jobs[1].partition("/")[0]).code == 0
    assert {job for (job,) in market.rows(adopted)} == set(jobs)


@pytest.mark.parametrize("command", task.COMMANDS)
def test_help_speaks_of_nightpress_alone(command: str) -> None:
    told = "\n".join(usage.lines(command, task.COMMANDS[command], task.takes(command)))
    assert told.startswith(f"usage: nightpress {command}")
    with voice.nightpress():
        told = "\n".join(usage.lines(command, task.COMMANDS[command], task.takes(command)))
    assert not re.search(r"\bdoit\b|enhance:|\w=1", told)
    assert all(len(line) <= 100 for line in told.splitlines())


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("force=1 needs a named task", "--force needs a named task"),
        ("doit force=1 enhance:a/skill replaces it", "nightpress build a/skill --force re"),
        ("its draft waits for you: doit review", "its draft waits for you: nightpress review"),
        ("doit adopt:a takes it; doit force=1 does not",
         "nightpress adopt a takes it; nightpress build --force does not"),
        ("log in by hand, then run doit again", "log in by hand, then run nightpress build"),
        ("(doit manifests writes it)", "(nightpress manifests writes it)"),
        ("doit max_cost=5.00, or doit paid=1", "nightpress build --max-cost 5.00, or nightp"),
        ("doit forget enhance:a/skill, then doit", "nightpress forget a/skill, then nightp"),
        ("did you mean 'enhance:alpha'?", "did you mean 'alpha'?"),
        (".nightpress/doit.db; doit's own; dodo.py", ".nightpress/doit.db; doit's own; dodo.py"),
    ],
)  # fmt: skip
def test_a_hint_is_in_the_words_that_were_typed(kept: str, told: str) -> None:
    assert voice.spoken(kept) == kept
    with voice.nightpress():
        assert voice.spoken(kept).startswith(told)


def test_a_plugin_is_also_named_by_the_path_of_its_folder(market: Market) -> None:
    inside = Market(market.root / "plugins")
    for name in ("alpha", "alpha/", "./alpha", str(market.root / "plugins" / "alpha")):
        ran = inside.run("nightpress", "build", name)
        assert ran.out == "nothing to do: 1 up to date\n", ran.err
    ran = market.run("nightpress", "build", "plugins/alpha/skills/alpha/SKILL.md")
    assert "nothing to do: 1 up to date" in ran.out
    ran = market.run("nightpress", "restore", "plugins/alpha/", "--list")
    assert ran.code == 0, ran.err
    assert re.search(r"^(1 snapshot|(?!1 )\d+ snapshots)$", ran.out, re.M)
    assert market.run("nightpress", "restore", "alpha", "--list").out == ran.out


def test_clean_says_what_it_did_and_names_no_function(tmp_path: Path) -> None:
    market = published(tmp_path, "alpha")
    ran = market.run("nightpress", "clean")
    assert ran.out.startswith("no kept draft and no leftover to remove; nightpress clean PLUGIN")
    ran = market.run("nightpress", "clean", "-n", "plugins/alpha")
    would, ends = ran.out.splitlines()
    assert would == "would remove plugins/alpha/skills/alpha/SKILL.md"
    assert ends == "dry run: nothing was changed"
    ran = market.run("nightpress", "clean", "alpha")
    assert ran.out == "removed plugins/alpha/skills/alpha/SKILL.md\n"
    assert "nothing there was made by nightpress" in market.run("nightpress", "clean", "alpha").out


def test_every_command_heverywhere(market: Market) -> None:
    """Its own, or what it says as one object; what makes documents prints a line for each event."""
    formats = {
        name.replace("_", "-") for name in tasks.__all__ if name != "config"
        for one in [getattr(tasks, name)()] if isinstance(one, dict)
        if any(param["name"] == "format" for param in one["params"])
    }  # fmt: skip
    assert formats | {"canary", "check", "ci check", "watch", "why"} == everywhere.FORMATS
    path = "plugins/alpha/skills/alpha/SKILL.md"
    for words in (
        "plan", "plan alpha", "check", "watch --once", f"why {path}", "doctor", "status",
        "facts alpha", "list", "info alpha/skill", "init", "drill", "apply", "prune -n",
        "completion bash", "clean -n", "build -n",
    ):  # fmt: skip
        done = market.run("nightpress", *words.split(), "--json")
        told = json.loads(done.out)
        assert done.err == "" and done.code in (0, 1, 3), words
        if "exit_code" in told and "lines" in told:
            assert (told["command"], told["exit_code"]) == (words.split()[0], done.code)
    drill = json.loads(market.run("nightpress", "drill", "--json").out)
    assert drill["lines"] == [] and "there is no snapshot" in drill["errors"][0]


def test_an_option_may_stand_before_the_command(market: Market) -> None:
    plan = market.run("nightpress", "plan").out
    assert market.run("nightpress", "-n", "build").out == plan
    assert market.run("nightpress", "--limit", "3", "plan").out == plan
    assert market.run("nightpress", "-q", "review").out == ""
    assert json.loads(market.run("nightpress", "--json", "status").out)["plugins"] == 2
    elsewhere = Market(market.root.parent)
    assert elsewhere.run("nightpress", "--project", str(market.root), "plan").out == plan


@pytest.mark.parametrize(
    "words",
    [
        "build nix", "build --limit x", "biuld", "facts nix", "why nix", "check nix", "canary",
        "drill --nope", "merge", "tonight --until x", "report --days x", "explore",
        "status --project /",
    ],
)  # fmt: skip
@pytest.mark.parametrize("asked", ["--json", "--format=json"])
def test_a_mistake_is_json_where_json_is_asked_for(market: Market, words: str, asked: str) -> None:
    command, *rest = words.split()
    ran = market.run("nightpress", command, *rest, asked)
    told = json.loads(ran.out)
    assert (ran.code, ran.err) == (3, "")
    assert (told["command"], told["exit_code"], told["lines"]) == (command, 3, [])
    assert told["errors"]


def test_quiet_dry_and_verbose_are_of_every_command(market: Market) -> None:
    for command in ("status", "doctor", "report", "validate", "backups", "facts alpha"):
        ran = market.run("nightpress", *command.split(), "-q")
        assert (ran.out, ran.err) == ("", ""), command
    for words, plain in (
        ("plan -vv", "plan -v"),
        ("build -nq", "build -n -q"),
        ("-vn build", "build -n -v"),
    ):
        ran = [market.run("nightpress", *one.split()) for one in (words, plain)]
        assert ran[0] == ran[1] and ran[0].code == 0, words
    assert market.run("nightpress", "status", "-n").out.startswith("documents")
    for command in ("status", "doctor", "backups", "audit", "facts alpha", "list"):
        plain = market.run("nightpress", *command.split())
        told = market.run("nightpress", *command.split(), "-v")
        assert (told.code, told.out[:20]) == (plain.code, plain.out[:20]), command
        assert {"-v", "--verbose"} & set(
            re.findall(r"-+\w+", market.run("nightpress", command.split()[0], "--help").out)
        ), command


def test_what_fails_quietly_says_why(market: Market) -> None:
    for words, code, why in (("verify-vault", 3, "there is no vault"), ("validate", 1, "nix.yaml")):
        broken = market.root / "manifests" / "nix.yaml"
        broken.write_text("a: [\n")
        ran = market.run("nightpress", words, "-q")
        broken.unlink()
        assert (ran.code, ran.out) == (code, ""), words
        assert why in ran.err


def test_a_quiet_check_tells_of_errors_alone(market: Market) -> None:
    assert market.run("nightpress", "check", "-q").out == ""
    skill = market.root / "plugins/alpha/skills/alpha/SKILL.md"
    before = skill.read_text()
    skill.write_text("---\nname: Alpha Beta\ndescription: x\n---\n# Alpha\n")
    loud, quiet = (market.run("nightpress", "check", *q) for q in ([], ["-q"]))
    skill.write_text(before)
    assert (loud.code, quiet.code) == (1, 1)
    assert ": warning: " in loud.out and ": warning: " not in quiet.out
    assert [line for line in loud.out.splitlines() if ": error: " in line] == [
        line for line in quiet.out.splitlines() if ": error: " in line
    ]


def test_a_restore_is_json_where_json_is_asked_for(tmp_path: Path) -> None:
    market = published(tmp_path / "market", "alpha", "beta")
    for words in (["restore", "alpha", "--json"], ["restore", "alpha", "--json", "-n"]):
        told = json.loads(market.run("nightpress", *words).out)
        assert told["plugin"] == "alpha"
        assert any("restored from" in line for line in told["lines"])


def test_check_takes_a_plugin_and_refuses_a_folder_with_nothing(
    market: Market, tmp_path: Path
) -> None:
    assert "1 document: 0 errors" in market.run("nightpress", "check", "alpha").out
    ran = Market(tmp_path).run("nightpress", "check")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(f"ERROR: there is nothing to check in {tmp_path}\n  hint: go into")


@pytest.mark.parametrize("command", [c for c in task.COMMANDS if c in task.OPTIONS])
def test_help_and_completion_name_the_options_of_a_task(market: Market, command: str) -> None:
    made = getattr(tasks, command.replace("-", "_"))()
    declared = sorted(task.OPTIONS[command])
    if isinstance(made, dict):  # not one per plugin
        assert declared == sorted("--" + param["long"] for param in made["params"])
        valued = {"--" + param["long"] for param in made["params"] if param.get("type") is not bool}
        assert valued == task._VALUED_IN_STATIC & set(declared)
    offered = market.run("nightpress", "completion", "words", command, "--").out.split()
    assert {*declared, "--quiet"} <= set(offered)
    assert ("--json" in offered) == (command != "explore")
    told = market.run("nightpress", command, "--help").out
    assert re.search(r"[Oo]f every command:[^.]* -q", told)


@pytest.mark.parametrize("words", ["list", "info alpha/skill", "plan", "status"])
def test_a_full_disk_behind_standard_output_is_a_sentence(market: Market, words: str) -> None:
    program = [sys.executable, "-m", "nightpress", *words.split()]
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            program, cwd=market.root, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ran.returncode == 3
    assert ran.stderr.startswith("ERROR: the disk is full"), ran.stderr


def test_the_plan_of_one_plugin(market: Market) -> None:
    assert market.run("nightpress", "plan", "plugins/alpha").out.startswith(
        "up to date   alpha/skill (sc"
    )
    told = json.loads(market.run("nightpress", "plan", "alpha", "--json").out)
    assert [one["enhancement"] for one in told["enhancements"]] == ["alpha/skill"]
    for name, said in (
        ("alhpa", "there is no plugin 'alhpa'; did you mean 'alpha'?"),
        ("alpha/skil", "there is no document 'alpha/skil'; did you mean 'alpha/skill'?"),
    ):
        wrong = market.run("nightpress", "plan", name)
        assert said in wrong.err and wrong.code == 3


def test_options_and_values_of_a_command_are_suggested(market: Market) -> None:
    for words, near in (
        ("doctor --jsno", "did you mean '--json'?"), ("completion zhs", "did you mean 'zsh'?"),
        ("check --formt json", "did you mean '--format'?"), ("watch --format jsn", "mean 'json'?"),
        ("ci chek", "did you mean 'check'?"),
    ):  # fmt: skip
        wrong = market.run("nightpress", *words.split())
        assert near in wrong.err and wrong.code == 3, wrong.err
