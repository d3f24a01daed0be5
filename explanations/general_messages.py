"""General messages: those that French has whatever the catalogue of signals."""

from collections.abc import Mapping, Sequence

from explanations.language import TOLD, Argument
from explanations.score import Doubt, Ending, Priority

# By key, the arguments that a message is given.
GENERAL: Mapping[str, set[str]] = {
    **TOLD,
    "move-first": {"priority"},
    "move-kept": {"priority"},
    "move-changed": {"priority"},
    "move-person": {"priority"},
    "move-person.short": set(),
    "move-closed": {"priority", "stage"},
    "happened": {"move", "score", "grade"},
    "because": {"move"},
    "although": {"move", "doubts"},
    "without-reason": {"move"},
    "plain": {"move"},
    "heading-contrary": {"reasons"},
    "heading-for": {"reasons"},
    "heading-against": {"reasons"},
    "unexplained": set(),
    "unexplained.short": set(),
    "ordinary": set(),
    "ordinary.short": set(),
    "ordinary-person": set(),
    "placed": set(),
    "placed.short": set(),
    "quoting": {"reason", "quote"},
    "short": {"priority", "reasons"},
    "short.bare": {"priority"},
    "short.joint": set(),
    "short.both": {"reasons", "contrary"},
    "expected-step": {"score", "first", "first_score"},
    "expected-step.barely": {"first"},
    "expected-steps": {"score", "first", "first_score", "second", "second_score"},
    "expected-steps.same": {"score", "first", "first_score", "second"},
    "expected-examen": {"deadline"},
    "expected-jugement": {"deadline"},
    "expected-veille": {"deadline"},
    "closed": {"stage"},
    "closed.short": {"stage"},
    "checked-deletion": {"facts", "score"},
    "checked-insertion": {"score"},
    "change": {"way", "before", "after"},
    "change.time": {"signed", "count"},
    "change.events": {"signed", "count"},
    "change.events-named": {"signed", "count", "ideas"},
    "change.model": {"signed", "count"},
    "change.told": {"change", "parts"},
    **{f"priority-{priority.value}": set() for priority in Priority},
    **{f"doubt-{doubt.value}": set() for doubt in Doubt},
    **{f"doubt-{doubt.value}.partly": set() for doubt in Doubt},
    **{f"doubt-{doubt.value}.short": set() for doubt in Doubt},
}

# What they may be, at every plural and choice; the others are texts, told as they are.
TRIED: Mapping[str, Sequence[Argument]] = {
    "count": (0, 1, 2, 1000),
    "facts": (1, 2, 1000),
    **dict.fromkeys(
        ("score", "first_score", "second_score", "before", "after"), (0, 1, 62)
    ),
    "way": ("up", "down", "same"),
    "number": (1, 2, 31),
    "stage": tuple(ending.value for ending in Ending),
}


def sample_text(argument: str) -> str:
    """A text that such an argument may be, and no message has of itself."""
    return f"{argument} à dire"
