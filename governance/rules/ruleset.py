"""The rules in force: read from a file, and refused if two of them could fight."""

import hashlib
import tomllib
from collections.abc import Collection
from datetime import timedelta
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, model_validator

from features.catalogue import Duration, Signal
from features.event import Event
from features.selector import Kinds, Strict, duration_days
from governance.errors import RulesError
from governance.policy.pipeline import Pipeline
from governance.rules.measures import SelectorMatcher
from governance.rules.rule import Rule, RuleState
from governance.rules.trigger import EventSeen
from governance.toml_errors import line_of, told_with_lines

RULES_FILE = Path(__file__).with_name("rules.toml")


class Rules(Strict):
    """A version of the rules.

    `kinds` are those that selectors without a kind may read. For `echo_window` an own
    write that comes back is an echo. `most_writes_per_hour`: automatic writes a lead.
    """

    version: Annotated[int, Field(ge=1)]
    kinds: Kinds = ()
    echo_window: Duration = "24h"
    most_writes_per_hour: Annotated[int, Field(ge=1, le=1000)] = 6
    rule: tuple[Rule, ...] = ()
    text: str = Field(exclude=True, repr=False)

    @model_validator(mode="after")
    def _is_consistent(self) -> "Rules":
        ids = [rule.id for rule in self.rule]
        for rule_id in ids:
            if ids.count(rule_id) > 1:
                raise ValueError(f"rule {rule_id!r} stands twice")
        for one, other in combinations(self.rule, 2):
            if _can_fight(one, other):
                raise ValueError(
                    f"rule {other.id!r}: {one.id} has priority {one.priority} as well; "
                    f"both write the lead's {one.target.value}, and one happening can "
                    "set off both: give one of them another priority"
                )
        return self

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rules) and other.text == self.text

    @cached_property
    def echo_lasts(self) -> timedelta:
        return timedelta(days=duration_days(self.echo_window))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def by_priority(self) -> tuple[Rule, ...]:
        return tuple(sorted(self.rule, key=lambda rule: rule.priority))

    @property
    def measures(self) -> tuple[Signal, ...]:
        """The signals that the rules need to know."""
        return tuple(measure for rule in self.rule for measure in rule.measures)

    def trying(self, rule_id: str, without: Collection[str] = ()) -> "Rules":
        """As if this rule were active, and those others weren't there.

        Raises
        ------
        RulesError
            If it could then fight with another.
        """
        kept = (one for one in self.rule if one.id == rule_id or one.id not in without)
        active = {"state": RuleState.ACTIVE}
        fields = {name: getattr(self, name) for name in type(self).model_fields} | {
            "rule": tuple(
                one.model_copy(update=active) if one.id == rule_id else one
                for one in kept
            ),
            "text": f"{self.text}\n# {rule_id} tried without {sorted(without)}\n",
        }
        try:
            return Rules(**fields)
        except ValidationError as error:
            raise RulesError(str(error)) from error

    def set_off_by(self, event: Event) -> frozenset[str]:
        """The ids of the rules whose trigger is such an event, whatever its source."""
        triggers, watch = self._watch
        return frozenset(triggers[i].id for i in watch.meant(event))

    @cached_property
    def _watch(self) -> tuple[tuple[Rule, ...], SelectorMatcher]:
        triggers = [(one, one.on) for one in self.rule if isinstance(one.on, EventSeen)]
        return (
            tuple(rule for rule, _ in triggers),
            SelectorMatcher(tuple(on.event for _, on in triggers)),
        )


def read_rules(path: Path, pipeline: Pipeline) -> Rules:
    """Read a file of rules; a move that a rule proposes is to a stage of the pipeline.

    Raises
    ------
    RulesError
        Names the file, the line and the rule, and what is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
        fields = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RulesError(f"{path}: {error}") from error
    try:
        rules = Rules.model_validate(fields | {"text": text})
    except ValidationError as error:
        raise RulesError(f"{path}: {told_with_lines(error, text, 'rule')}") from error
    for rule in rules.rule:
        to = rule.then.propose_move
        if to is not None and to not in pipeline.by_name:
            line = line_of(text, rule.id)
            raise RulesError(
                f"{path}: line {line}: rule {rule.id!r}, then: the pipeline has no "
                f"stage {to!r}; it has {', '.join(pipeline.by_name)}"
            )
    return rules


def _can_fight(one: Rule, other: Rule) -> bool:
    return (
        one.priority == other.priority
        and one.target is other.target
        and one.can_coincide(other)
    )
