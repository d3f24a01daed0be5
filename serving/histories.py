"""What automation did to a lead lately, as its row keeps it: a JSON text."""

from pydantic import TypeAdapter

from governance.history import History

_HISTORY = TypeAdapter(History)
# What other tables say isn't kept twice.
_KEPT = {"writes", "last_set_off", "last_acted", "score_written"}


def history_text(history: History) -> str:
    return _HISTORY.dump_json(history, include=_KEPT).decode()


def history_of(text: str | None) -> History:
    """The history that a row keeps; an empty one if it keeps none."""
    return History() if text is None else _HISTORY.validate_json(text)
