"""Stories in every form that a text may take: each idea, each message.

A log tells what is common; a judge of French must also read what is rare.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from explanations.change import told_change
from explanations.narrative_input import NarrativeInput
from explanations.reason import Change, Check, Direction, Evidence, NextStep, Reason
from explanations.score import (
    Doubt,
    Ending,
    Grade,
    Priority,
    TextedReason,
    TextedStep,
)
from explanations.wording import Wording
from features.catalogue import Catalogue, Nature, Signal

Value = float | str | None

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday
PLURALS = (0, 1, 2, 1000)
DAYS = (0, 0.125, 0.9, 1, 2, 20, 75, 1000)  # less than one is told in hours
MOST_REASONS = 6
NOTES = (
    "Rendez-vous avec la responsable du projet. Le tarif leur paraît élevé.",
    "Le décideur était absent.",
    "Échange par téléphone. Bonne discussion, les besoins sont clairs. Le budget de "
    "l’année est déjà engagé.",
)
CODES: dict[str, Sequence[str]] = {
    "sector": ("industrie", "logiciel", "sante", "distribution", "services", "btp"),
    "lead_source": (
        *("salon", "recommandation", "site_web", "prospection", "partenaire"),
        *("appel_entrant", "evenement", "hubspot"),
    ),
    "region": ("ile_de_france", "grand_est", "hauts_de_france", "la_reunion"),
}

# Told ways of a reason: up and down by deletion, and the absence.
_WAYS = (
    (Direction.UP, Check.DELETION),
    (Direction.DOWN, Check.DELETION),
    (Direction.DOWN, Check.INSERTION),
)


def tried_values(signal: Signal) -> tuple[Value, ...]:
    """Values of a signal that between them ask for every form of its messages."""
    if signal.is_text:
        return (None,)
    if signal.is_category:
        order = signal.last.order if signal.last else ()
        return (None, *CODES.get(signal.name, ()), *order, "code_alpha")
    if signal.name.endswith("tone"):
        return (None, -2, -1, 0, 0.5, 1, 2)
    return {
        "share": (None, 0, 0.5, 0.996, 1),
        "trend": (-1000, -1, 0, 1, 2, 1000),
        "latency": (None, 0, 0.5, 1, 23.9, 24, 47, 60, 1000),
        "mean": (None, 0, 1, 2.5, 1000),
        "last": (None, 0, 1, 2, 1000, 12500),
        "days_since_last": (None, *DAYS),
        "days_since_first": (None, *DAYS),
    }.get(signal.aggregate, (None, *PLURALS))


def told_ideas(catalogue: Catalogue) -> list[str]:
    """The ideas that may be a reason."""
    return [idea.name for idea in catalogue.idea if idea.nature is not Nature.CONTEXT]


def reasons_of(catalogue: Catalogue, idea: str) -> Iterator[Reason]:
    """A reason of the idea for each way it may be told and each choice of values."""
    signals = catalogue.signals_of(idea)
    names = [signal.name for signal in signals]
    told = [
        _reason(idea, way, check, days)
        for way, check in _ways(catalogue, idea)
        for days in (0, 0.125, 1, 18)
    ]
    for values in itertools.product(*map(tried_values, signals)):
        named = dict(zip(names, values, strict=True))
        yield from (replace(reason, values=named) for reason in told)


def message_texts(wording: Wording) -> set[str]:
    """What is told outside of narratives: names, changes, and how it was checked."""
    catalogue = wording.catalogue
    return {
        *(wording.idea(idea.name) for idea in catalogue.idea),
        *(wording.step(step.name) for step in catalogue.step),
        *(told_change(change, wording) for change in _changes(catalogue)),
        *map(wording.check, _checked()),
        *(  # a short form whose every reason is too long for it
            wording.text("short.bare", priority=wording.text(f"priority-{name.value}"))
            for name in Priority
        ),
    }


def made_up_stories(wording: Wording, n: int, *, seed: int) -> Iterator[NarrativeInput]:
    """Stories that draw on every form; true of no lead."""
    rng = Random(seed)
    return (_story(wording, rng) for _ in range(n))


def _story(wording: Wording, rng: Random) -> NarrativeInput:
    catalogue = wording.catalogue
    moment = NOON + timedelta(hours=rng.randrange(24 * 365))
    some = rng.sample(told_ideas(catalogue), rng.randint(0, MOST_REASONS))
    reasons = [_drawn_reason(catalogue, idea, moment, rng) for idea in some]
    steps = rng.sample(catalogue.step, rng.randint(0, min(2, len(catalogue.step))))
    score = rng.choice((0.2, 1.0, 33.0, rng.uniform(0, 97)))
    return NarrativeInput(
        priority=rng.choice(list(Priority)),
        previous_priority=rng.choice([None, *Priority]),
        grade=rng.choice(list(Grade)),
        score=score,
        base=rng.choice((score, 33.0)),
        reasons=tuple(
            TextedReason(reason, wording.reason(reason, moment)) for reason in reasons
        ),
        doubts=tuple(rng.sample(list(Doubt), rng.choice((0, 0, 0, 1, 2)))),
        moment=moment,
        steps=tuple(
            TextedStep(
                NextStep(step.name, score + rng.choice((0.1, 3.0, rng.uniform(0, 3)))),
                wording.step(step.name),
            )
            for step in steps
        ),
        closed=rng.choice((None, None, None, None, *Ending)),
        by_person=rng.random() < 0.25,
        is_settled=rng.random() < 0.5,
    )


def _drawn_reason(
    catalogue: Catalogue, idea: str, moment: datetime, rng: Random
) -> Reason:
    way, check = rng.choice(_ways(catalogue, idea))
    values = {
        signal.name: rng.choice(tried_values(signal))
        for signal in catalogue.signals_of(idea)
    }
    return replace(
        _reason(idea, way, check, rng.choice(DAYS)),
        values=values,
        log_odds=rng.uniform(0.1, 2) * (1 if way is Direction.UP else -1),
        last_at=moment - timedelta(days=rng.choice(DAYS)),
        quote=rng.choice((None, None, *NOTES)),
    )


def _ways(catalogue: Catalogue, idea: str) -> tuple[tuple[Direction, Check], ...]:
    return _WAYS if catalogue.ideas[idea].awaited else _WAYS[:2]


def _reason(idea: str, way: Direction, check: Check, days: float) -> Reason:
    sign = 1 if way is Direction.UP else -1
    return Reason(
        idea=idea,
        way=way,
        points=10.0 * sign,
        log_odds=0.5 * sign,
        values={},
        check=check,
        evidence=(),
        last_at=NOON - timedelta(days=days),
        inserted=None,
        score_without=50.0,
    )


def _changes(catalogue: Catalogue) -> Iterator[Change]:
    """Each part of a change, up, down and nil, in the singular and the plural."""
    names = list(catalogue.ideas)
    parts = itertools.product((-2.0, 0.0, 1.0), (-1.0, 0.0, 12.0), (0.0, 1.0))
    for (time, events, model), n_ideas in itertools.product(parts, (0, 1, 2)):
        after, ideas = 30.0 + time + events + model, tuple(names[:n_ideas])
        yield Change(
            before=30.0, after=after, time=time, events=events, model=model, ideas=ideas
        )


def _checked() -> Iterator[Reason]:
    inserted = _reason("", Direction.DOWN, Check.INSERTION, 0)
    deleted = _reason("", Direction.UP, Check.DELETION, 0)
    for score, facts in itertools.product((0.0, 1.0, 62.0), (1, 2, 1000)):
        evidence = (Evidence("site", "1"),) * facts
        yield replace(inserted, score_without=score)
        yield replace(deleted, score_without=score, evidence=evidence)
