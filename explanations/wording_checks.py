"""Checks of the French messages: each is tried for what is absent or broken."""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from explanations.errors import WordingError
from explanations.general_messages import GENERAL, TRIED, sample_text
from explanations.language import Argument
from explanations.messages import UNKNOWN, Messages
from explanations.score import SHORT_LENGTH, Doubt, Priority
from explanations.signal_arguments import TRIED_DAYS, tried_arguments
from features.catalogue import Catalogue, Idea, Nature

EVIDENCE_DAYS = "evidence_days"  # since its latest evidence, or since it is awaited
MOST_TRIED = 1_000  # mixtures of one message's arguments, some 20 ms; drawn beyond
_FILE = "fr.ftl"  # of the general messages
_AT_CHOICE = ("up", "down", "bare")  # attributes that an idea need not have

Tried = Mapping[str, Sequence[Argument]]  # what each argument of a message may be


@dataclass(frozen=True, slots=True)
class WordingChecks:
    """Finds what is broken in the French messages for a catalogue.

    A problem names the file and the message.
    """

    catalogue: Catalogue
    messages: Messages

    def problems(self) -> list[str]:
        """All that is absent or broken; messages that are whole in all else are then
        held to what a short form may be."""
        broken = [*self._general(), *self._of_catalogue()]
        return broken or [*self._short_forms()]

    def _general(self) -> Iterator[str]:
        yield from self._absent(GENERAL, _FILE)
        for key, names in GENERAL.items():
            yield from self._of_general(key, names)

    def _of_general(self, key: str, names: Iterable[str]) -> Iterator[str]:
        tried: Tried = {name: TRIED.get(name, (sample_text(name),)) for name in names}
        yield from self._of_message(key, _FILE, tried, must_tell=True)

    def _of_catalogue(self) -> Iterator[str]:
        file = f"fr.{self.catalogue.name}.ftl"
        expected = {f"expected-{idea.expected}" for idea in self.catalogue.idea}
        expected -= GENERAL.keys()
        named = [f"step-{step.name}" for step in self.catalogue.step]
        named += [f"idea-{idea.name}" for idea in self.catalogue.idea]
        yield from self._absent(sorted(expected), _FILE)
        yield from self._absent(named, file)
        for key in sorted(expected):
            yield from self._of_general(key, {"deadline"})
        for key in named:
            yield from self._of_message(key, file, {})
        for idea in self.catalogue.idea:
            if idea.nature is not Nature.CONTEXT:
                yield from self._of_idea(idea, file)

    def _of_idea(self, idea: Idea, file: str) -> Iterator[str]:
        name = f"idea-{idea.name}"
        needed = [f"{name}.facts", *([f"{name}.absent"] if idea.awaited else [])]
        yield from self._absent(needed, file)
        for key in (*needed, *(f"{name}.{form}" for form in _AT_CHOICE)):
            if key in self.messages:
                words = self.messages.words(key)
                tried = {
                    signal.name: tried_arguments(signal, words.get(signal.name, ()))
                    for signal in self.catalogue.signals_of(idea.name)
                }
                tried[EVIDENCE_DAYS] = [*TRIED_DAYS]
                yield from self._of_message(key, file, tried)

    def _short_forms(self) -> Iterator[str]:
        """A short form is never cut: its own words leave room for each fixed one."""
        longest = max(
            (self._text(f"priority-{level.value}") for level in Priority), key=len
        )
        fixed = [f"doubt-{doubt.value}.short" for doubt in Doubt]
        fixed += ["ordinary.short", "placed.short", "unexplained.short"]
        fixed.append("move-person.short")
        texts = [
            (key, self._text("short", priority=longest, reasons=self._text(key)))
            for key in fixed
        ]
        texts.append(("short.bare", self._text("short.bare", priority=longest)))
        for ending in TRIED["stage"]:
            texts.append(("closed.short", self._text("closed.short", stage=ending)))
        for key, text in texts:
            if len(text) > SHORT_LENGTH:
                yield (
                    f"{_FILE}: {key} makes {len(text)} characters of {text!r}, "
                    f"{SHORT_LENGTH} at most"
                )

    def _absent(self, keys: Iterable[str], file: str) -> Iterator[str]:
        return (f"{file}: {key} is absent" for key in keys if key not in self.messages)

    def _of_message(
        self, key: str, file: str, tried: Tried, *, must_tell: bool = False
    ) -> Iterator[str]:
        """What is wrong with a message as it is written, or told at last.

        `must_tell`: it has to tell all that it is given.
        """
        if key not in self.messages:
            return
        needed = {*self.messages.variables(key)}
        unknown = sorted(needed - tried.keys())
        if unknown:
            yield from (
                f"{file}: {key} asks for ${name}, no argument" for name in unknown
            )
            return
        yield from self._never_selected(key, file, tried)
        dropped = sorted(tried.keys() - needed) if must_tell else []
        if dropped:
            yield from (f"{file}: {key} does not tell ${name}" for name in dropped)
            return
        texts = [name for name in tried if must_tell and name not in TRIED]
        for arguments in _mixtures(tried, needed):
            try:
                text = self.messages.text(key, arguments)
            except WordingError as error:
                yield str(error)
                return
            if wrong := _wrong(key, text, [str(arguments[name]) for name in texts]):
                yield f"{file}: {key} {wrong} where its arguments are {arguments}"
                return

    def _never_selected(self, key: str, file: str, tried: Tried) -> Iterator[str]:
        """A word that an argument never is would leave a branch untold, unnoticed."""
        for name, words in self.messages.words(key).items():
            known = {UNKNOWN, *self.messages.plurals, *map(str, tried[name])}
            for word in sorted(words - known):
                yield f"{file}: {key} selects {word}, which ${name} never is"

    def _text(self, key: str, **arguments: Argument) -> str:
        return self.messages.text(key, arguments)


def _mixtures(tried: Tried, needed: set[str]) -> Iterator[dict[str, Argument]]:
    """Every mixture of what is asked for, with a value of all else; some if they are
    too many."""
    names = [name for name in tried if name in needed]
    rest = {name: values[0] for name, values in tried.items() if name not in needed}
    several = [tried[name] for name in names]
    values: Iterable[Sequence[Argument]] = itertools.product(*several)
    if math.prod(map(len, several)) > MOST_TRIED:
        rng = Random(0)
        values = ([rng.choice(tries) for tries in several] for _ in range(MOST_TRIED))
    for mixture in values:
        yield {**rest, **dict(zip(names, mixture, strict=True))}


def _wrong(key: str, text: str, texts: Iterable[str]) -> str:
    """What is wrong with a message as it is told; nothing if it is well."""
    if not text.strip():
        return "is empty"
    if len(text.splitlines()) > 1 and not key.startswith("heading-"):
        return "breaks the line"
    dropped = [argument for argument in texts if argument not in text]
    return f"does not tell {', '.join(dropped)}" if dropped else ""
