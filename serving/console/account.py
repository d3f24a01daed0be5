"""Mon compte: one's sessions, password and one-time codes; and to prove who one is."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from features.errors import FreinError
from serving.auth.accounts import change_password
from serving.auth.dependencies import COOKIE
from serving.auth.routes import count_sign_in, keep_session
from serving.auth.second_factor import confirm_enrolment, enrol, withdraw
from serving.auth.secret_box import SecretBox
from serving.auth.sessions import (
    SignedIn,
    begin_session,
    end_one,
    proof_from,
    prove,
    proven_person,
    sign_out_everywhere,
)
from serving.console.page.authentication import TheForm, TheReader
from serving.console.page.format_fr import field_refused
from serving.console.page.redirects import way_back
from serving.console.page.rendering import HOME, page, proof_page
from serving.errors import (
    RequestInvalidError,
    RoleMissingError,
    SecondFactorError,
    SignInRefusedError,
    TooManyCallsError,
)
from serving.http.problems import STATUS, detail_of
from serving.repositories.persons import open_passes
from serving.runtime.dependencies import TheAddress, TheNow, TheService, TheStore
from serving.runtime.service import Service

router = APIRouter(prefix="/compte")

Form = Mapping[str, list[str]]
_REFUSED = (SignInRefusedError, SecondFactorError, TooManyCallsError)


@router.get("")
def show_account(service: TheService, reader: TheReader) -> Response:
    return _account(service, reader)


@router.post("/deconnexion")
def leave_everywhere(
    store: TheStore, now: TheNow, reader: TheReader, form: TheForm
) -> Response:
    sign_out_everywhere(store, reader.person, now)
    answer = RedirectResponse(f"{HOME}/connexion", status_code=303)
    answer.delete_cookie(COOKIE)
    return answer


@router.post("/sessions/{pass_id}/fin")
def end_session(
    pass_id: str, store: TheStore, now: TheNow, reader: TheReader, form: TheForm
) -> Response:
    """End one of one's sessions or tokens."""
    end_one(store, reader.person, pass_id, now)
    return RedirectResponse(f"{HOME}/compte", status_code=303)


@router.post("/preuve")
async def prove_who(
    service: TheService, reader: TheReader, form: TheForm, address: TheAddress
) -> Response:
    """Give one's password again, then go on."""
    back, now = way_back(_field(form, "vers")), service.clock()
    proof = proof_from(service, address, _field(form, "code"))
    try:
        await count_sign_in(service.limits, address)
        await service.sign_ins.run(
            lambda: prove(service.store, reader, _field(form, "password"), now, proof)
        )
    except _REFUSED as error:
        return proof_page(reader, back, error, is_refused=True)
    return RedirectResponse(back, status_code=303)


@router.post("/mot-de-passe")
async def change_own_password(
    service: TheService,
    reader: TheReader,
    form: TheForm,
    address: TheAddress,
    request: Request,
) -> Response:
    """Change one's password, once the old one was given; this session goes on."""
    now, person = service.clock(), reader.person

    def change() -> None:
        new = _field(form, "new")
        change_password(service.store, person.login, new, now, person.principal)

    refused = await _proven(service, reader, form, address)
    if refused is not None:
        return refused
    try:
        await service.sign_ins.run(change)
    except (RequestInvalidError, TooManyCallsError) as error:
        return _refusal(service, reader, error)
    answer = RedirectResponse(f"{HOME}/compte", status_code=303)
    keep_session(answer, begin_session(service.store, person, now), request, now)
    return answer


@router.post("/code")
async def begin_code(
    service: TheService, reader: TheReader, form: TheForm, address: TheAddress
) -> Response:
    """Begin to set one-time codes up; one that is in place is withdrawn first."""
    if reader.person.totp_confirmed_at is not None:
        raise RoleMissingError
    refused = await _proven(service, reader, form, address)
    if refused is not None:
        return refused
    enrolment = enrol(service.store, _box(service), reader.person)
    return _account(service, reader, enrolment=enrolment)


@router.post("/code/confirmation")
def confirm_code(
    service: TheService, now: TheNow, reader: TheReader, form: TheForm
) -> Response:
    if reader.person.totp_confirmed_at is not None:
        raise RoleMissingError
    code = _field(form, "code")
    try:
        recovery = confirm_enrolment(
            service.store, _box(service), reader.person, code, now
        )
    except RequestInvalidError as error:
        return _refusal(service, reader, error)
    return _account(service, reader, recovery=recovery)


@router.post("/code/retrait")
async def withdraw_code(
    service: TheService, reader: TheReader, form: TheForm, address: TheAddress
) -> Response:
    refused = await _proven(service, reader, form, address)
    if refused is not None:
        return refused
    person = reader.person
    withdraw(service.store, person.login, person.principal, service.clock())
    return RedirectResponse(f"{HOME}/compte", status_code=303)


async def _proven(
    service: Service, reader: SignedIn, form: Form, address: str
) -> Response | None:
    """None: the form's password, and code, are the person's; else why not."""
    now, proof = service.clock(), proof_from(service, address, _field(form, "code"))
    password = _field(form, "password")
    try:
        await count_sign_in(service.limits, address)
        await service.sign_ins.run(
            lambda: proven_person(
                service.store, reader.person.login, password, now, proof
            )
        )
    except _REFUSED as error:
        return _refusal(service, reader, error)
    return None


def _refusal(service: Service, reader: SignedIn, error: FreinError) -> Response:
    if isinstance(error, RequestInvalidError):
        told = field_refused(error.field, error.why)
    else:
        told = detail_of(error)
    return _account(service, reader, STATUS[type(error)], refused=told)


def _account(
    service: Service, reader: SignedIn, status: int = 200, **shown: Any
) -> Response:
    with service.store.reading() as session:
        passes = open_passes(session, reader.person.id, service.clock())
    usual = {"refused": None, "enrolment": None, "recovery": None}
    return page(
        "account.html",
        reader,
        status,
        passes=passes,
        pass_id=reader.pass_id,
        **usual | shown,
    )


def _box(service: Service) -> SecretBox:
    return SecretBox(service.settings.key_file)


def _field(form: Form, name: str) -> str:
    return form.get(name, [""])[0]
