"""The report on automation, of the service or of a log."""

from datetime import datetime

import polars as pl

from features.catalogue import read_catalogue, shipped_catalogue
from features.log import Location, Log, LogAbout, once_each, read_log
from governance.impact.lead_course import attributes_of, kinds_read
from governance.impact.report import AutomationReport, automation_report
from governance.policy.pipeline import Pipeline, StageRole
from serving.database.engine import Store
from serving.events.export_log import stored_log
from serving.runtime.background_cache import Cached, Failed
from serving.runtime.service import Service
from serving.runtime.worker_process import in_subprocess


def report_ahead(
    service: Service, since: datetime | None
) -> Cached[AutomationReport | None] | Failed | None:
    """The service's report as it was last made; None: the first one is under way.

    Failed: none could be made; it is tried again in a while.
    """
    return service.reports.get(
        since, service.clock(), lambda: report_of_service(service, since)
    )


def report_of_service(
    service: Service, since: datetime | None
) -> AutomationReport | None:
    """Of what the service knows, and of its history log; None if that is nothing.

    Raises LogError if FREIN_HISTORY_LOG is no log.
    """
    history, now = service.settings.history_log, service.clock()
    known = (service.pipeline, history, now, since)
    if service.reports.in_subprocess:
        return in_subprocess(service.store, report_of_store, *known)
    return report_of_store(service.store, *known)


def report_of_store(
    store: Store,
    pipeline: Pipeline,
    history: Location | None,
    now: datetime,
    since: datetime | None,
) -> AutomationReport | None:
    """As above, of what was known at an instant."""
    before = read_log(history, may_be_empty=True) if history else None
    about = before.about if before else LogAbout(name="frein")
    stored = stored_log(store, pipeline, now, kinds_read(about))
    known = [log.events for log in (before, stored) if log and log.events.height]
    if not known:
        return None
    log = Log(about, once_each(pl.concat(known)))
    return report_of(log, pipeline, since)


def report_of(log: Log, pipeline: Pipeline, since: datetime | None) -> AutomationReport:
    return automation_report(
        log,
        attributes_of(read_catalogue(shipped_catalogue(log.about.name))),
        since=since,
        first_stage=pipeline.of_role(StageRole.ENTRY),
    )
