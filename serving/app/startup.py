"""Start-up: the store brought up to date, the pipeline installed, the service made."""

from collections.abc import Iterator
from contextlib import contextmanager

from governance.people.crm_users import read_crm_users
from governance.people.feedback import read_judgement
from governance.policy.pipeline import read_pipeline
from governance.rules.exception_cases import read_cases
from governance.rules.ruleset import read_rules
from serving.database.engine import Store
from serving.database.migrate import install_pipeline, upgrade
from serving.errors import ProviderUnsupportedError
from serving.runtime.served_model import Explains, Models
from serving.runtime.service import IdentityProvider, Service
from serving.runtime.settings import OidcSettings, Settings


@contextmanager
def open_service(
    settings: Settings, explainer: Explains | None = None
) -> Iterator[Service]:
    """The service on its settings; closed on leaving.

    Raises
    ------
    PipelineError
        If the pipeline is malformed, or unlocks a reserved decision.
    JudgementError, RulesError, ExceptionsError, CrmUsersError
        If the file of one of them is malformed.
    DatabaseUnsupportedError, ProviderUnsupportedError
    """
    pipeline = read_pipeline(settings.pipeline_file)
    judgement = read_judgement(settings.judgement_file)
    rules = read_rules(settings.rules_file, pipeline)
    cases = read_cases(settings.exceptions_file)
    crm_users = read_crm_users(settings.crm_users)
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
            crm_users=crm_users,
            rules=rules,
            cases=cases,
            models=Models(explainer),
            provider=provider,
        )
        service.substitutes.read(store)
        yield service
    finally:
        store.close()


def _provider(settings: OidcSettings | None) -> IdentityProvider | None:
    if settings is None:
        return None
    try:
        from serving.auth.oidc import Provider
    except ModuleNotFoundError as error:
        raise ProviderUnsupportedError(
            "OpenID Connect needs the package authlib: pip install 'frein[oidc]'"
        ) from error
    return Provider(settings)
