"""Audit status: whether the chain was found broken when it was last verified."""

from dataclasses import dataclass

from governance.audit.chain import Break
from serving.errors import AutomationStoppedError


@dataclass(slots=True)
class AuditStatus:
    """While `broken` is set, automation does nothing until a person has looked.

    `n_faults`: where the tables said otherwise than the chain, the last night.
    `in_subprocess`: the whole chain is verified in a process of its own.
    """

    broken: Break | None = None
    n_faults: int = 0
    in_subprocess: bool = False

    def refuse_if_broken(self) -> None:
        """Raises AutomationStoppedError."""
        if self.broken is not None:
            raise AutomationStoppedError(self.broken.seq)
