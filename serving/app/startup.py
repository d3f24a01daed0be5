"""Start-up: the store brought up to date, the pipeline installed, the service made."""

from collections.abc import Iterator
from contextlib import contextmanager

from governance.leads.event_names import read_event_names
from governance.people.crm_users import read_crm_users
from governance.people.feedback import read_judgement
from governance.policy.pipeline import read_pipeline
from governance.rules.exception_cases import read_cases
from governance.rules.ruleset import read_rules
from serving.app.configuration import install_configuration
from serving.audit.verification import note_end
from serving.database.engine import Store
from serving.database.migrate import upgrade
from serving.errors import ProviderUnsupportedError
from serving.runtime.served_model import Explains, Models
from serving.runtime.service import IdentityProvider, Service, utc_now
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
    StagesHeldError
        If leads stand where a stage changed.
    JudgementError, RulesError, ExceptionsError, CrmUsersError, EventNamesError
        If the file of one of them is malformed.
    DatabaseUnsupportedError, ProviderUnsupportedError
    """
    pipeline = read_pipeline(settings.pipeline_file)
    judgement = read_judgement(settings.judgement_file)
    rules = read_rules(settings.rules_file, pipeline)
    cases = read_cases(settings.exceptions_file)
    crm_users = read_crm_users(settings.crm_users)
    event_names = read_event_names(settings.event_names)
    provider = _provider(settings.oidc)
    store = Store(settings.database_url, pool_size=settings.request_threads + 2)
    try:
        upgrade(store)
        install_configuration(store, settings, pipeline, utc_now())
        service = Service(
            settings=settings,
            store=store,
            pipeline=pipeline,
            judgement=judgement,
            crm_users=crm_users,
            event_names=event_names,
            rules=rules,
            cases=cases,
            models=Models(explainer),
            provider=provider,
        )
        service.substitutes.read(store)
        yield service
        note_end(store, settings.anchors_folder)
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
