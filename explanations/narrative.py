"""Narratives: what happened to a lead's priority, why, and what is expected by when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from explanations.calendar_fr import due_day, paris_day
from explanations.language import sentence
from explanations.narrative_input import NarrativeInput
from explanations.reason import Direction
from explanations.rounding import nearest
from explanations.score import (
    Narrative,
    Priority,
    TextedReason,
)
from explanations.short_form import short_form
from explanations.wording import Wording
from features.catalogue import Nature

# French working days to act in: house choices, in want of a team's own.
DAYS_TO_ACT = {Priority.HIGH: 1, Priority.NORMAL: 5, Priority.LOW: 10}
DAYS_TO_JUDGE = 2


@dataclass(frozen=True, slots=True)
class _Account:
    """The reason why, told alone, and told after what happened."""

    why: str
    text: str


def narrate(story: NarrativeInput, wording: Wording) -> Narrative:
    """Tell a score; what no checked reason supports is not told."""
    if any(told.reason.quote for told in story.reasons):
        story = replace(story, reasons=tuple(_quoted_once(story, wording)))
    move = _move(story, wording)
    account = _account(story, move, wording)
    expected = _expected(story, wording)
    return Narrative(
        happened=wording.text(
            "happened",
            move=move,
            score=nearest(story.score),
            grade=story.grade.value,
        ),
        why=account.why,
        expected=expected,
        short=short_form(story, wording),
        text=f"{account.text}\n\n{expected}",
    )


def _move(story: NarrativeInput, wording: Wording) -> str:
    priority = wording.priority(story.priority)
    if story.closed is not None:
        return wording.text("move-closed", priority=priority, stage=story.closed)
    if story.by_person:
        return wording.text("move-person", priority=priority)
    if story.previous_priority is None:
        return wording.text("move-first", priority=priority)
    kept = story.priority is story.previous_priority
    return wording.text(f"move-{'kept' if kept else 'changed'}", priority=priority)


def _quoted_once(story: NarrativeInput, wording: Wording) -> Iterator[TextedReason]:
    """The reasons; a note that several of them rest on is quoted by the first."""
    seen: set[str] = set()
    for told in story.reasons:
        quote = told.reason.quote
        again = quote is not None and quote in seen
        yield (
            replace(told, text=wording.unquoted(told, story.moment)) if again else told
        )
        seen |= {quote} if quote else set()


# --- Why --------------------------------------------------------------------


def _account(story: NarrativeInput, move: str, wording: Wording) -> _Account:
    if story.by_person and story.closed is None:
        return _by_person(story, move, wording)
    if story.doubts:
        return _doubted(story, move, _doubts(story, wording), wording)
    if story.is_ordinary:
        ordinary = wording.text(story.ordinary)
        return _Account(ordinary, f"{wording.text('plain', move=move)} {ordinary}")
    if not story.reasons:
        return _doubted(story, move, wording.text("unexplained"), wording)
    if story.main_way is not None and story.texts(story.main_way):
        return _because(story, story.main_way, move, wording)
    return _balanced(story, move, wording)


def _because(
    story: NarrativeInput, way: Direction, move: str, wording: Wording
) -> _Account:
    """The reference form: « … car : », a list, then what pulls the other way."""
    reasons = wording.language.bullets(story.texts(way))
    other = Direction.DOWN if way is Direction.UP else Direction.UP
    rest = _headed("contrary", story.texts(other), wording)
    return _Account(
        "\n\n".join([reasons, *rest]),
        "\n\n".join([f"{wording.text('because', move=move)}\n{reasons}", *rest]),
    )


def _balanced(story: NarrativeInput, move: str, wording: Wording) -> _Account:
    """Reasons either way, none of which accounts for the priority."""
    form = "plain" if story.main_way is None else "without-reason"
    both = _both_ways(story, wording)
    opening = wording.text(form, move=move)
    return _Account("\n\n".join(both), "\n\n".join([opening, *both]))


def _doubted(
    story: NarrativeInput, move: str, doubts: str, wording: Wording
) -> _Account:
    both = _both_ways(story, wording)
    opening = wording.text("although", move=move, doubts=doubts)
    return _Account(
        "\n\n".join([sentence(doubts), *both]), "\n\n".join([opening, *both])
    )


def _by_person(story: NarrativeInput, move: str, wording: Wording) -> _Account:
    """A person's priority: what weighs either way is told, and isn't why."""
    told = _both_ways(story, wording)
    if story.doubts:
        told = [sentence(_doubts(story, wording)), *told]
    elif not told:
        told = [_nothing_told(story, wording)]
    opening = wording.text("plain", move=move)
    return _Account("\n\n".join(told), "\n\n".join([opening, *told]))


def _nothing_told(story: NarrativeInput, wording: Wording) -> str:
    if story.is_ordinary:
        return wording.text("ordinary-person")
    return sentence(wording.text("unexplained"))


def _doubts(story: NarrativeInput, wording: Wording) -> str:
    """The doubts in a row: « les signaux se contredisent »."""
    told = (wording.doubt(one, partly=bool(story.reasons)) for one in story.doubts)
    return wording.language.joined(tuple(told))


def _both_ways(story: NarrativeInput, wording: Wording) -> list[str]:
    return [
        *_headed("for", story.texts(Direction.UP), wording),
        *_headed("against", story.texts(Direction.DOWN), wording),
    ]


def _headed(heading: str, texts: Sequence[str], wording: Wording) -> list[str]:
    if not texts:
        return []
    return [wording.text(f"heading-{heading}", reasons=wording.language.bullets(texts))]


# --- What is expected -------------------------------------------------------


def _expected(story: NarrativeInput, wording: Wording) -> str:
    """One action of a person, with its day; then what steps the model looks up to."""
    if story.closed is not None:
        return wording.text("closed", stage=story.closed)
    days = DAYS_TO_JUDGE if story.awaits_judgement else DAYS_TO_ACT[story.priority]
    today = paris_day(story.moment)
    deadline = wording.language.day(due_day(today, days), today)
    action = wording.text(f"expected-{_action(story, wording)}", deadline=deadline)
    return " ".join([action, *_steps(story, wording)])


def _steps(story: NarrativeInput, wording: Wording) -> list[str]:
    """What would raise the score, to the model; nothing where a person judges.

    A step whose rise can't be seen without decimals is told alone or not at all.
    """
    if not story.steps or story.doubts:
        return []
    score = nearest(story.score)
    told = [(one.text, nearest(one.step.score_with)) for one in story.steps]
    seen = [(name, with_it) for name, with_it in told if with_it > score]
    if not seen:
        return [wording.text("expected-step.barely", first=told[0][0])]
    (first, first_score), *others = seen
    if not others:
        return [
            wording.text(
                "expected-step", score=score, first=first, first_score=first_score
            )
        ]
    second, second_score = others[0]
    key = "expected-steps.same" if second_score == first_score else "expected-steps"
    return [
        wording.text(
            key,
            score=score,
            first=first,
            first_score=first_score,
            second=second,
            second_score=second_score,
        )
    ]


def _action(story: NarrativeInput, wording: Wording) -> str:
    if story.awaits_judgement:
        return "jugement"
    if story.priority is Priority.LOW:
        return "veille"
    ideas = [wording.catalogue.ideas[told.reason.idea] for told in story.leading]
    if not ideas:
        was_examined = story.is_settled and story.priority is not Priority.HIGH
        return "veille" if was_examined else "examen"
    acted_on = (idea for idea in ideas if idea.nature is Nature.BEHAVIOUR)
    return next(acted_on, ideas[0]).expected
