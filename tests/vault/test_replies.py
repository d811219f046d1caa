"""Replies in the vault: put as often as one likes, never changed, the latest of each found."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from msgspec.structs import replace

from nightpress.errors import NightpressError
from nightpress.model import Reply
from nightpress.vault import LocalPlace, Paid, Place, Refused, VaultError, replies
from nightpress.vault.place import Sql
from tests.vault.conftest import remote
from tests.vault.server import Server

QUESTION = "a" * 64
FIRST = Paid(
    "1", QUESTION, "generation", "alpha/skill", "run-1", "2026-12-01T00:00:00.000+00:00",
    Reply("# Äußerst\n\nlong" * 50_000, "m", "stop", 2**33, 7),
)  # fmt: skip


def test_of_one_question_the_latest_reply_counts(place: Place) -> None:
    assert replies.find(place, QUESTION) is None
    replies.put(place, [FIRST])
    replies.put(place, [FIRST, replace(FIRST, id="2", request="b" * 64)])  # an answer was lost
    assert replies.find(place, QUESTION) == FIRST
    again = replace(FIRST, id="3", run="run-2", reply=replace(FIRST.reply, text="anew"))
    replies.put(place, [again])
    assert replies.find(place, QUESTION) == again
    assert place.read(Sql("SELECT count(*) FROM paid_replies")) == [[(3,)]]
    with pytest.raises(Refused, match="a reply never changes"):
        place.write([Sql("UPDATE paid_replies SET text = 'x'")])


def test_they_go_after_a_month_and_no_sooner(place: Place) -> None:
    assert replies.collect(place) == 0
    replies.put(place, [FIRST])
    assert replies.collect(place) == 0
    assert replies.collect(place, days=0) == 1
    assert replies.find(place, QUESTION) is None


def test_what_somebody_else_wrote_there_is_no_reply(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    place = LocalPlace(path)
    replies.put(place, [replace(FIRST, run="\x1b[31mred")])
    found = replies.find(place, QUESTION)
    assert found is not None and "\x1b" not in found.run
    with sqlite3.connect(path) as db:
        db.execute("DROP TRIGGER paid_replies_stay")
        db.execute("UPDATE paid_replies SET tokens_in = -1")
    with pytest.raises(VaultError, match="is none"):
        replies.find(place, QUESTION)


def test_a_token_that_may_only_read_finds_and_puts_nothing(server: Server) -> None:
    replies.put(remote(server), [FIRST])
    reader = remote(server, read_only=True)
    assert replies.find(reader, QUESTION) == FIRST
    with pytest.raises(NightpressError, match="read-only"):
        replies.put(reader, [replace(FIRST, id="9")])
