"""Definition of a signal in one line, for whoever reviews a catalogue."""

from features.catalogue import Signal
from features.selector import ANY_VALUE, FieldSelector, Selector


def definition(signal: Signal) -> str:
    """The definition of a signal as a phrase.

    Examples
    --------
    >>> from features.catalogue import Latency, Signal
    >>> visits = Selector(kind="page_viewed", where={"page": ["tarifs", "devis"]})
    >>> definition(Signal(name="n", idea="i", count=visits, window="30d"))
    'count of page_viewed (page = tarifs or devis), younger than 30d'
    >>> answer = Latency(**{"from": {"kind": "email_sent"}, "to": {"actor": "lead"}},
    ...                  statistic="median")
    >>> definition(Signal(name="n", idea="i", latency=answer))
    'median latency in hours from email_sent to any event by lead'
    """
    window = f", younger than {signal.window}" if signal.window else ""
    return f"{_aggregate(signal)}{window}"


def _aggregate(signal: Signal) -> str:
    if (share := signal.share) is not None:
        return f"share of {_events(share.of)} among {_events(share.among)}"
    if (latency := signal.latency) is not None:
        answered = f"from {_events(latency.from_)} to {_events(latency.to)}"
        return f"{latency.statistic} latency in hours {answered}"
    (selector,) = signal.selectors
    name = signal.aggregate.replace("_", " ")
    if isinstance(selector, FieldSelector):
        return f"{name} {selector.field} of {_events(selector)}"
    return f"{name} of {_events(selector)}"


def _events(selector: Selector) -> str:
    phrase = " or ".join(selector.kind) or "any event"
    if selector.where:
        conditions = (_condition(name, wanted) for name, wanted in selector.where)
        phrase += f" ({', '.join(conditions)})"
    if selector.actor:
        phrase += f" by {' or '.join(selector.actor)}"
    if selector.after:
        phrase += f" since the last {selector.after}"
    return phrase


def _condition(name: str, wanted: tuple[str | int | float | bool, ...]) -> str:
    if wanted == (ANY_VALUE,):
        return f"with {name}"
    return f"{name} = {' or '.join(map(str, wanted))}"
