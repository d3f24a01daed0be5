"""Narratives: what happened to a lead's priority, why, and what is expected by when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from explanations import french
from explanations.reason import Way
from explanations.score import (
    Doubt,
    Grade,
    Narrative,
    Priority,
    TextedReason,
    TextedStep,
)
from explanations.wording import Wording
from features.catalogue import Nature

NEAR_BASE = 3.0  # points: nothing sets such a lead apart (design §6.6)
SHORT_LENGTH = 140  # characters (score.Narrative)

# French working days to act in: house choices, in want of a team's own.
DAYS_TO_ACT = {Priority.HIGH: 1, Priority.NORMAL: 5, Priority.LOW: 10}
DAYS_TO_JUDGE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What there is to tell of one score.

    `score` and `base` in points (0 to 100); `reasons` strongest first, at least
    within each way. No `previous_priority`: none was ever written.
    """

    priority: Priority
    previous_priority: Priority | None
    grade: Grade
    score: float
    base: float
    reasons: tuple[TextedReason, ...]
    doubts: tuple[Doubt, ...]
    moment: datetime
    steps: tuple[TextedStep, ...] = ()

    def texts(self, way: Way) -> tuple[str, ...]:
        return tuple(told.text for told in self.reasons if told.reason.way is way)

    @property
    def main_way(self) -> Way | None:
        """The way of the reasons that would account for the priority, if it has one."""
        if self.priority is Priority.HIGH:
            return Way.UP
        if self.priority is Priority.LOW:
            return Way.DOWN
        return {Priority.HIGH: Way.DOWN, Priority.LOW: Way.UP}.get(
            self.previous_priority or Priority.NORMAL
        )

    @property
    def is_ordinary(self) -> bool:
        return not self.reasons and abs(self.score - self.base) <= NEAR_BASE


@dataclass(frozen=True, slots=True)
class _Account:
    """The reason why, told alone, and told after what happened."""

    why: str
    text: str


def narrate(story: Story, wording: Wording) -> Narrative:
    """Tell a score in French; what no checked reason supports is not told."""
    priority = wording.text(f"priority-{story.priority.value}")
    move = wording.text(f"move-{_move(story)}", priority=priority)
    account = _account(story, move, wording)
    expected = _expected(story, wording)
    return Narrative(
        happened=wording.text(
            "happened",
            move=move,
            score=french.nearest(story.score),
            grade=story.grade.value,
        ),
        why=account.why,
        expected=expected,
        short=_short(story, priority, wording),
        text=f"{account.text}\n\n{expected}",
    )


def _move(story: Story) -> str:
    if story.previous_priority is None:
        return "first"
    return "kept" if story.priority is story.previous_priority else "changed"


# --- Why --------------------------------------------------------------------


def _account(story: Story, move: str, wording: Wording) -> _Account:
    if story.doubts:
        return _doubted(story, move, _doubts(story, wording), wording)
    if story.is_ordinary:
        ordinary = wording.text("ordinary")
        return _Account(ordinary, f"{wording.text('plain', move=move)} {ordinary}")
    if not story.reasons:
        return _doubted(story, move, wording.text("unexplained"), wording)
    if story.main_way is not None and story.texts(story.main_way):
        return _because(story, story.main_way, move, wording)
    return _balanced(story, move, wording)


def _because(story: Story, way: Way, move: str, wording: Wording) -> _Account:
    """The reference form: « … car : », a list, then what pulls the other way."""
    reasons = french.bullets(story.texts(way))
    other, heading = (Way.DOWN, "watch") if way is Way.UP else (Way.UP, "contrary")
    rest = _headed(heading, story.texts(other), wording)
    return _Account(
        "\n\n".join([reasons, *rest]),
        "\n\n".join([f"{wording.text('because', move=move)}\n{reasons}", *rest]),
    )


