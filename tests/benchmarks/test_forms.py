"""What the judge is given has every form: no message goes unread."""

from collections.abc import Mapping

import pytest

from benchmarks.reasons.forms import made_up_stories, message_texts, told_ideas
from explanations.general_messages import GENERAL
from explanations.language import Argument
from explanations.messages import Messages
from explanations.narrative import narrate
from explanations.wording import read_wording
from features.catalogue import read_catalogue, shipped_catalogue

SHIPPED = ("b2b", "bpic2012")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The keys of the messages asked for."""
    keys: set[str] = set()
    text = Messages.text

    def noted(self: Messages, key: str, arguments: Mapping[str, Argument]) -> str:
        keys.add(key)
        return text(self, key, arguments)

    monkeypatch.setattr(Messages, "text", noted)
    return keys


def told_of(name: str, asked: set[str]) -> set[str]:
    """The keys that narratives, changes and checks tell of a shipped catalogue."""
    wording = read_wording(read_catalogue(shipped_catalogue(name)))
    asked.clear()  # reading tries every message
    for story in made_up_stories(wording, 1_000, seed=1):
        narrate(story, wording)
    message_texts(wording)
    return set(asked)


def test_every_general_message_is_told(asked: set[str]) -> None:
    told = {key for name in SHIPPED for key in told_of(name, asked)}
    assert GENERAL.keys() - told == set()


@pytest.mark.parametrize("name", SHIPPED)
def test_every_message_of_a_catalogue_is_told(name: str, asked: set[str]) -> None:
    catalogue = read_catalogue(shipped_catalogue(name))
    ideas = told_ideas(catalogue)
    awaited = [idea for idea in ideas if catalogue.ideas[idea].awaited]
    told = told_of(name, asked)
    assert told >= {
        *(f"expected-{catalogue.ideas[idea].expected}" for idea in ideas),
        *(f"idea-{idea.name}" for idea in catalogue.idea),
        *(f"idea-{idea}.absent" for idea in awaited),
        *(f"step-{step.name}" for step in catalogue.step),
    }
    for idea in ideas:
        assert told & {f"idea-{idea}.{form}" for form in ("facts", "up", "down")}


def test_made_up_stories_are_the_same_again() -> None:
    wording = read_wording(read_catalogue(shipped_catalogue("b2b")))
    some = list(made_up_stories(wording, 50, seed=3))
    assert some == list(made_up_stories(wording, 50, seed=3))
    assert some != list(made_up_stories(wording, 50, seed=4))
