"""Short form of a narrative, for a list or a notification: whole reasons, no note."""

from collections.abc import Iterator, Sequence

from explanations.narrative_input import NarrativeInput
from explanations.score import SHORT_LENGTH
from explanations.wording import Wording

WEIGHS_TOO = 0.5  # of the strongest reason's log-odds: told beside it


def short_form(story: NarrativeInput, wording: Wording) -> str:
    """As many reasons as fit: a reason is told whole or not at all, and no note."""
    if story.closed is not None:
        return wording.text("closed.short", stage=story.closed)
    priority = wording.priority(story.priority)
    for reasons in _reasons(story, wording):
        text = wording.text("short", priority=priority, reasons=reasons)
        if len(text) <= SHORT_LENGTH:
            return text
    return wording.text("short.bare", priority=priority)


def _reasons(story: NarrativeInput, wording: Wording) -> Iterator[str]:
    """What to tell if it fits, the fullest first; both sides before more of one."""
    if story.by_person:
        yield wording.text("move-person.short")
    elif story.awaits_judgement:
        yield wording.text(f"doubt-{story.doubts[0].value}.short")
    elif story.doubts:
        yield wording.doubt(story.doubts[0], partly=bool(story.reasons))
    elif story.is_ordinary:
        yield wording.text(f"{story.ordinary}.short")
    else:
        yield from _both_sides(story, wording)


def _both_sides(story: NarrativeInput, wording: Wording) -> Iterator[str]:
    leading = [wording.unquoted(texted, story.moment) for texted in story.leading]
    items = leading or [wording.text("unexplained.short")]
    if contrary := _contrary(story, wording):
        for reasons in _joined(items, SHORT_LENGTH - len(contrary), wording):
            yield wording.text("short.both", reasons=reasons, contrary=contrary)
    yield from _joined(items, SHORT_LENGTH, wording)


def _joined(items: Sequence[str], room: int, wording: Wording) -> Iterator[str]:
    """The first items in a row, the most first; none that is too long by itself."""
    joint = wording.text("short.joint")
    for count in range(len(items), 0, -1):
        row = joint.join(items[:count])
        if len(row) <= room:
            yield row


def _contrary(story: NarrativeInput, wording: Wording) -> str | None:
    """The strongest reason the other way, if it weighs about as much."""
    leading = story.leading
    ways = {texted.reason.way for texted in leading}
    others = [texted for texted in story.strongest if texted.reason.way not in ways]
    if not others:
        return None
    heaviest = abs(leading[0].reason.log_odds) if leading else 0.0
    weighs = abs(others[0].reason.log_odds) >= WEIGHS_TOO * heaviest
    return wording.unquoted(others[0], story.moment) if weighs else None
