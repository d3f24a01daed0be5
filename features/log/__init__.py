"""Logs of events: a dataset of Parquet files, dealt to buckets by lead.

`DIR/log.toml` says what a log is, `DIR/events/bucket=0000/part-….parquet` are its
events, and `DIR/manifest.json` names the parts: see docs/logs.md. A log in one file,
`DIR/events.parquet`, as they were before, is read as one bucket. This package is the
only door to them.
"""

from features.log.about import LogAbout
from features.log.events import (
    FIRST_YEAR,
    LAST_YEAR,
    REMOVED_KINDS,
    UNDATED_KIND,
    last_known_at,
    lead_ids,
    once_each,
    removed_leads,
)
from features.log.manifest import buckets_for
from features.log.reading import (
    AnyLog,
    Bucket,
    Log,
    LogDataset,
    events_of_lead,
    is_one_file,
    log_digest,
    log_in_parts,
    open_log,
    read_log,
)
from features.log.spill import Spill
from features.log.storage import Location, absolute
from features.log.writing import (
    append_events,
    leave_out,
    new_log_folder,
    partition_log,
    write_about,
    write_buckets,
    write_events,
    write_log,
)

__all__ = [
    "FIRST_YEAR",
    "LAST_YEAR",
    "REMOVED_KINDS",
    "UNDATED_KIND",
    "AnyLog",
    "Bucket",
    "Location",
    "Log",
    "LogAbout",
    "LogDataset",
    "Spill",
    "absolute",
    "append_events",
    "buckets_for",
    "events_of_lead",
    "is_one_file",
    "last_known_at",
    "lead_ids",
    "leave_out",
    "log_digest",
    "log_in_parts",
    "new_log_folder",
    "once_each",
    "open_log",
    "partition_log",
    "read_log",
    "removed_leads",
    "write_about",
    "write_buckets",
    "write_events",
    "write_log",
]
