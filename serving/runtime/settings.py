"""Settings of the service, read once from the environment and passed down."""

import os
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from limits import parse
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import make_url

from features.log import Location
from governance.people.feedback import JUDGEMENT_FILE
from governance.people.roles import Role
from governance.policy.pipeline import PIPELINE_FILE
from governance.rules.exception_cases import EXCEPTIONS_FILE
from governance.rules.ruleset import RULES_FILE
from serving.database.engine import SQLITE
from serving.errors import SettingsError

MIB = 1024 * 1024
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _is_safe(address: str) -> str:
    """Encrypted, or on this machine."""
    parts = urlsplit(address)
    if parts.scheme != "https" and not (
        parts.scheme == "http" and parts.hostname in LOOPBACK
    ):
        raise ValueError("an https address is wanted")
    return address


Address = Annotated[str, AfterValidator(_is_safe)]


class _Variables(BaseSettings):
    """Variables of the environment; raises SettingsError, which tells no value of them:
    one may be a secret."""

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            prefix = str(self.model_config["env_prefix"])
            faults = "; ".join(
                f"{prefix}{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}"
                for fault in error.errors(include_input=False, include_url=False)
            )
            raise SettingsError(faults) from None


def _names(value: object) -> object:
    """A list as people write it: names between commas or spaces."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _is_rate(text: str) -> str:
    parse(text)  # raises ValueError
    return text


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)]
Roles = Annotated[tuple[Role, ...], NoDecode, BeforeValidator(_names)]
Rate = Annotated[str, AfterValidator(_is_rate)]  # "30/minute"


class OidcSettings(_Variables):
    """A company's identity provider: FREIN_OIDC_ISSUER and so on."""

    model_config = SettingsConfigDict(env_prefix="FREIN_OIDC_", frozen=True)

    issuer: Address
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: Annotated[SecretStr, Field(min_length=1)]
    redirect_url: Address  # of ours: …/console/connexion/entreprise/retour


def _oidc_if_any() -> OidcSettings | None:
    """None of its variables is set: nobody signs in elsewhere."""
    prefix = str(OidcSettings.model_config["env_prefix"])
    is_wanted = any(name.upper().startswith(prefix) for name in os.environ)
    return OidcSettings() if is_wanted else None


class Retention(BaseModel):
    """Days that things are kept; FREIN_RETENTION is a JSON object of those that differ.

    `prospects_days`: from the last contact that came from them (CNIL, 2022: three
    years). `scores_days`: bodies of scores that explain nothing which was done.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prospects_days: Annotated[int, Field(ge=1)] = 3 * 365 + 1
    scores_days: Annotated[int, Field(ge=1)] = 90
    notices_days: Annotated[int, Field(ge=1)] = 365
    sessions_days: Annotated[int, Field(ge=1)] = 30
    accesses_days: Annotated[int, Field(ge=1)] = 30


class Forgotten(StrEnum):
    """What becomes of a lead that was forgotten, if it is sent again."""

    REFUSED = "refused"
    AFRESH = "afresh"


class Settings(_Variables):
    """Read from the environment: FREIN_DATABASE_URL, FREIN_PORT and so on."""

    model_config = SettingsConfigDict(env_prefix="FREIN_", frozen=True)

    database_url: str = "sqlite:///var/frein.db"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    request_threads: Annotated[int, Field(ge=1, le=64)] = 8
    tick_seconds: Annotated[float, Field(gt=0)] = 60.0
    model_poll_seconds: Annotated[float, Field(gt=0)] = 5.0
    pipeline_file: Path = PIPELINE_FILE
    judgement_file: Path = JUDGEMENT_FILE
    rules_file: Path = RULES_FILE
    exceptions_file: Path = EXCEPTIONS_FILE
    crm_users: Path | None = None  # whom a key may name; None: the accounts alone
    event_names: Path | None = None  # what sources call their events; None: as here
    manager: Annotated[str, Field(min_length=1)] | None = None
    fallback_owner: Annotated[str, Field(min_length=1)] = "Direction commerciale"
    break_glass_decides: bool = False  # what is reserved for people
    decision_working_days: Annotated[int, Field(ge=0)] = 2  # to decide a proposal
    oidc: OidcSettings | None = Field(default_factory=_oidc_if_any)
    audit_folder: Path | None = None  # anchors and their key; None: beside the database
    secret_key_file: Path | None = None  # of one-time codes; None: beside the anchors
    history_log: Location | None = None  # what leads did before: for reports
    forgotten_again: Forgotten = Forgotten.REFUSED  # a lead that is sent again
    retention: Retention = Retention()
    consent_kinds: frozenset[str] = frozenset({"email_opened"})  # that need a consent
    clock_tolerance: timedelta = timedelta(minutes=5)  # DESIGN §8: ahead of us
    max_batch: Annotated[int, Field(ge=1)] = 100  # events a call
    max_events_bytes: Annotated[int, Field(ge=1)] = MIB
    max_leads: Annotated[int, Field(ge=1)] = 1_000  # leads a call of /v1/scores
    max_scores_bytes: Annotated[int, Field(ge=1)] = 32 * MIB
    max_body_bytes: Annotated[int, Field(ge=1)] = 64 * 1024  # any other call
    session_idle: timedelta = timedelta(hours=2)  # a session that nobody uses ends
    totp_roles: Roles = ()  # who must use one-time codes
    sign_in_limit: Rate = "30/minute"  # from one address
    refusal_limit: Rate = "60/minute"  # wrong keys and tokens, from one address
    key_limit: Rate = "12000/minute"  # calls of one key
    sign_in_threads: Annotated[int, Field(ge=1, le=16)] = 1  # each takes a core
    sign_in_queue: Annotated[int, Field(ge=0)] = 8  # sign-ins that wait for a thread
    head_seconds: Annotated[float, Field(gt=0)] = 10.0  # for a call's head to come
    body_seconds: Annotated[float, Field(gt=0)] = 60.0  # and its body
    max_connections: Annotated[int, Field(ge=1)] = 400
    trusted_proxies: Names = ()  # addresses whose X-Forwarded-For is believed
    allowed_hosts: Names = ()  # names that we are called by, besides this machine's
    open_docs: bool = False  # /docs and /openapi.json without signing in
    open_metrics: bool = False  # /metrics without a key

    @property
    def address(self) -> str:
        """Address of the service."""
        return f"http://{self.host}:{self.port}"

    @property
    def hosts(self) -> frozenset[str]:
        """Names that a call may have for us."""
        return LOOPBACK | {self.host, *self.allowed_hosts}

    @property
    def anchors_folder(self) -> Path:
        """Folder of the audit's anchors; by default, one for each database."""
        url = make_url(self.database_url)
        beside = Path("var") if url.get_backend_name() != SQLITE else Path()
        return self.audit_folder or beside / f"{url.database}.audit"

    @property
    def key_file(self) -> Path:
        """File of the key that seals secrets of accounts."""
        return self.secret_key_file or self.anchors_folder / "secret.key"
