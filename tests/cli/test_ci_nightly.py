"""`nightpress ci nightly`: one branch and one pull request a wave; a bare repository as origin, and
a stand-in of the API."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from nightpress.cli import github, nightly
from nightpress.errors import NightpressError
from tests.forge import TOKEN, Forge, forge
from tests.market import Market, Ran, plugin

BRANCH = "nightpress/documents"


@dataclass
class Site:
    """A marketplace, the bare repository that it is pushed to, and the forge of that."""

    market: Market
    origin: Path
    forge: Forge

    def night(self, *words: str, **environ: str) -> Ran:
        ran = self.market.run(
            "nightpress", "ci", "nightly", "--backend", "offline", *words,
            **{"GIT_CONFIG_GLOBAL": "/dev/null", **self.forge.environ, **environ},
        )  # fmt: skip
        self.forge.heads[BRANCH] = self.head(BRANCH)
        assert TOKEN not in ran.out + ran.err
        return ran

    def head(self, branch: str) -> str:
        words = ["git", "-C", str(self.origin), "rev-parse", "--verify", "--quiet", branch]
        return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()

    def files(self, commits: str) -> set[str]:
        words = ["git", "-C", str(self.origin), "diff", "--name-only", commits]
        return set(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split())

    def pull_opened(self) -> None:
        """The pull request's head, as the forge knows it."""
        self.forge.pulls[-1]["head"]["sha"] = self.head(BRANCH)


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the two repositories."""
    folder = tmp_path_factory.mktemp("pushed")
    for name in ("alpha", "beta"):
        plugin(folder / "market", name)
    market = Market(folder / "market")
    assert market.run("nightpress", "init").code == 0
    market.git("init", "-q", "-b", "main")
    market.git("add", "-A")
    market.git("commit", "-qm", "A marketplace")
    market.git("remote", "add", "origin", "../o.git")
    market.git("init", "-q", "--bare", "-b", "main", "../o.git")
    market.git("push", "-q", "origin", "main")
    return folder


@pytest.fixture
def site(tmp_path: Path, pushed: Path) -> Iterator[Site]:
    shutil.copytree(pushed, tmp_path, dirs_exist_ok=True)
    with forge() as stand_in:
        yield Site(Market(tmp_path / "market"), tmp_path / "o.git", stand_in)


DOCUMENT = "plugins/{0}/skills/{0}/SKILL.md"


def test_a_wave_from_its_first_night_to_the_next_wave(site: Site) -> None:
    (site.market.root / "notes.txt").write_text("mine\n")  # untracked, and nobody's business
    ran = site.night("--limit", "1")
    assert ran.code == 0, ran.err
    assert "pull request 1 opened: https://forge.example/me/market/pull/1" in ran.out
    first = site.head(BRANCH)
    assert site.files(f"main..{BRANCH}") == {"nightpress.lock", DOCUMENT.format("alpha")}
    [pull] = site.forge.pulls
    assert pull["title"] == "Documents: 1 new"
    assert "| `alpha` | `skill` `plugins/alpha/skills/alpha/SKILL.md` | new, " in pull["body"]
    assert "| none |" in pull["body"]
    assert "`nightpress why plugins/alpha/skills/alpha/SKILL.md`" in pull["body"]

    # the second night goes on in the same branch, and keeps what a person wrote into the text
    pull["body"] = f"Look at alpha, please.\n\n{pull['body']}"
    ran = site.night()
    assert (ran.code, len(site.forge.pulls)) == (0, 1), ran.err
    assert "pull request 1 updated" in ran.out
    assert site.files(f"{first}..{BRANCH}") == {"nightpress.lock", DOCUMENT.format("beta")}
    assert pull["title"] == "Documents: 2 new"
    assert pull["body"].startswith("Look at alpha, please.\n\n<!-- nightpress: begin -->")
    assert pull["body"].count("| `alpha` |") == 1

    # nothing to do: nothing pushed, nothing asked of the forge but what is open
    second, asked = site.head(BRANCH), len(site.forge.writes())
    ran = site.night()
    assert "no document changed: nothing pushed" in ran.out
    assert (ran.code, site.head(BRANCH), len(site.forge.writes())) == (0, second, asked)

    # merged: the next wave begins at the base
    site.pull_opened()
    pull |= {"state": "closed", "merged_at": "2026-11-29T03:00:00Z"}
    site.market.git("push", "-q", "origin", f"{BRANCH}:main")
    assert "begins at" in site.night().out
    plugin(site.market.root, "gamma")
    site.market.git("switch", "-q", "main")
    site.market.git("reset", "-q", "--hard", "origin/main")
    assert site.market.run("nightpress", "init").code == 0
    site.market.git("add", "plugins/gamma", "manifests")
    site.market.git("commit", "-qm", "Gamma")
    site.market.git("push", "-q", "origin", "main")
    ran = site.night()
    assert "pull request 2 opened" in ran.out, ran.out + ran.err
    assert site.files(f"main..{BRANCH}") == {"nightpress.lock", DOCUMENT.format("gamma")}
    assert site.forge.pulls[1]["title"] == "Documents: 1 new"


def test_a_wave_that_was_turned_down_is_not_proposed_again(site: Site) -> None:
    assert site.night().code == 0
    site.pull_opened()
    site.forge.pulls[0]["state"] = "closed"
    ran = site.night()
    assert ran.code == 0
    assert "pull request 1 was closed without merging: nothing is built until" in ran.out
    assert "published" not in ran.out
    assert len(site.forge.pulls) == 1
    site.market.git("switch", "-q", "main")
    for repository in (site.market.root, site.origin):  # the person deletes the branch
        site.market.git("-C", str(repository), "branch", "-qD", BRANCH)
    ran = site.night()
    assert "pull request 2 opened" in ran.out, ran.out + ran.err


def test_a_wave_that_was_squashed_is_over(site: Site) -> None:
    assert site.night("--limit", "1").code == 0
    site.pull_opened()
    site.forge.pulls[0] |= {"state": "closed", "merged_at": "2026-11-29T03:00:00Z"}
    site.market.git("switch", "-q", "main")
    site.market.git("merge", "-q", "--squash", BRANCH)
    site.market.git("commit", "-qm", "Squashed")
    site.market.git("push", "-q", "origin", "main")
    ran = site.night()
    assert "begins at" in ran.out
    assert "pull request 2 opened" in ran.out, ran.out + ran.err
    assert site.files(f"main..{BRANCH}") == {"nightpress.lock", DOCUMENT.format("beta")}


def test_the_base_moves_while_a_wave_is_open(site: Site) -> None:
    assert site.night("--limit", "1").code == 0
    site.market.git("switch", "-q", "main")
    (site.market.root / "NOTES.md").write_text("Of a person.\n")
    site.market.git("add", "NOTES.md")
    site.market.git("commit", "-qm", "Notes")
    site.market.git("push", "-q", "origin", "main")
    assert site.night().code == 0
    assert site.files(f"main...{BRANCH}") == {
        "nightpress.lock", DOCUMENT.format("alpha"), DOCUMENT.format("beta"),
    }  # fmt: skip
    # the same document written by a person: no build until somebody decides
    site.market.git("switch", "-q", "main")
    path = site.market.root / DOCUMENT.format("alpha")
    path.parent.mkdir(parents=True)
    path.write_text("# Mine\n")
    site.market.git("add", str(path))
    site.market.git("commit", "-qm", "Mine")
    site.market.git("push", "-q", "origin", "main")
    before = site.head(BRANCH)
    ran = site.night()
    assert ran.code == 1
    assert "change the same lines: no build until they are merged" in ran.err
    assert site.head(BRANCH) == before
    assert site.market.git("status", "--porcelain") == ""


def test_a_fresh_clone_with_the_ledger_of_the_night_before_makes_no_document_twice(
    site: Site, tmp_path: Path
) -> None:
    assert site.night("--limit", "1").code == 0
    subprocess.run(
        ["git", "clone", "-q", "--depth", "1", f"file://{site.origin}", str(tmp_path / "next")],
        check=True,
    )
    (site.market.root / ".nightpress").rename(tmp_path / "next" / ".nightpress")
    fresh = Site(Market(tmp_path / "next"), site.origin, site.forge)
    ran = fresh.night()
    assert ran.code == 0, ran.err
    assert "1 published" in ran.out
    assert len(site.forge.pulls) == 1
    assert site.forge.pulls[0]["title"] == "Documents: 2 new"
    assert "?" not in site.forge.pulls[0]["body"].partition("|---|")[2].partition("\n\n")[0]


def test_what_was_pushed_and_not_opened_is_opened_the_next_night(site: Site) -> None:
    denied = {"message": "GitHub Actions is not permitted to create or approve pull requests."}
    site.forge.refuse["POST", "/pulls"] = [(403, {}, denied)]
    ran = site.night()
    assert ran.code == 1
    assert "allow GitHub Actions to create pull requests" in ran.err
    assert site.head(BRANCH)
    ran = site.night()
    assert ran.code == 0
    assert "nothing pushed" in ran.out
    assert "pull request 1 opened" in ran.out
    assert site.forge.pulls[0]["title"] == "Documents: 2 new"


def test_one_pull_request_even_if_somebody_was_faster(site: Site) -> None:
    site.forge.answer("POST", "/repos/me/market/pulls",
                      {"title": "x", "head": BRANCH, "base": "main", "body": ""})  # fmt: skip
    site.forge.hidden = 2
    ran = site.night()
    assert ran.code == 0, ran.err
    assert "pull request 1 updated" in ran.out
    assert len(site.forge.pulls) == 1


@pytest.mark.parametrize(
    ("where", "answer", "told"),
    [
        (("GET", "/pulls"), (401, {}, {"message": "Bad credentials"}), "has expired"),
        (("GET", "/pulls"), (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9999999999"},
                             {"message": "API rate limit exceeded"}), "the rate limit is reached"),
        (("POST", "/pulls"), (422, {}, {"message": "Validation Failed", "errors": [
            {"field": "base", "code": "invalid"}]}), "Validation Failed; invalid"),
        (("POST", "/pulls"), (500, {}, {"message": "oops"}), "GitHub has trouble"),
    ],
)  # fmt: skip
def test_a_refusal_is_a_sentence_and_status_1(
    site: Site, where: tuple[str, str], answer: tuple[int, dict[str, str], object], told: str
) -> None:
    site.forge.refuse[where] = [answer] * 3
    ran = site.night("--limit", "1")
    assert ran.code == 1
    assert told in ran.err
    assert "Traceback" not in ran.err


def test_a_push_that_fails_is_made_good_the_next_night(site: Site) -> None:
    hook = site.origin / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho no room >&2\nexit 1\n")
    hook.chmod(0o755)
    outputs = site.market.root.parent / "outputs"
    ran = site.night(GITHUB_OUTPUT=str(outputs))
    assert ran.code == 1
    assert "ERROR: git push: remote: no room" in ran.err
    assert "hint: the remote refuses it" in ran.err
    assert site.head(BRANCH) == ""
    assert not outputs.exists()  # the state is ahead of what is pushed: not to be kept
    hook.unlink()
    ran = site.night(GITHUB_OUTPUT=str(outputs))
    assert ran.code == 0, ran.err
    assert "pull request 1 opened" in ran.out
    assert {"save-state=true", "pushed=true", "pull-request=1", "documents=2"} <= set(
        outputs.read_text().split()
    )


def test_what_a_night_that_died_left_is_kept(site: Site) -> None:
    assert site.night("--limit", "1").code == 0
    assert site.market.doit("backend=offline").code == 0  # published, and then the machine went
    ran = site.night()
    assert ran.code == 0, ran.err
    assert "pull request 1 updated" in ran.out
    assert site.forge.pulls[0]["title"] == "Documents: 2 new"


def test_a_persons_changes_are_left_alone(site: Site) -> None:
    readme = site.market.root / "plugins" / "alpha" / "README.md"
    readme.write_text(readme.read_text() + "\nMore.\n")
    ran = site.night()
    assert ran.code == 3
    assert "plugins/alpha/README.md has changes that are not committed" in ran.err
    assert (site.head(BRANCH), site.forge.pulls) == ("", [])


def test_without_a_forge_the_branch_is_pushed_with_options(site: Site, tmp_path: Path) -> None:
    subprocess.run(
        ["git", "-C", str(site.origin), "config", "receive.advertisePushOptions", "true"],
        check=True,
    )
    hook = site.origin / "hooks" / "pre-receive"
    hook.write_text(f'#!/bin/sh\necho "$GIT_PUSH_OPTION_0" > {tmp_path}/said\n')
    hook.chmod(0o755)
    body = tmp_path / "body.md"
    ran = site.night(
        "--push-option", "merge_request.create", "--body", str(body), GITHUB_TOKEN="",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert (tmp_path / "said").read_text() == "merge_request.create\n"
    assert "| `alpha` | `skill`" in body.read_text()
    assert site.forge.asked == []


def test_mistakes_are_told(site: Site) -> None:
    for words, told in (
        (("--branch", "main"), "--branch and --base are both main"),
        (("--base", "trunk"), "origin has no branch trunk"),
        (("--branch", "a..b"), "a..b is not a valid branch name"),
        (("--remote", "up"), "there is no remote up"),
        (("--limit", "x"), "limit"),
    ):
        ran = site.night(*words)
        assert (ran.code, told in ran.err) == (3, True), ran.err
    assert site.head(BRANCH) == ""


def test_the_build_does_not_see_the_token(site: Site) -> None:
    dodo = site.market.root / "dodo.py"
    dodo.write_text(
        dodo.read_text() + '\nimport os\nprint("TOKEN", "GITHUB_TOKEN" in os.environ)\n'
    )
    site.market.git("commit", "-qam", "A print")
    site.market.git("push", "-q", "origin", "main")
    assert "TOKEN False" in site.night().out


def test_a_project_in_a_subfolder_of_the_repository(tmp_path: Path) -> None:
    top = tmp_path / "mono"
    plugin(top / "market", "alpha")
    market = Market(top / "market")
    assert market.run("nightpress", "init").code == 0
    subprocess.run(
        ["git", "init", "-q", "--bare", "-b", "main", str(tmp_path / "o.git")], check=True
    )
    for words in (
        ["init", "-q", "-b", "main", str(top)], ["add", "-A", str(top)], ["commit", "-qm", "x"],
        ["remote", "add", "origin", str(tmp_path / "o.git")], ["push", "-q", "origin", "main"],
    ):  # fmt: skip
        market.git(*words)
    with forge() as stand_in:
        site = Site(market, tmp_path / "o.git", stand_in)
        assert site.night().code == 0
        assert site.files(f"main..{BRANCH}") == {
            "market/nightpress.lock", f"market/{DOCUMENT.format('alpha')}",
        }  # fmt: skip
        assert "| new, " in stand_in.pulls[0]["body"]


# --- the token and git ---


def test_the_token_is_given_to_git_for_the_forge_alone(tmp_path: Path) -> None:
    seen: list[tuple[str, list[str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers.get_all("authorization") or []))
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return None

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = f"http://127.0.0.1:{server.server_port}"
    market = Market(tmp_path)
    market.git("init", "-q")
    market.git("remote", "add", "origin", f"{here}/me/market.git")
    market.git("config", f"http.{here}/.extraheader", "AUTHORIZATION: basic of-the-checkout")
    environ = {"GITHUB_TOKEN": TOKEN, "GITHUB_SERVER_URL": here}
    clone = nightly.Clone(tmp_path, "origin", environ)
    with pytest.raises(NightpressError) as refused:
        clone.fetch("main")
    assert TOKEN not in str(refused.value)
    expected = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    assert seen[0] == ("/me/market.git/info/refs?service=git-upload-pack", [f"basic {expected}"])
    assert TOKEN not in (tmp_path / ".git" / "config").read_text()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "url", ["https://forge.example/x.git", "git@github.com:me/x.git", "https://me:pw@github.com/x",
            "http://github.com/x", "https://github.com.forge.example/x", "/srv/x.git"],
)  # fmt: skip
def test_for_no_other_remote(url: str) -> None:
    assert nightly.credentials(url, {"GITHUB_TOKEN": TOKEN}) == {}


def test_a_password_in_a_url_is_not_told(tmp_path: Path) -> None:
    market = Market(tmp_path)
    market.git("init", "-q")
    market.git("remote", "add", "origin", "http://me:geheim@127.0.0.1:9/x.git")
    with pytest.raises(NightpressError) as refused:
        nightly.Clone(tmp_path, "origin", dict(os.environ)).fetch("main")
    assert "geheim" not in str(refused.value)
    assert "127.0.0.1" in str(refused.value)


def test_what_people_wrote_around_our_part_stays() -> None:
    ours = f"{github.BEGIN}\nold\n{github.END}"
    new = f"{github.BEGIN}\nnew\n{github.END}"
    assert github.merged_body("", new) == new
    assert github.merged_body(f"above\n\n{ours}\r\nbelow", new) == f"above\n\n{new}\nbelow"
    assert github.merged_body("A person's own text", new) == f"A person's own text\n\n{new}"
    assert github.merged_body(f"cut {github.BEGIN} off", new).endswith(f"off\n\n{new}")


def test_the_branch_is_taken_from_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    market = Market(tmp_path)
    market.git("init", "-q", "-b", "trunk")
    market.git("remote", "add", "origin", str(tmp_path))
    clone = nightly.Clone(tmp_path, "origin", {})
    monkeypatch.delenv("GITHUB_REF_TYPE", raising=False)
    assert nightly._base(clone, BRANCH) == "trunk"
    monkeypatch.setenv("GITHUB_REF_TYPE", "branch")
    monkeypatch.setenv("GITHUB_REF_NAME", "release")
    assert nightly._base(clone, BRANCH) == "release"
