"""The two locks that stand in code, as one value that is passed down.

The third is in the database. Each holds alone; tests switch them off one by one.
"""

from collections.abc import Callable
from dataclasses import dataclass

from governance.people.principal import Principal
from governance.policy.actions import admit
from governance.policy.pipeline import Pipeline
from governance.policy.policy import Change, Ruling, judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Brake:
    judge: Callable[[Principal, Change, Pipeline], Ruling] = judge
    admit: Callable[[object, Pipeline], None] = admit
