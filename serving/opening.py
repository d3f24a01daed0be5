"""Opening the service: its store brought up to date, its pipeline installed."""

from collections.abc import Iterator
from contextlib import contextmanager

from governance.exceptions import read_cases
from governance.judgement import read_judgement
from governance.pipeline import read_pipeline
from governance.rules import read_rules
from serving.database import Store
from serving.errors import ProviderUnsupportedError
from serving.migrate import upgrade
from serving.models import Explains, Models
from serving.service import Service, Vouches
from serving.settings import OidcSettings, Settings
from serving.stages import install_pipeline


@contextmanager
def opened(settings: Settings, explainer: Explains | None = None) -> Iterator[Service]:
    """The service on its settings; closed on leaving.

    Raises
    ------
    PipelineError
        If the pipeline is malformed, or unlocks a reserved decision.
    JudgementError, RulesError, ExceptionsError
        If the file of one of them is malformed.
    DatabaseUnsupportedError, ProviderUnsupportedError
    """
    pipeline = read_pipeline(settings.pipeline_file)
    judgement = read_judgement(settings.judgement_file)
    rules = read_rules(settings.rules_file, pipeline)
    cases = read_cases(settings.exceptions_file)
    provider = _provider(settings.oidc)
    store = Store(settings.database_url, pool_size=settings.request_threads + 2)
    try:
        upgrade(store)
        with store.writing() as session:
            install_pipeline(session, pipeline)
        service = Service(
            settings=settings,
            store=store,
            pipeline=pipeline,
            judgement=judgement,
            rules=rules,
            cases=cases,
            models=Models(explainer),
            provider=provider,
        )
        service.stand_ins.read(store)
        yield service
    finally:
        store.close()


def _provider(settings: OidcSettings | None) -> Vouches | None:
    if settings is None:
        return None
    try:
        from serving.oidc import Provider
    except ModuleNotFoundError as error:
        raise ProviderUnsupportedError(
            "OpenID Connect needs the package authlib: pip install 'frein[oidc]'"
        ) from error
    return Provider(settings)
