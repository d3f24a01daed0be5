"""The tables of the store; `repositories/` reads and writes their rows."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAME = 200  # characters of an identifier that comes from outside


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant; SQLite keeps it without zone, in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        utc: datetime = value.astimezone(UTC)  # a naive one is our bug
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        read: datetime = value
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "%(constraint_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, str: String(NAME)}  # noqa: RUF012 - SQLAlchemy reads it as is


def table_of(row: type[Base]) -> Table:
    """The bare table of a class of rows: what is written many times goes by it."""
    table = row.__table__
    assert isinstance(table, Table)
    return table


def _one_open(name: str, column: str, more: str = "") -> Index:
    """A lead has one open row with each value of the column."""
    is_open = text(f"status = 'open' {more}".rstrip())
    return Index(
        name,
        "lead_id",
        column,
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


class StageRow(Base):
    """The pipeline as the database's own lock knows it; a copy of the file.

    A stage that was renamed stays, for what was decided of it, and says its new name.
    """

    __tablename__ = "stage"

    name: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    reserved: Mapped[bool]
    closes: Mapped[bool]
    role: Mapped[str | None]
    renamed_to: Mapped[str | None]


class LeadRow(Base):
    """A lead as it is known now. `version` rises with each write that concerns it.

    Triggers let `stage` follow only what an event tells, and `priority` only what was
    decided. `salt`: with the external id it gives the id (`governance.audit.chain`).
    """

    __tablename__ = "lead"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(unique=True)
    skeleton: Mapped[UUID | None] = mapped_column(index=True)  # of the external id
    version: Mapped[int]
    stage: Mapped[str] = mapped_column(ForeignKey("stage.name"))
    stage_at: Mapped[datetime | None]
    stage_assurance: Mapped[str | None]  # see `governance.people.assurance`
    signed_stage: Mapped[str | None]  # by a person, last
    vouched_stage: Mapped[str | None]  # by a key since then, last
    observed_stage: Mapped[str | None]  # against what a person signed, or a key vouched
    observed_at: Mapped[datetime | None]
    owner: Mapped[str | None]
    owner_at: Mapped[datetime | None]
    priority: Mapped[str | None]  # the last one written
    band: Mapped[str | None]  # the one that its last score called for
    automation: Mapped[str | None] = mapped_column(Text)  # what it did here, as JSON
    model_sha256: Mapped[str | None] = mapped_column(String(64))
    looked_at: Mapped[datetime | None]  # by the tick, last
    last_sign_at: Mapped[datetime | None]  # see `governance/leads/sign_of_life.py`
    entered_at: Mapped[datetime | None]  # when its first event occurred
    score: Mapped[float | None]
    grade: Mapped[str | None]
    short: Mapped[str | None] = mapped_column(Text)
    moment: Mapped[datetime | None]
    created_at: Mapped[datetime]
    salt: Mapped[str | None]
    objected_at: Mapped[datetime | None]  # these two: `PrivacyWishes`
    accepted_at: Mapped[datetime | None]
    forgotten_at: Mapped[datetime | None]  # then nothing else of it is left
    removal: Mapped[str | None]  # see `governance.policy.removal`
    removed_at: Mapped[datetime | None]  # or restored, last
    merged_into: Mapped[UUID | None] = mapped_column(index=True)  # one not merged


class EventRow(Base):
    """The log: append-only (triggers see to it), each (source, event_id) once."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("source", "event_id"),
        {"sqlite_autoincrement": True},  # what was erased leaves its number unused
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[UUID] = mapped_column(ForeignKey("lead.id"), index=True)
    event_id: Mapped[str]
    source: Mapped[str]
    kind: Mapped[str]
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    actor: Mapped[str]
    data: Mapped[str] = mapped_column(Text)  # a JSON object


