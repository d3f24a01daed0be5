"""The French of reasons: a message catalogue, whole and checked when it is read.

`fr.ftl` holds what every catalogue shares; `fr.<catalogue name>.ftl` the ideas of
that catalogue, one message each:

    idea-devis = devis                      what the idea is called
        .facts = devis envoyé hier          its facts, whichever way they pull
        .up, .down                          only where a way asks for other words
        .absent                             where the catalogue awaits an event

The arguments of an idea's messages are its signals and `evidence_days`; `_told`
says in which form. A text is a noun phrase in lower case without a final stop, and
true of the facts: the heading above it tells the way.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from explanations import french
from explanations.messages import UNKNOWN, Argument, Messages
from explanations.reason import Check, Reason, Way
from explanations.score import Doubt, Priority
from features.catalogue import Catalogue, Idea, Nature, Signal
from features.errors import WordingError
from features.featurise import ZERO_WITHOUT_EVENTS

LOCALE = Path(__file__).parent / "locale"
LONGEST_LABEL = 100  # characters; Fluent refuses 1,000, and no label is that long
LARGEST_NUMBER = 1e15  # Babel fails from 1e25, and no honest signal is that large
EVIDENCE_DAYS = "evidence_days"  # since its latest evidence, or since it is awaited

# What `narrate` says, whatever the catalogue, and the arguments that it gives.
GENERAL: Mapping[str, set[str]] = {
    "move-first": {"priority"},
    "move-kept": {"priority"},
    "move-changed": {"priority"},
    "happened": {"move", "score", "grade"},
    "because": {"move"},
    "although": {"move", "doubts"},
    "without-reason": {"move"},
    "plain": {"move"},
    "heading-watch": {"reasons"},
    "heading-contrary": {"reasons"},
    "heading-for": {"reasons"},
    "heading-against": {"reasons"},
    "unexplained": set(),
    "unexplained.short": set(),
    "ordinary": set(),
    "ordinary.short": set(),
    "short": {"priority", "reasons"},
    "short.bare": {"priority"},
    "expected-step": {"first", "first_score"},
    "expected-steps": {"first", "first_score", "second", "second_score"},
    "expected-examen": {"deadline"},
    "expected-jugement": {"deadline"},
    "expected-veille": {"deadline"},
    "change": {"way", "before", "after"},
    "change.time": {"points"},
    "change.events": {"points"},
    "change.events-named": {"points", "ideas"},
    "change.model": {"points"},
    **{f"priority-{priority.value}": set() for priority in Priority},
    **{f"doubt-{doubt.value}": set() for doubt in Doubt},
    **{f"doubt-{doubt.value}.partly": set() for doubt in Doubt},
    **{f"doubt-{doubt.value}.short": set() for doubt in Doubt},
}


class Wording:
    """The messages for one catalogue. Once built, it has a text for whatever comes."""

    def __init__(self, catalogue: Catalogue, messages: Messages) -> None:
        """Raise WordingError, which tells all that is absent or wrong."""
        self.catalogue = catalogue
        self._messages = messages
        self._signals = {idea: catalogue.signals_of(idea) for idea in catalogue.ideas}
        problems = [*_general_problems(messages), *self._idea_problems()]
        if problems:
            raise WordingError("; ".join(problems))

    def text(self, key: str, **arguments: Argument) -> str:
        """A general message."""
        return self._messages.text(key, arguments)

    def reason(self, reason: Reason, moment: datetime) -> str:
        """A reason of a score at `moment`, as an item of a list."""
        key = self._key(reason.idea, reason.way, reason.check)
        arguments = {
            signal.name: _told(signal, reason.values.get(signal.name), moment)
            for signal in self._signals[reason.idea]
        }
        at = reason.last_at
        gone_by = UNKNOWN if at is None else french.days_between(at, moment)
        return self._messages.text(key, {**arguments, EVIDENCE_DAYS: gone_by})

    def idea(self, name: str) -> str:
        """What an idea is called: « délai de réponse »."""
        return self._messages.text(f"idea-{name}", {})

    def step(self, name: str) -> str:
        """What a next step is called: « un appel abouti »."""
        return self._messages.text(f"step-{name}", {})

    def doubt(self, doubt: Doubt, *, partly: bool = False) -> str:
        """A doubt; `partly` when some reasons are told beside it."""
        return self.text(f"doubt-{doubt.value}{'.partly' if partly else ''}")

    def _key(self, idea: str, way: Way, check: Check) -> str:
        key = f"idea-{idea}.{'absent' if check is Check.INSERTION else way.value}"
        return key if key in self._messages else f"idea-{idea}.facts"

    def _idea_problems(self) -> Iterator[str]:
        steps = [f"step-{step.name}" for step in self.catalogue.step]
        yield from _absent_keys(self._messages, steps, self.catalogue)
        for idea in self.catalogue.idea:
            if idea.nature is not Nature.CONTEXT:
                yield from self._problems_of(idea)

    def _problems_of(self, idea: Idea) -> Iterator[str]:
        name = f"idea-{idea.name}"
        needed = [name, f"{name}.facts", *([f"{name}.absent"] if idea.awaited else [])]
        given = {EVIDENCE_DAYS, *(signal.name for signal in self._signals[idea.name])}
        yield from _absent_keys(self._messages, needed, self.catalogue)
        yield from _absent_keys(self._messages, [f"expected-{idea.expected}"])
        for key in (*needed, f"{name}.up", f"{name}.down"):
            if key in self._messages:
                unknown = set(self._messages.variables(key)) - given
                told = f"{_file_name(self.catalogue)}: {key} asks for"
                yield from (f"{told} ${one}, no signal of its idea" for one in unknown)
                if not unknown:
                    yield from self._trial_problems(key, idea.name)

    def _trial_problems(self, key: str, idea: str) -> Iterator[str]:
        for trial in (None, 0.0, 1.0, 1000.0):
            arguments = {
                signal.name: _told(signal, _tried(signal, trial), _TRIAL_MOMENT)
                for signal in self._signals[idea]
            }
            days = UNKNOWN if trial is None else int(trial)
            try:
                text = self._messages.text(key, {**arguments, EVIDENCE_DAYS: days})
            except WordingError as error:
                yield str(error)
                return
            if not text.strip():
                yield f"{key} is empty where every signal is {trial}"


_TRIAL_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def read_wording(catalogue: Catalogue, folder: Path = LOCALE) -> Wording:
    """Read the messages for a catalogue.

    Raises
    ------
    WordingError
        A file can't be read or parsed, or an idea lacks a message; tells all.
    """
    names = (_file_name(), _file_name(catalogue))
    return Wording(catalogue, Messages([_source(folder / name) for name in names]))


def _source(path: Path) -> tuple[str, str]:
    try:
        return path.name, path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WordingError(f"{path}: {error}") from error


def _general_problems(messages: Messages) -> Iterator[str]:
    yield from _absent_keys(messages, GENERAL)
    for key, given in GENERAL.items():
        if key in messages and (unknown := {*messages.variables(key)} - given):
            yield f"{key} asks for {', '.join(sorted(unknown))}, which it is not given"


def _absent_keys(
    messages: Messages, keys: Iterable[str], catalogue: Catalogue | None = None
) -> Iterator[str]:
    file = _file_name(catalogue)
    yield from (f"{file}: {key} is absent" for key in keys if key not in messages)


def _file_name(catalogue: Catalogue | None = None) -> str:
    return f"fr.{catalogue.name}.ftl" if catalogue else "fr.ftl"


def _tried(signal: Signal, trial: float | None) -> float | str | None:
    return "autre" if signal.is_category and trial is not None else trial


def _told(signal: Signal, value: float | str | None, moment: datetime) -> Argument:
    """A signal's value as its messages get it.

    Days since something are days of the calendar in Paris: « hier » is yesterday.
    Hours are whole under two days, then whole days. Coarse values repeat, so texts
    are found again rather than formatted.
    """
    if isinstance(value, str):
        return value if len(value) <= LONGEST_LABEL else UNKNOWN
    if value is None or not abs(value) < LARGEST_NUMBER:
        # No event counts as zero (`featurise` promises it); the rest is unknown.
        return 0 if signal.aggregate in ZERO_WITHOUT_EVENTS else UNKNOWN
    if signal.aggregate in {"days_since_last", "days_since_first"}:
        return french.days_between(moment - timedelta(days=value), moment)
    if signal.aggregate == "latency":
        return math.floor(value) if value < 48 else 24 * round(value / 24)
    return int(value) if value == int(value) else round(value, 3)
