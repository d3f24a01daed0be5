"""Wording in French: message catalogues, whole and checked when read.

`fr.ftl` holds what every catalogue of signals shares; `fr.<catalogue name>.ftl` its
ideas, one message each.

    idea-devis = devis                      what the idea is called
        .facts = devis envoyé hier          its facts, whichever way they pull
        .bare = envoyé hier                 only where facts begin with that name
        .up, .down                          only where a way asks for other words
        .absent                             where the catalogue awaits an event

The arguments of an idea's messages are its signals and `evidence_days`, in the form
that `signal_argument` gives. A text is a noun phrase in lower case without a final
stop, and true of the facts: the heading above it tells the way.
"""

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from babel import Locale

from explanations.calendar_fr import gone_by
from explanations.errors import WordingError
from explanations.language import Argument
from explanations.messages import UNKNOWN, Messages
from explanations.quotation import quoted
from explanations.reason import Check, Direction, Reason
from explanations.rounding import nearest
from explanations.score import Doubt, Priority, TextedReason
from explanations.signal_arguments import signal_argument
from explanations.wording_checks import EVIDENCE_DAYS, WordingChecks
from features.catalogue import Catalogue

LOCALE = Path(__file__).parent / "locale"
FRENCH = Locale("fr")


class Wording:
    """The messages for one catalogue. Once built, it has a text for whatever comes."""

    def __init__(self, catalogue: Catalogue, messages: Messages) -> None:
        """Raise WordingError, which tells all that is absent or wrong."""
        self.catalogue = catalogue
        self.language = messages.language
        self._messages = messages
        self._signals = {signal.name: signal for signal in catalogue.signals}
        if problems := WordingChecks(catalogue, messages).problems():
            raise WordingError("; ".join(problems))

    def text(self, key: str, **arguments: Argument) -> str:
        """A general message."""
        return self._messages.text(key, arguments)

    def reason(self, reason: Reason, moment: datetime) -> str:
        """A reason of a score at `moment`, as an item of a list, with its quote."""
        key = self._key(reason.idea, reason.way, reason.check)
        arguments = {
            name: self._argument(name, reason, moment)
            for name in self._messages.variables(key)
        }
        text = self._messages.text(key, arguments)
        quote = quoted(reason.quote) if reason.quote else ""
        return self.text("quoting", reason=text, quote=quote) if quote else text

    def unquoted(self, texted: TextedReason, moment: datetime) -> str:
        """The reason's text without the note that it quotes."""
        if texted.reason.quote is None:
            return texted.text
        return self.reason(replace(texted.reason, quote=None), moment)

    def priority(self, priority: Priority) -> str:
        """What a priority is called: « élevée »."""
        return self.text(f"priority-{priority.value}")

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

    def attribute(self, field: str, value: float | str, moment: datetime) -> str:
        """What one attribute says of a lead: « secteur du bâtiment ».

        The facts of the idea that reads `field`, as if nothing else were known, and
        without the idea's own name before them.
        """
        signal = next(
            signal
            for signal in self.catalogue.signal
            if signal.last is not None and signal.last.field == field
        )
        arguments: dict[str, Argument] = dict.fromkeys(self.catalogue.names, UNKNOWN)
        arguments |= {
            EVIDENCE_DAYS: UNKNOWN,
            signal.name: signal_argument(signal, value, moment),
        }
        bare = f"idea-{signal.idea}.bare"
        key = bare if bare in self._messages else f"idea-{signal.idea}.facts"
        return self._messages.text(key, arguments)

    def step(self, name: str) -> str:
        """What a next step is called: « un appel abouti »."""
        return self._messages.text(f"step-{name}", {})

    def doubt(self, doubt: Doubt, *, partly: bool = False) -> str:
        """A doubt; `partly` when some reasons are told beside it."""
        return self.text(f"doubt-{doubt.value}{'.partly' if partly else ''}")

    def _argument(self, name: str, reason: Reason, moment: datetime) -> Argument:
        if name == EVIDENCE_DAYS:
            return gone_by(reason.last_at, moment)
        return signal_argument(self._signals[name], reason.values.get(name), moment)

    def _key(self, idea: str, way: Direction, check: Check) -> str:
        key = f"idea-{idea}.{'absent' if check is Check.INSERTION else way.value}"
        return key if key in self._messages else f"idea-{idea}.facts"


def read_wording(catalogue: Catalogue, *, folder: Path = LOCALE) -> Wording:
    """Read the French messages for a catalogue.

    Raises WordingError, which tells all, if a file can't be read or parsed, or a
    message is absent or broken.
    """
    return Wording(catalogue, Messages(_sources(catalogue, folder), FRENCH))


def kept_wording(catalogue: Catalogue) -> Wording:
    """The wording as `read_wording` gives it, made once for files that are the same:
    to parse and check it takes longer than to train on a small log."""
    return _kept(catalogue, _sources(catalogue, LOCALE))


@lru_cache(maxsize=4)
def _kept(catalogue: Catalogue, sources: tuple[tuple[str, str], ...]) -> Wording:
    return Wording(catalogue, Messages(sources, FRENCH))


def _sources(catalogue: Catalogue, folder: Path) -> tuple[tuple[str, str], ...]:
    own = folder / f"fr.{catalogue.name}.ftl"
    if not own.exists():
        raise WordingError(
            f"catalogue {catalogue.name!r} has no wording: write {own}, or keep the "
            "name of the catalogue that it was made from"
        )
    sources = []
    for path in (folder / "fr.ftl", own):
        try:
            sources.append((path.name, path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            raise WordingError(f"{path}: {error}") from error
    return tuple(sources)