class ScoreRow(Base):
    """Every score ever given. `body` is the whole score, as it was served."""

    __tablename__ = "score"
    __table_args__ = (
        Index("ix_score_lead_id", "lead_id", "id"),
        Index(
            "ix_score_undecided",
            "written_at",
            sqlite_where=text("explains IS NULL"),
            postgresql_where=text("explains IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[UUID] = mapped_column(ForeignKey("lead.id"))
    moment: Mapped[datetime]
    score: Mapped[float]
    priority: Mapped[str]
    model_version: Mapped[str]
    model_sha256: Mapped[str]
    written_at: Mapped[datetime]
    body: Mapped[str] = mapped_column(Text)  # empty, once it explains nothing
    explains: Mapped[bool | None]  # none: that wasn't looked at yet


class ProposalRow(Base):
    """A change that automation may not make itself, and what a person made of it.

    With `to_priority` a priority is proposed, with `concession_percent` a concession:
    both stages are then where the lead stood.
    """

    __tablename__ = "proposal"
    __table_args__ = (
        CheckConstraint(
            "status = 'open' OR (decided_by <> '' AND decided_at IS NOT NULL)",
            name="proposal_decided_by_somebody",
        ),
        _one_open(
            "uq_proposal_open",
            "to_stage",
            "AND to_priority IS NULL AND concession_percent IS NULL",
        ),
        _one_open(
            "uq_proposal_concession_open",
            "concession_percent",
            "AND concession_percent IS NOT NULL",
        ),
        _one_open("uq_proposal_priority_open", "to_priority"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    lead_id: Mapped[UUID] = mapped_column(ForeignKey("lead.id"), index=True)
    from_stage: Mapped[str] = mapped_column(ForeignKey("stage.name"))
    to_stage: Mapped[str] = mapped_column(ForeignKey("stage.name"))
    clause: Mapped[str]
    reason: Mapped[str | None] = mapped_column(Text)
    asked_by_kind: Mapped[str]
    asked_by: Mapped[str]
    status: Mapped[str]
    created_at: Mapped[datetime]
    decided_by_kind: Mapped[str | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None] = mapped_column(Text)
    from_priority: Mapped[str | None]
    to_priority: Mapped[str | None]
    concession_percent: Mapped[float | None]
    expires_at: Mapped[datetime | None]


class TaskRow(Base):
    """`opened_by`: the rule or the kind of exception that has one open task a lead."""

    __tablename__ = "task"
    __table_args__ = (
        CheckConstraint("owner <> ''", name="task_has_an_owner"),
        _one_open("uq_task_open", "opened_by"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    lead_id: Mapped[UUID] = mapped_column(ForeignKey("lead.id"), index=True)
    proposal_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("proposal.id"), index=True
    )
    kind: Mapped[str]
    owner: Mapped[str]
    expected: Mapped[str]
    due_on: Mapped[date]
    status: Mapped[str]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    opened_by: Mapped[str | None]
    why: Mapped[str | None] = mapped_column(Text)
    escalated_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    close_reason: Mapped[str | None] = mapped_column(Text)


class NoticeRow(Base):
    """A message of a rule to a named person."""

    __tablename__ = "notice"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    lead_id: Mapped[UUID] = mapped_column(ForeignKey("lead.id"), index=True)
    rule_id: Mapped[str]
    recipient: Mapped[str] = mapped_column(index=True)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class OpeningRow(Base):
    """A reason was opened: in which week, and of which idea; never by whom."""

    __tablename__ = "reason_opening"

    id: Mapped[int] = mapped_column(primary_key=True)
    week: Mapped[date] = mapped_column(index=True)  # its Monday, in Paris
    idea: Mapped[str]


class SuspensionRow(Base):
    """Automation suspended by a person, on a lead or of a rule; no `until`: until it is
    ended."""

    __tablename__ = "suspension"
    __table_args__ = (
        CheckConstraint(
            "(lead_id IS NULL) <> (rule_id IS NULL)", name="suspension_of_one_thing"
        ),
        CheckConstraint("begun_by <> ''", name="suspension_by_somebody"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    lead_id: Mapped[UUID | None] = mapped_column(ForeignKey("lead.id"), index=True)
    rule_id: Mapped[str | None] = mapped_column(index=True)
    until: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text)  # of the list
    words: Mapped[str | None] = mapped_column(Text)  # of a rule's: a lead has events
    begun_by: Mapped[str]
    begun_at: Mapped[datetime]
    ended_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]


class DutyRow(Base):
    """A job that one service of several does: who holds it, until when."""

    __tablename__ = "duty"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str | None]
    held_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]


class CallRow(Base):
    """A writing call that carried an Idempotency-Key, and what it was answered."""

    __tablename__ = "idempotent_call"

    caller: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))  # of method, path and body
    begun_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int | None]  # none: it is under way, or was cut off
    media_type: Mapped[str | None]
    body: Mapped[str | None] = mapped_column(Text)
    subject: Mapped[str | None]  # the lead, the task or the proposal that it names


class Signed:
    """Columns that lock 3 asks of each decision: its clause, its signer, its time."""

    id: Mapped[UUID] = mapped_column(primary_key=True)
    lead_id: Mapped[UUID] = mapped_column(ForeignKey("lead.id"), index=True)
    clause: Mapped[str]
    signer_kind: Mapped[str]
    signer: Mapped[str]
    proposal_id: Mapped[UUID | None] = mapped_column(ForeignKey("proposal.id"))
    decided_at: Mapped[datetime]


def _is_signed(table: str, more: str = "") -> CheckConstraint:
    return CheckConstraint(
        f"signer_kind IN ('person', 'integration', 'automation'{more})"
        " AND trim(signer) <> ''",
        name=f"{table}_is_signed",
    )


_OR_BREAK_GLASS = ", 'break_glass'"
_BY_PEOPLE = "NOT reserved OR signer_kind IN ('person', 'break_glass')"


class DecisionRow(Signed, Base):
    """A change of stage that was applied, and who signed it (lock 3).

    The first constraint is the rule; a trigger holds `reserved` to the truth of
    the table `stage`, and two more keep decisions from being changed. Others refuse a
    machine's step back after a complex exchange, a person without an account, and an
    emergency access that isn't in `break_glass`.
    """

    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint(_BY_PEOPLE, name="reserved_for_people"),
        _is_signed("decision", _OR_BREAK_GLASS),
    )

    from_stage: Mapped[str] = mapped_column(ForeignKey("stage.name"))
    to_stage: Mapped[str] = mapped_column(ForeignKey("stage.name"))
    reserved: Mapped[bool]
    reason: Mapped[str | None] = mapped_column(Text)
    lost_reason: Mapped[str | None]  # of the company's list
    salt: Mapped[str | None]  # of the reason's digest in the audit


