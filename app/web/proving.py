"""How a person at a page proves once more that it is them: a typed code, or a passkey's answer."""

from typing import Any

import msgspec
from litestar.handlers import HTTPRouteHandler

from app.core.errors import TenshuError
from app.identity.operations import own_factors, own_passkeys
from app.operations.operation import NoRequest
from app.web.asking import AnyRequest
from app.web.pages import Answer, ask, need_sign_in
from app.web.passkey_questions import question, refused_question
from app.web.routing import post
from app.web.shared_pages import Form


class Ways(msgspec.Struct, frozen=True):
    """What somebody could prove themselves with, here and now."""

    code: bool
    """An authenticator app."""
    passkey: bool
    """A passkey that works at this address."""
    place: own_passkeys.PasskeyPlace


def ways_of(request: AnyRequest) -> Ways:
    """Return how the person who asks could prove themselves."""
    context = need_sign_in(request)
    found = own_factors.list_factors(context, NoRequest())
    held = [each for each in found.items if each.kind not in found.refused]
    place = own_passkeys.passkey_place(context, NoRequest())
    return Ways(
        code=any(each.kind == "totp" for each in held),
        passkey=place.works
        and any(each.kind == "passkey" and each.rp_id == place.rp_id for each in held),
        place=place,
    )


def proof_in(data: dict[str, Any]) -> str:
    """Return what a form proves with: the passkey's answer if there is one, else the code."""
    return str(data.get("passkey") or data.get("code", ""))


@post("/account/passkeys/question")
def ask_passkey(request: AnyRequest, data: Form) -> Answer:
    """Return what the browser's passkey is asked: about a request, or a change of one's own."""
    context = need_sign_in(request)
    try:
        wanted = ask(own_passkeys.AskedFor, request=str(data.get("request", "")))
        found = own_passkeys.ask_passkey(context, wanted)
    except TenshuError as error:
        return refused_question(context.language, error)
    return question(found.options)


def proving_pages() -> list[HTTPRouteHandler]:
    """Return the handlers of this module."""
    return [ask_passkey]
