"""The rules in force: read from a file, and refused if two of them could fight."""

import hashlib
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
from governance.toml_file import line_of, read_toml

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
        for rule, other in combinations(self.rule, 2):
            is_tied = rule.priority == other.priority and rule.target is other.target
            if is_tied and rule.can_coincide(other):
                raise ValueError(
                    f"rule {other.id!r}: {rule.id} has priority {rule.priority} as "
                    f"well; both write the lead's {rule.target.value}, and one "
                    "happening can set off both: give one of them another priority"
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

    @cached_property
    def named_kinds(self) -> frozenset[str]:
        """The kinds of event that some rule names."""
        triggers = (rule.on for rule in self.rule)
        awaited = (on.event.kinds for on in triggers if isinstance(on, EventSeen))
        measured = (measure.kinds for measure in self.measures)
        return frozenset(self.kinds).union(*awaited, *measured)

    def trying(self, rule_id: str, without: Collection[str] = ()) -> "Rules":
        """As if this rule were active, and those others weren't there.

        Raises RulesError if it could then fight with another.
        """
        active = {"state": RuleState.ACTIVE}
        rules = (
            rule.model_copy(update=active) if rule.id == rule_id else rule
            for rule in self.rule
            if rule.id == rule_id or rule.id not in without
        )
        fields = {name: getattr(self, name) for name in type(self).model_fields} | {
            "rule": tuple(rules),
            "text": f"{self.text}\n# {rule_id} tried without {sorted(without)}\n",
        }
        try:
            return Rules(**fields)
        except ValidationError as error:
            raise RulesError(str(error)) from error

    def set_off_by(self, event: Event) -> frozenset[str]:
        """The ids of the rules whose trigger is such an event, whatever its source."""
        ids, selectors = self._watch
        return frozenset(ids[i] for i in selectors.matches(event))

    @cached_property
    def _watch(self) -> tuple[list[str], SelectorMatcher]:
        """The rules that wait for an event, and the selector of each."""
        events = {
            rule.id: rule.on.event
            for rule in self.rule
            if isinstance(rule.on, EventSeen)
        }
        return list(events), SelectorMatcher(list(events.values()))


def read_rules(path: Path, pipeline: Pipeline) -> Rules:
    """Read a file of rules; a move that a rule proposes is to a stage of the pipeline.

    Raises RulesError: the file, the line and the rule, and what is wrong.
    """
    rules = read_toml(path, Rules, "rule", RulesError)
    for rule in rules.rule:
        to = rule.then.propose_move
        if to is not None and to not in pipeline.by_name:
            line = line_of(rules.text, rule.id)
            raise RulesError(
                f"{path}: line {line}: rule {rule.id!r}, then: the pipeline has no "
                f"stage {to!r}; it has {', '.join(pipeline.by_name)}"
            )
    return rules
