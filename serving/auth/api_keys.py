"""API keys: issued, replaced, withdrawn; each change is audited."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_network

from features.event import Actor
from governance.audit.chain import SHELL, Action, AuditEntry, Subject, SubjectKind
from governance.people.overrides import OWN_SOURCE
from governance.people.principal import Principal
from serving.database.engine import Store
from serving.errors import KeyInvalidError, KeyUnknownError, RequestInvalidError
from serving.repositories.api_keys import (
    USUAL_SCOPES,
    ApiKey,
    Scope,
    add_key,
    all_keys,
    digest,
    expire_key,
    find_key,
    new_secret,
    revoke_key,
    token_of,
)
from serving.repositories.audit import append

_SOURCE = re.compile(r"[a-z][a-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiKey:
    """`scopes` None: the usual ones: send events, ask for scores, read leads."""

    name: str
    source: str
    max_actor: Actor
    default_actor: Actor
    scopes: frozenset[str] | None
    expires_at: datetime | None
    addresses: tuple[str, ...] = ()  # networks, "192.0.2.0/24"


def issue_key(
    store: Store, wish: NewApiKey, now: datetime, by: Principal = SHELL
) -> str:
    """Store a new key, and audit it; returns its token, which can't be had again.

    Raises RequestInvalidError if the name is empty, the source malformed or our own, a
    scope unknown, the default actor above what the key may assert, or one that vouches
    for people may not say that a person acted.
    """
    key_id, secret = new_secret()
    key = _key(wish, key_id, secret, now)
    with store.writing() as session:
        add_key(session, key)
        append(session, [created_entry(key, by)], now)
    return token_of(key_id, secret)


def replace_key(store: Store, wish: NewApiKey, now: datetime) -> str:
    """Issue a key, and revoke those of the same name."""
    with store.reading() as session:
        same = [key.id for key in all_keys(session) if key.name == wish.name]
    for key_id in same:
        withdraw_key(store, key_id, now)
    return issue_key(store, wish, now)


def withdraw_key(
    store: Store, key_id: str, now: datetime, by: Principal = SHELL
) -> None:
    """Revoke a key at once, and audit it; raises KeyUnknownError."""
    with store.writing() as session:
        if revoke_key(session, key_id, now):
            subject = Subject(SubjectKind.KEY, key_id)
            revoked = AuditEntry(action=Action.KEY_REVOKED, by=by, subject=subject)
            append(session, [revoked], now)


def rotate_key(
    store: Store,
    key_id: str,
    overlap: timedelta,
    now: datetime,
    by: Principal = SHELL,
) -> str:
    """Issue a key like another, which ends after the overlap; returns its token.

    The new one is valid for as long as the other was to be. Both changes are audited.

    Raises KeyUnknownError, and KeyInvalidError if it is revoked or has expired.
    """
    new_id, secret = new_secret()
    with store.writing() as session:
        old = find_key(session, key_id)
        if old is None:
            raise KeyUnknownError(key_id)
        if old.revoked_at is not None or (old.expires_at and old.expires_at <= now):
            raise KeyInvalidError
        length = old.expires_at - old.created_at if old.expires_at else None
        new = replace(
            old,
            id=new_id,
            secret_sha256=digest(secret),
            created_at=now,
            expires_at=now + length if length else None,
            last_used_at=None,
        )
        add_key(session, new)
        expire_key(session, old.id, now + overlap)
        rotated = AuditEntry(
            action=Action.KEY_ROTATED,
            by=by,
            subject=Subject(SubjectKind.KEY, old.id),
            after={"by": new.id, "expires_at": (now + overlap).isoformat()},
        )
        append(session, [created_entry(new, by), rotated], now)
    return token_of(new_id, secret)


def created_entry(key: ApiKey, by: Principal = SHELL) -> AuditEntry:
    """What the audit says of a new key."""
    return AuditEntry(
        action=Action.KEY_CREATED,
        by=by,
        subject=Subject(SubjectKind.KEY, key.id),
        after={
            "source": key.source,
            "max_actor": key.max_actor.value,
            "default_actor": key.default_actor.value,
            "scopes": " ".join(sorted(key.scopes)),
            "expires_at": key.expires_at.isoformat() if key.expires_at else None,
            "addresses": " ".join(key.addresses),
            "secret_sha256": key.secret_sha256,
        },
    )


def _key(wish: NewApiKey, key_id: str, secret: str, now: datetime) -> ApiKey:
    key = ApiKey(
        id=key_id,
        name=_name(wish.name),
        secret_sha256=digest(secret),
        source=_source(wish.source),
        max_actor=wish.max_actor,
        default_actor=wish.default_actor,
        scopes=USUAL_SCOPES if wish.scopes is None else _scopes(wish.scopes),
        created_at=now,
        expires_at=wish.expires_at,
        addresses=_networks(wish.addresses),
    )
    if not key.may_assert(key.default_actor):
        mine = [actor.value for actor in Actor if key.may_assert(actor)]
        raise RequestInvalidError("default_actor", "enum", mine)
    if Scope.VOUCH in key.scopes and not key.may_assert(Actor.PERSON):
        raise RequestInvalidError("max_actor", "needs_person")
    return key


def _name(name: str) -> str:
    if not 0 < len(name.strip()) <= 200 or not name.isprintable():
        raise RequestInvalidError("name", "string_too_short")
    return name.strip()


def _source(source: str) -> str:
    if source == OWN_SOURCE or not _SOURCE.fullmatch(source):
        raise RequestInvalidError("source", "source_malformed")
    return source


def _networks(texts: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(str(ip_network(text, strict=False)) for text in texts)
    except ValueError as error:
        raise RequestInvalidError("addresses", "network_malformed") from error


def _scopes(names: frozenset[str]) -> frozenset[Scope]:
    """A key that forgets may ask for no change: it could begin a lead afresh, and with
    it what machines may concede there."""
    if not names <= set(Scope):
        raise RequestInvalidError("scope", "enum", [scope.value for scope in Scope])
    if {Scope.PRIVACY, Scope.MOVES} <= names:
        raise RequestInvalidError("scope", "privacy_with_moves")
    return frozenset(Scope(name) for name in names)
