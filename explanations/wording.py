"""What is told, in a language: message catalogues, whole and checked when read.

`fr.ftl` holds what every catalogue of signals shares; `fr.<catalogue name>.ftl` its
ideas, one message each. Another language is two more such files, and no code.

    idea-devis = devis                      what the idea is called
        .facts = devis envoyé hier          its facts, whichever way they pull
        .up, .down                          only where a way asks for other words
        .absent                             where the catalogue awaits an event

The arguments of an idea's messages are its signals and `evidence_days`; `_told`
says in which form. A text is a noun phrase in lower case without a final stop, and
true of the facts: the heading above it tells the way.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from babel import Locale, UnknownLocaleError

from explanations.french import gone_by
from explanations.general_messages import GENERAL, tried_arguments
from explanations.language import Argument
from explanations.messages import UNKNOWN, Messages
from explanations.quotation import quoted, readable_label
from explanations.reason import Check, Reason, Way
from explanations.score import Doubt
from explanations.shown import nearest
from features.catalogue import Catalogue, Idea, Nature, Signal
from features.errors import WordingError
from features.featurise import ZERO_WITHOUT_EVENTS

LOCALE = Path(__file__).parent / "locale"
FRENCH = "fr"
LONGEST_LABEL = 100  # characters; Fluent refuses 1,000, and no label is that long
LARGEST_NUMBER = 1e15  # Babel fails from 1e25, and no honest signal is that large
EVIDENCE_DAYS = "evidence_days"  # since its latest evidence, or since it is awaited


class Wording:
    """The messages for one catalogue. Once built, it has a text for whatever comes."""

    def __init__(self, catalogue: Catalogue, messages: Messages, code: str) -> None:
        """Raise WordingError, which tells all that is absent or wrong."""
        self.catalogue = catalogue
        self.language = messages.language
        self._messages = messages
        self._code = code
        self._signals = {idea: catalogue.signals_of(idea) for idea in catalogue.ideas}
        problems = [*self._general_problems(), *self._catalogue_problems()]
        if problems:
            raise WordingError("; ".join(problems))

    def text(self, key: str, **arguments: Argument) -> str:
        """A general message."""
        return self._messages.text(key, arguments)

    def reason(self, reason: Reason, moment: datetime) -> str:
        """A reason of a score at `moment`, as an item of a list, with its quote."""
        key = self._key(reason.idea, reason.way, reason.check)
        arguments = {
            signal.name: _told(signal, reason.values.get(signal.name), moment)
            for signal in self._signals[reason.idea]
        }
        at = reason.last_at
        days = UNKNOWN if at is None else gone_by(at, moment)
        text = self._messages.text(key, {**arguments, EVIDENCE_DAYS: days})
        quote = quoted(reason.quote) if reason.quote else ""
        return self.text("quoting", reason=text, quote=quote) if quote else text

    def check(self, reason: Reason) -> str:
        """How a reason was checked: « sans cet élément, le score serait de 41… »."""
        score = nearest(reason.score_without)
        if reason.check is Check.INSERTION:
            return self.text("checked-insertion", score=score)
        facts = len(reason.evidence)
        return self.text("checked-deletion", facts=facts, score=score)

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

    def _general_problems(self) -> Iterator[str]:
        yield from self._absent(GENERAL, self._file)
        for key, given in GENERAL.items():
            yield from self._message_problems(key, self._file, tried_arguments(given))

    def _catalogue_problems(self) -> Iterator[str]:
        file = f"{self._code}.{self.catalogue.name}.ftl"
        expected = {f"expected-{idea.expected}" for idea in self.catalogue.idea}
        named = [f"step-{step.name}" for step in self.catalogue.step]
        named += [f"idea-{idea.name}" for idea in self.catalogue.idea]
        yield from self._absent(sorted(expected - GENERAL.keys()), self._file)
        yield from self._absent(named, file)
        for key in sorted(expected):
            deadline = tried_arguments({"deadline"})
            yield from self._message_problems(key, self._file, deadline)
        for key in named:
            yield from self._message_problems(key, file, [{}])
        for idea in self.catalogue.idea:
            if idea.nature is not Nature.CONTEXT:
                yield from self._idea_problems(idea, file)

    def _idea_problems(self, idea: Idea, file: str) -> Iterator[str]:
        name = f"idea-{idea.name}"
        needed = [f"{name}.facts", *([f"{name}.absent"] if idea.awaited else [])]
        yield from self._absent(needed, file)
        tried = [_tried_signals(self._signals[idea.name], one) for one in _TRIALS]
        for key in (*needed, f"{name}.up", f"{name}.down"):
            yield from self._message_problems(key, file, tried)

    def _absent(self, keys: Iterable[str], file: str) -> Iterator[str]:
        yield from (
            f"{file}: {key} is absent" for key in keys if key not in self._messages
        )

    def _message_problems(
        self, key: str, file: str, tried: Sequence[Mapping[str, Argument]]
    ) -> Iterator[str]:
        """What is wrong with a message, if there is one, given what it may be given."""
        if key not in self._messages:
            return
        unknown = sorted({*self._messages.variables(key)} - tried[0].keys())
        yield from (f"{file}: {key} asks for ${one}, no argument" for one in unknown)
        if unknown:
            return
        for arguments in tried:
            try:
                told = self._messages.text(key, arguments)
            except WordingError as error:
                yield str(error)
                return
            if not told.strip():
                yield f"{file}: {key} is empty where its arguments are {arguments}"

    @property
    def _file(self) -> str:
        return f"{self._code}.ftl"


def read_wording(
    catalogue: Catalogue, language: str = FRENCH, *, folder: Path = LOCALE
) -> Wording:
    """Read the messages of a language for a catalogue.

    Parameters
    ----------
    language : str
        A code of Babel's, as `fr` or `en`.

    Raises
    ------
    WordingError
        The language is unknown, a file can't be read or parsed, or a message is
        absent or broken; tells all.
    """
    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError) as error:
        raise WordingError(f"language {language!r}: {error}") from error
    names = (f"{language}.ftl", f"{language}.{catalogue.name}.ftl")
    messages = Messages([_source(folder / name) for name in names], locale)
    return Wording(catalogue, messages, language)


def _source(path: Path) -> tuple[str, str]:
    try:
        return path.name, path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WordingError(f"{path}: {error}") from error


# --- What messages are tried with when they are read --------------------------

_TRIAL_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_TRIALS = (None, 0.0, 0.125, 1.0, 2.0, 1000.0)  # None: all is unknown


def _tried_signals(
    signals: Iterable[Signal], trial: float | None
) -> dict[str, Argument]:
    told = {
        signal.name: _told(
            signal,
            "autre" if signal.is_category and trial is not None else trial,
            _TRIAL_MOMENT,
        )
        for signal in signals
    }
    return {**told, EVIDENCE_DAYS: UNKNOWN if trial is None else trial}


def _told(signal: Signal, value: float | str | None, moment: datetime) -> Argument:
    """A signal's value as its messages get it.

    Days since something are days of the calendar in Paris: « hier » is yesterday.
    Hours are whole under two days, then whole days. Coarse values repeat, so texts
    are found again rather than formatted.
    """
    if isinstance(value, str):
        return _told_label(value)
    if value is None or not abs(value) < LARGEST_NUMBER:
        # No event counts as zero (`featurise` promises it); the rest is unknown.
        return 0 if signal.aggregate in ZERO_WITHOUT_EVENTS else UNKNOWN
    if signal.aggregate in {"days_since_last", "days_since_first"}:
        return gone_by(moment - timedelta(days=value), moment)
    if signal.aggregate == "latency":
        return math.floor(value) if value < 48 else 24 * round(value / 24)
    return int(value) if value == int(value) else round(value, 3)


@lru_cache(maxsize=4096)
def _told_label(value: str) -> str:
    """A label breaks no line and no quotation marks: it comes from outside."""
    return (readable_label(value) if len(value) <= LONGEST_LABEL else "") or UNKNOWN
