"""Counts of an import, as it tells them."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCounts:
    """What an import did: `accepted` + `rejected` = `read`.

    `repeated` of the accepted rows said again what an earlier one had, and count
    once in the log. `events` and `leads` are those of the log, `tied` the events
    moved by microseconds because their lead had another at the same time. `reasons`:
    how often each of the three commonest rejected a row. `unread`: of columns whose
    unreadable cells count as unknown, how many were. `undated` outcomes have no time.
    """

    read: int
    accepted: int
    rejected: int
    repeated: int
    leads: int
    events: int
    tied: int
    undated: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        """Examples
        --------
        >>> print(ImportCounts(read=1200, accepted=1199, rejected=1, repeated=0,
        ...                    leads=40, events=1239, tied=2,
        ...                    reasons={"column 'lead' is empty": 1}))
        1,200 rows read = 1,199 accepted (0 of them repeated) + 1 rejected
          1 times column 'lead' is empty
        1,239 events of 40 leads (2 events moved by microseconds to order ties)
        """
        rows = (
            f"{self.read:,} rows read = {self.accepted:,} accepted "
            f"({self.repeated:,} of them repeated) + {self.rejected:,} rejected"
        )
        reasons = [f"  {n:,} times {reason}" for reason, n in self.reasons.items()]
        reasons += [
            f"  {n:,} cells of column {column!r} can't be read: unknown"
            for column, n in self.unread.items()
        ]
        events = (
            f"{self.events:,} events of {self.leads:,} leads "
            f"({self.tied:,} events moved by microseconds to order ties)"
        )
        lines = [rows, *reasons, events]
        if self.undated:
            lines.append(
                f"{self.undated:,} outcomes of unknown time: no training learns from "
                "these leads; outcome_time can name another column, or a delay"
            )
        return "\n".join(lines)
