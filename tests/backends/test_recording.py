"""Recorded replies: the same text again, byte for byte, and a sentence where a question is new."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightpress import fingerprint
from nightpress.backends import make, recording, way
from nightpress.errors import BackendError, UsageError
from nightpress.model import Reply

from . import samples


def recorded(text: str, job: str = "shipwright/skill") -> recording.Recorded:
    question = fingerprint.question("gemini:m", samples.request())
    return recording.Recorded(
        question, job, "generation", "gemini:m", Reply(text, "m-001", "stop", 7, 5, raw=text)
    )


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_reply_comes_back_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("replies")
    one = recorded(text)
    assert recording.write(folder, [one]) == 1
    assert list(recording.read(folder)) == [one]


def test_a_new_recording_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    recording.write(tmp_path, [recorded("a"), recorded("b"), recorded("c", "other/skill")])
    recording.write(tmp_path, [recorded("d")])
    assert [one.reply.text for one in recording.read(tmp_path)] == ["d"]


def test_a_job_chooses_no_path_outside_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    recording.write(folder, [recorded("x", "../../up/.ssh")])
    assert set(tmp_path.rglob("*.md")) == set(folder.rglob("*.md"))


def test_another_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text("mine")
    with pytest.raises(UsageError, match="not empty, and not a recording"):
        recording.write(tmp_path, [recorded("x")])
    with pytest.raises(UsageError, match="there is no recording in it"):
        way("replay", {"backend_at": str(tmp_path)})


def test_a_spoilt_file_is_named(tmp_path: Path) -> None:
    recording.write(tmp_path, [recorded("x")])
    (tmp_path / "shipwright" / "skill.generation.md").write_text("---\nquestion: 1\n---\nx")
    with pytest.raises(UsageError, match=r"skill\.generation\.md: no recorded reply"):
        make("replay", {"at": str(tmp_path), "writer": "gemini:m"}, {})


def test_of_a_question_that_differs_it_is_said_in_what(tmp_path: Path) -> None:
    """By the one of its phase that is most like it; a repair's draft is no ingredient."""
    asked = samples.request()
    made_from = fingerprint.ingredients(asked)
    path = asked.material.anatomy.files[0].path
    file = {**made_from, path: "0", "GONE.md": "0", fingerprint.ANALYSIS: "0"}
    repair = {**made_from, "the generator": "0"}
    del repair[fingerprint.WORDING]
    for number, (phase, one) in enumerate(
        [("generation", file), ("generation", dict.fromkeys(file, "0")), ("repair", repair)]
    ):
        reply = Reply("x", "m", "stop", 7, 5, raw="x")
        held = recording.Recorded(str(number), asked.job, phase, "gemini:m", reply, one)
        recording.write(tmp_path / phase, [*_read(tmp_path / phase), held])
    for phase, said in (
        ("generation", f"since it was asked, {path} changed, GONE.md is gone\n"),
        ("repair", "since it was asked, the generator changed\n"),
    ):
        backend = make("replay", {"at": str(tmp_path / phase), "writer": "gemini:m"}, {})
        with pytest.raises(BackendError, match=said):
            backend.ask(samples.request(phase=phase))


def _read(folder: Path) -> list[recording.Recorded]:
    return list(recording.read(folder)) if folder.exists() else []


@pytest.mark.parametrize(
    ("changes", "writer", "said"),
    [
        ({"system": "Write more."}, "gemini:m", "since it was asked, the question has changed"),
        ({}, "openai:n", "it was asked of gemini:m, not of openai:n"),
        ({"phase": "repair"}, "gemini:m", "no reply to this repair question is recorded in"),
    ],
)
def test_what_is_not_recorded_is_told_by_its_question(
    tmp_path: Path, changes: dict[str, str], writer: str, said: str
) -> None:
    recording.write(tmp_path, [recorded("x")])
    backend = make("replay", {"at": str(tmp_path), "writer": writer}, {})
    with pytest.raises(BackendError, match=said) as caught:
        backend.ask(samples.request(**changes))  # type: ignore[arg-type]
    assert caught.value.answer.kind == "unrecorded"
    assert not caught.value.fatal and not caught.value.answer.left
