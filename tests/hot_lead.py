"""A hot lead, in twenty variants: it answers the follow-up mail after five hours and
comes back to the page of prices. Its twin does neither."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from explanations.explain import Explainer
from explanations.reason import Direction
from explanations.score import Priority, Score
from features.event import Actor, Event, events_frame
from features.featurise import moments_frame

VARIANTS = range(20)
REPLY, NEW_VISIT = "reply", "new-visit"  # what makes the lead hot
REASONS = (
    "réponse à l’e-mail de relance",
    "nouvelle visite de la page tarifs",
    "délai de réponse inférieur à 24\xa0h",
)

_DAY = datetime(2026, 11, 10, tzinfo=UTC)  # a Tuesday: the day of the follow-up
_SECTORS = ("industrie", "logiciel", "services", "distribution", "sante")
_REGIONS = ("ile_de_france", "occitanie", "bretagne", "grand_est")
_LEAD_SOURCES = ("site_web", "salon", "partenaire")
_SOURCES = {"page_viewed": "site", "email_sent": "mail", "email_replied": "mail"}


def lead_id_of(variant: int) -> str:
    return f"hot-{variant}"


def moment_of(variant: int) -> datetime:
    """When the lead is scored: two to five hours after its reply."""
    return _replied_at(variant) + timedelta(hours=2 + variant % 4)


def hot_lead(variant: int) -> list[Event]:
    """Its history, in the order of sending, which is not always that of time."""
    history = [*_entry(variant), *_courtship(variant), *_last_day(variant)]
    return history[::-1] if variant % 3 == 2 else history


def lukewarm_twin(variant: int) -> list[Event]:
    """The same lead, had it neither answered nor come back."""
    hot = {REPLY, NEW_VISIT}
    return [event for event in hot_lead(variant) if event.event_id not in hot]


def scores_of(explainer: Explainer, variant: int) -> tuple[Score, Score]:
    """The hot lead's score, and its twin's."""
    moments = moments_frame([(lead_id_of(variant), moment_of(variant))])
    (hot,) = explainer.scores(events_frame(hot_lead(variant)), moments)
    (twin,) = explainer.scores(events_frame(lukewarm_twin(variant)), moments)
    return hot, twin


def shortfalls(hot: Score, twin: Score) -> list[str]:
    """What keeps a variant from what issue 2 asks of it; nothing if all is well."""
    raised = {told.text for told in hot.reasons if told.reason.way is Direction.UP}
    form = "Opportunité passée en priorité élevée car\xa0:\n"
    return [
        *(["priority"] if hot.priority is not Priority.HIGH else []),
        *(["form"] if not hot.narrative.text.startswith(form) else []),
        *(text for text in REASONS if text not in raised),
        *(["twin"] if twin.priority is Priority.HIGH else []),
    ]


def _entry(variant: int) -> Iterator[Event]:
    """Three weeks ago: the lead's attributes, a first mail, a first stage."""
    first_day = timedelta(days=-22)
    yield _event(
        variant,
        "entry",
        "attributes_set",
        first_day,
        Actor.PERSON,
        sector=_SECTORS[variant % len(_SECTORS)],
        headcount=40 + 5 * variant,
        lead_source=_LEAD_SOURCES[variant % len(_LEAD_SOURCES)],
        region=_REGIONS[variant % len(_REGIONS)],
    )
    yield _mail(variant, "mail-1", first_day + timedelta(hours=2), "prospection", 1)
    yield _moved(variant, first_day + timedelta(hours=3), "nouveau", "contacte")


def _courtship(variant: int) -> Iterator[Event]:
    """Since: a visit with a look at the prices, a second mail, a stage gained."""
    visited = timedelta(days=-9)
    yield _mail(variant, "mail-2", timedelta(days=-15), "invitation", 2)
    yield _visit(variant, "visit-1", visited, "produit", "s1")
    yield _visit(variant, "visit-2", visited + timedelta(minutes=4), "tarifs", "s1")
    yield _moved(variant, timedelta(days=-8), "contacte", "qualifie")


def _last_day(variant: int) -> Iterator[Event]:
    """The follow-up, the reply, and the visit: before the reply, or after it."""
    visited = timedelta(hours=1 if variant % 2 else -1)
    yield _mail(variant, "follow-up", timedelta(hours=-5), "relance", 3)
    yield _event(
        variant,
        REPLY,
        "email_replied",
        timedelta(),
        Actor.LEAD,
        to="relance",
        words=42,
    )
    yield _visit(variant, NEW_VISIT, visited, "tarifs", "s2")


def _mail(
    variant: int, name: str, since_reply: timedelta, template: str, step: int
) -> Event:
    return _event(
        variant,
        name,
        "email_sent",
        since_reply,
        Actor.AUTOMATION,
        template=template,
        step=step,
    )


def _visit(
    variant: int, name: str, since_reply: timedelta, page: str, session: str
) -> Event:
    return _event(
        variant,
        name,
        "page_viewed",
        since_reply,
        Actor.LEAD,
        page=page,
        session=session,
    )


def _moved(variant: int, since_reply: timedelta, left: str, reached: str) -> Event:
    return _event(
        variant,
        reached,
        "stage_changed",
        since_reply,
        Actor.PERSON,
        **{"from": left, "to": reached},
    )


def _event(
    variant: int,
    name: str,
    kind: str,
    since_reply: timedelta,
    actor: Actor,
    **about: JsonValue,
) -> Event:
    at = _replied_at(variant) + since_reply
    return Event(
        event_id=name,
        source=_SOURCES.get(kind, "crm"),
        lead_id=lead_id_of(variant),
        kind=kind,
        occurred_at=at,
        received_at=at,
        actor=actor,
        data=about,
    )


def _replied_at(variant: int) -> datetime:
    """From noon to two in the afternoon, UTC, the follow-up five hours before."""
    return _DAY + timedelta(hours=12 + variant % 3)