class ConcessionRow(Signed, Base):
    """A concession that was granted, and who signed it (lock 3).

    A trigger holds `reserved`, which is about this one by itself, to the truth of the
    table `threshold`; others add up what machines conceded on the lead, and what
    anybody did, against the limits of the signer's role, in percent and in euros.
    """

    __tablename__ = "concession"
    __table_args__ = (
        CheckConstraint(_BY_PEOPLE, name="concession_reserved_for_people"),
        _is_signed("concession", _OR_BREAK_GLASS),
    )

    percent: Mapped[float]
    reserved: Mapped[bool]
    reason: Mapped[str | None] = mapped_column(Text)
    salt: Mapped[str | None]  # of the reason's digest in the audit


class RequalificationRow(Signed, Base):
    """A change of a lead's priority, and who signed it (lock 3).

    A trigger reads what was exchanged with the lead, and refuses a machine's after a
    complex exchange. A lead's first priority is no change.
    """

    __tablename__ = "requalification"
    __table_args__ = (_is_signed("requalification"),)

    from_priority: Mapped[str]
    to_priority: Mapped[str]


class StatementRow(Base):
    """A statement of a person on a lead, signed; its words are in the event of the same
    id, which no trigger lets in without it."""

    __tablename__ = "statement"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    lead_id: Mapped[UUID] = mapped_column(ForeignKey("lead.id"), index=True)
    kind: Mapped[str]
    signer: Mapped[str]
    stated_at: Mapped[datetime]


class AccessRow(Base):
    """A person read a lead's page, or exported what is held of it."""

    __tablename__ = "lead_access"

    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[UUID] = mapped_column(ForeignKey("lead.id"), index=True)
    person: Mapped[str]
    what: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)


class TombstoneRow(Base):
    """What is kept of a lead that was forgotten: see `governance.people.privacy`."""

    __tablename__ = "tombstone"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    skeleton: Mapped[str | None] = mapped_column(String(64), index=True)
    forgotten_on: Mapped[date]
    reason: Mapped[str]


class ThresholdRow(Base):
    """The pipeline's thresholds as the database's own lock knows them."""

    __tablename__ = "threshold"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[float]


class BreakGlassRow(Base):
    """An emergency access of an administrator, and why; append-only.

    `decides`: the settings let it decide what is reserved for people.
    """

    __tablename__ = "break_glass"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    login: Mapped[str]
    reason: Mapped[str] = mapped_column(Text)
    decides: Mapped[bool]
    broken_at: Mapped[datetime]
    salt: Mapped[str | None]  # of the reason's digest in the audit