def _balanced(story: Story, move: str, wording: Wording) -> _Account:
    """Reasons either way, none of which accounts for the priority."""
    form = "plain" if story.main_way is None else "without-reason"
    both = _both_ways(story, wording)
    opening = wording.text(form, move=move)
    return _Account("\n\n".join(both), "\n\n".join([opening, *both]))


def _doubted(story: Story, move: str, doubts: str, wording: Wording) -> _Account:
    both = _both_ways(story, wording)
    opening = wording.text("although", move=move, doubts=doubts)
    return _Account(
        "\n\n".join([french.sentence(doubts), *both]), "\n\n".join([opening, *both])
    )


def _doubts(story: Story, wording: Wording) -> str:
    told = (wording.doubt(one, partly=bool(story.reasons)) for one in story.doubts)
    return french.joined(tuple(told))


def _both_ways(story: Story, wording: Wording) -> list[str]:
    return [
        *_headed("for", story.texts(Way.UP), wording),
        *_headed("against", story.texts(Way.DOWN), wording),
    ]


def _headed(heading: str, texts: Sequence[str], wording: Wording) -> list[str]:
    if not texts:
        return []
    return [wording.text(f"heading-{heading}", reasons=french.bullets(texts))]


# --- What is expected -------------------------------------------------------


def _expected(story: Story, wording: Wording) -> str:
    """One action of a person, with its day; then what steps the model looks up to."""
    days = DAYS_TO_JUDGE if story.doubts else DAYS_TO_ACT[story.priority]
    today = french.paris_day(story.moment)
    deadline = french.day(french.due_day(today, days), today)
    action = wording.text(f"expected-{_action(story, wording)}", deadline=deadline)
    return " ".join([action, *_steps(story, wording)])


def _steps(story: Story, wording: Wording) -> list[str]:
    """What would raise the score, to the model; nothing where a person judges."""
    if not story.steps or story.doubts:
        return []
    names = ("first", "second")
    told = dict(zip(names, (one.text for one in story.steps), strict=False))
    scores = (french.nearest(one.step.score_with) for one in story.steps)
    told |= zip((f"{name}_score" for name in names), map(str, scores), strict=False)
    return [
        wording.text("expected-steps" if len(told) > 2 else "expected-step", **told)
    ]


def _action(story: Story, wording: Wording) -> str:
    if story.doubts:
        return "jugement"
    if story.priority is Priority.LOW:
        return "veille"
    ideas = [wording.catalogue.ideas[told.reason.idea] for told in _leading(story)]
    if not ideas:
        return "examen"
    acted_on = (idea for idea in ideas if idea.nature is Nature.BEHAVIOUR)
    return next(acted_on, ideas[0]).expected


def _leading(story: Story) -> list[TextedReason]:
    """The reasons to act on: those of the main way, else those of the strongest."""
    strongest = sorted(story.reasons, key=lambda told: -abs(told.reason.log_odds))
    way = story.main_way or (strongest[0].reason.way if strongest else None)
    return [told for told in strongest if told.reason.way is way]


# --- In short ---------------------------------------------------------------


def _short(story: Story, priority: str, wording: Wording) -> str:
    """As many reasons as fit: a reason is told whole or not at all."""
    items = _short_items(story, wording)
    between = ", "
    if any("," in item or ":" in item for item in items):
        between = f"{french.NBSP}; "
    for count in range(len(items), 0, -1):
        reasons = between.join(items[:count])
        text = wording.text("short", priority=priority, reasons=reasons)
        if len(text) <= SHORT_LENGTH:
            return text
    return wording.text("short.bare", priority=priority)


def _short_items(story: Story, wording: Wording) -> list[str]:
    if story.doubts:
        return [wording.text(f"doubt-{story.doubts[0].value}.short")]
    if story.is_ordinary:
        return [wording.text("ordinary.short")]
    leading = [told.text for told in _leading(story)]
    return leading or [wording.text("unexplained.short")]
