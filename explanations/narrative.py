"""Narratives: what happened to a lead's priority, why, and what is expected by when."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from explanations.calendar_fr import due_day, paris_day
from explanations.language import sentence
from explanations.narrative_input import NarrativeInput
from explanations.reason import Direction
from explanations.rounding import nearest
from explanations.score import Narrative, Priority, TextedReason
from explanations.short_form import short_form
from explanations.wording import Wording
from features.catalogue import Nature

# French working days to act in: house choices, in want of a team's own.
DAYS_TO_ACT = {Priority.HIGH: 1, Priority.NORMAL: 5, Priority.LOW: 10}
DAYS_TO_JUDGE = 2


def narrate(story: NarrativeInput, wording: Wording) -> Narrative:
    """Tell a score; what no checked reason supports is not told."""
    if any(texted.reason.quote for texted in story.reasons):
        story = replace(story, reasons=tuple(_quoted_once(story, wording)))
    move = _move(story, wording)
    why, text = _account(story, move, wording)
    expected = _expected(story, wording)
    return Narrative(
        happened=wording.text(
            "happened",
            move=move,
            score=nearest(story.score),
            grade=story.grade.value,
        ),
        why=why,
        expected=expected,
        short=short_form(story, wording),
        text=f"{text}\n\n{expected}",
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
    quotes: set[str] = set()
    for texted in story.reasons:
        quote = texted.reason.quote
        if quote in quotes:
            yield replace(texted, text=wording.unquoted(texted, story.moment))
        else:
            yield texted
        if quote:
            quotes.add(quote)


# --- Why --------------------------------------------------------------------


def _account(story: NarrativeInput, move: str, wording: Wording) -> tuple[str, str]:
    """The reason why, told alone, and told after what happened."""
    if story.by_person and story.closed is None:
        why = "\n\n".join(_beside_a_person(story, wording))
        return why, f"{wording.text('plain', move=move)}\n\n{why}"
    if story.is_ordinary and not story.doubts:
        ordinary = wording.text(story.ordinary)
        return ordinary, f"{wording.text('plain', move=move)} {ordinary}"
    if story.doubts or not story.reasons:
        doubts = _doubts(story, wording)
        both = _both_ways(story, wording)
        opening = wording.text("although", move=move, doubts=doubts)
        return "\n\n".join([sentence(doubts), *both]), "\n\n".join([opening, *both])
    if story.main_way is not None and story.texts(story.main_way):
        why = _because(story, story.main_way, wording)
        return why, f"{wording.text('because', move=move)}\n{why}"
    # Reasons either way, none of which accounts for the priority.
    form = "plain" if story.main_way is None else "without-reason"
    why = "\n\n".join(_both_ways(story, wording))
    return why, f"{wording.text(form, move=move)}\n\n{why}"


def _because(story: NarrativeInput, way: Direction, wording: Wording) -> str:
    """The reference form: « … car : », a list, then what pulls the other way."""
    reasons = wording.language.bullets(story.texts(way))
    other = Direction.DOWN if way is Direction.UP else Direction.UP
    return "\n\n".join([reasons, *_headed("contrary", story.texts(other), wording)])


def _beside_a_person(story: NarrativeInput, wording: Wording) -> list[str]:
    """Beside a person's priority: what weighs either way is told, and isn't why."""
    both = _both_ways(story, wording)
    if not story.doubts and story.is_ordinary:
        return [wording.text("ordinary-person")]
    if story.doubts or not both:
        return [sentence(_doubts(story, wording)), *both]
    return both


def _doubts(story: NarrativeInput, wording: Wording) -> str:
    """The doubts in a row: « les signaux se contredisent »; without any, that nothing
    explains the score."""
    if not story.doubts:
        return wording.text("unexplained")
    partly = bool(story.reasons)
    doubts = [wording.doubt(doubt, partly=partly) for doubt in story.doubts]
    return wording.language.joined(doubts)


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
    rises = [
        (texted.text, score_with)
        for texted in story.steps
        if (score_with := nearest(texted.step.score_with)) > score
    ]
    if not rises:
        return [wording.text("expected-step.barely", first=story.steps[0].text)]
    (first, first_score), *others = rises
    key = "expected-step"
    rest: dict[str, str | int] = {}
    if others:
        second, second_score = others[0]
        key = "expected-steps.same" if second_score == first_score else "expected-steps"
        rest = {"second": second, "second_score": second_score}
    return [
        wording.text(key, score=score, first=first, first_score=first_score, **rest)
    ]


def _action(story: NarrativeInput, wording: Wording) -> str:
    if story.awaits_judgement:
        return "jugement"
    if story.priority is Priority.LOW:
        return "veille"
    ideas = [wording.catalogue.ideas[texted.reason.idea] for texted in story.leading]
    if not ideas:
        was_examined = story.is_settled and story.priority is not Priority.HIGH
        return "veille" if was_examined else "examen"
    acted_on = (idea for idea in ideas if idea.nature is Nature.BEHAVIOUR)
    return next(acted_on, ideas[0]).expected