class KeyRow(Base):
    """An API key; the secret itself is never stored."""

    __tablename__ = "api_key"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str]
    secret_sha256: Mapped[str] = mapped_column(String(64))
    source: Mapped[str]
    max_actor: Mapped[str]
    default_actor: Mapped[str]
    scopes: Mapped[str]  # separated by spaces
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    addresses: Mapped[str | None] = mapped_column(Text)  # networks; none: from anywhere


class KeyReviewRow(Base):
    """What revision 0013 of the store gave to a key, and took from it."""

    __tablename__ = "key_review"

    key_id: Mapped[str] = mapped_column(
        String(16), ForeignKey("api_key.id"), primary_key=True
    )
    given: Mapped[str]  # scopes, separated by spaces
    taken: Mapped[str]
    max_actor: Mapped[str]
    was_max_actor: Mapped[str]


class PersonRow(Base):
    """A person's account; `name` is how leads call their owner."""

    __tablename__ = "person"
    __table_args__ = (Index("uq_person_subject", "subject", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    team: Mapped[str | None]
    password_hash: Mapped[str | None]  # none: signs in elsewhere
    subject: Mapped[str | None] = mapped_column(Text)  # its name there
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    totp_secret: Mapped[str | None]  # sealed: see `serving.auth.secret_box`
    totp_confirmed_at: Mapped[datetime | None]  # none: it is being set up
    totp_step: Mapped[int | None] = mapped_column(BigInteger)  # of the last code taken
    recovery_codes: Mapped[str | None] = mapped_column(Text)  # hashes of the unused
    salt: Mapped[str | None]  # of the digests of this row in the audit


class SignInTryRow(Base):
    """Wrong passwords for an account from an address, since it last succeeded there.

    `known`: it has succeeded there, so that a stranger's tries elsewhere lock nobody.
    """

    __tablename__ = "sign_in_try"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    address: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    locked_until: Mapped[datetime | None]
    known: Mapped[bool]
    tried_at: Mapped[datetime] = mapped_column(index=True)


class PassRow(Base):
    """A session or a personal token; the secret itself is never stored.

    `authenticated_at`: when its owner last proved who they are, for this very one.
    """

    __tablename__ = "pass"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str]
    secret_sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    authenticated_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class PrincipalRow(Base):
    """Names of the audit's ids: the only place that has them, and can forget."""

    __tablename__ = "principal"
    __table_args__ = (UniqueConstraint("kind", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    salt: Mapped[str | None]  # with kind and name it gives the id


class AuditRow(Base):
    """The audit's chain, append-only; text exactly as it is hashed.

    It refers to no other table, so that what they hold can be erased.
    """

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_lead_id", "lead_id", "seq"),
        Index(  # what lock 3 reads at each start
            "ix_audit_configuration",
            "seq",
            sqlite_where=text("action = 'configuration_changed'"),
            postgresql_where=text("action = 'configuration_changed'"),
        ),
        Index(
            "ix_audit_seals",
            "seq",
            sqlite_where=text("action = 'events_sealed'"),
            postgresql_where=text("action = 'events_sealed'"),
        ),
        Index(
            "ix_audit_forgotten",
            "seq",
            sqlite_where=text("action = 'lead_forgotten'"),
            postgresql_where=text("action = 'lead_forgotten'"),
        ),
    )

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
    )
    id: Mapped[str] = mapped_column(String(36), unique=True)
    at: Mapped[str] = mapped_column(String(27))
    who_kind: Mapped[str] = mapped_column(String(16))
    who_id: Mapped[str] = mapped_column(String(36))
    action: Mapped[str] = mapped_column(String(64))
    lead_id: Mapped[str | None] = mapped_column(String(36))
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(36))
    state_before: Mapped[str | None] = mapped_column(Text)
    state_after: Mapped[str | None] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    correlation_id: Mapped[str] = mapped_column(String(36))
    causation_id: Mapped[str | None] = mapped_column(String(36))
    event_id: Mapped[int | None] = mapped_column(BigInteger)
    depth: Mapped[int]
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    means: Mapped[str | None] = mapped_column(String(16))  # none: a row of before
