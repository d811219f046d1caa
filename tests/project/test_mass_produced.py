"""What one template made in many plugins is told from what people wrote, in a house style too."""

from __future__ import annotations

import random

import pytest

from nightpress.project.mass_produced import Candidate, mass_produced

HEADINGS = ("Overview", "How It Works", "When to Use", "Integration")
SUBJECTS = "ledger tide beacon orchard kiln harbour loom quarry meadow lantern forge anvil".split()


def filled_in(plugin: str, path: str = "skills/adapter/SKILL.md") -> Candidate:
    """One document of a template: only the subject differs."""
    lines = ["---", f"name: {plugin}", "---", ""]
    for heading in HEADINGS:
        lines += [f"## {heading}", "", f"This skill empowers Claude to handle {plugin} well.", ""]
        lines += [f"1. Claude analyses the request about {plugin}.", f"2. {plugin} is checked.", ""]
    return Candidate(plugin, path, "\n".join(lines))


def written(plugin: str, number: int) -> Candidate:
    """A person's document in a house style: the headings are agreed on, the words are not."""
    words = random.Random(number)  # the same words in each run
    alphabet = "bcdfghklmnprstvw"
    lines = ["---", f"name: {plugin}", "---", ""]
    for heading in HEADINGS:
        lines += [f"## {heading}", ""]
        for _ in range(6):
            sentence = [
                "".join(words.choice(alphabet) + words.choice("aeiou") for _ in range(3))
                for _ in range(9)
            ]
            lines.append(" ".join(sentence).capitalize() + ".")
        lines.append("")
    return Candidate(plugin, f"skills/{plugin}/SKILL.md", "\n".join(lines))


def test_one_template_in_many_plugins_is_mass_produced() -> None:
    documents = [filled_in(subject) for subject in SUBJECTS]
    assert mass_produced(documents) == frozenset(documents)


def test_headings_that_people_agree_on_are_no_template() -> None:
    assert mass_produced(written(f"plugin-{n}", n) for n in range(40)) == frozenset()


def test_a_template_in_a_few_plugins_may_be_a_habit() -> None:
    assert mass_produced(filled_in(subject) for subject in SUBJECTS[:9]) == frozenset()


def test_many_documents_of_one_plugin_are_one_hand() -> None:
    documents = [filled_in("tide", f"skills/{subject}/SKILL.md") for subject in SUBJECTS]
    assert mass_produced(documents) == frozenset()


def test_so_many_plugins_have_it_not_so_many_documents() -> None:
    documents = [
        filled_in(subject, f"skills/{number}/SKILL.md")
        for subject in SUBJECTS[:9]
        for number in range(3)
    ]
    assert mass_produced(documents) == frozenset()


def test_a_person_among_the_mass_is_a_person() -> None:
    template = [filled_in(subject) for subject in SUBJECTS]
    people = [written(f"plugin-{n}", n) for n in range(3)]
    assert mass_produced([*template, *people]) == frozenset(template)


def test_the_few_of_a_group_that_hide_their_template_belong_to_it() -> None:
    hidden = Candidate("odd", "skills/adapter/SKILL.md", "# Odd\n\nSomething else altogether.\n")
    documents = [*(filled_in(subject) for subject in SUBJECTS), hidden]
    assert mass_produced(documents) == frozenset(documents)


@pytest.mark.parametrize("text", ["", "---\n", "## \n## \n## \n", "```\n## A\n", "\u2028" * 50])
def test_odd_texts_are_nobodys_template(text: str) -> None:
    assert mass_produced(Candidate(f"p{n}", "SKILL.md", text) for n in range(20)) == frozenset()
