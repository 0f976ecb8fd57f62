"""The cookies of a plane. Cookies ignore ports, so each plane has names of its own.

`__Host-` makes the browser refuse a cookie that another host, path or plain HTTP has set (V14).
"""

from typing import Final, Literal

from litestar.datastructures import Cookie

from app.operations.context import Plane

LANGUAGE: Final = "__Host-tenshu-language"
SHARED: Final = frozenset({LANGUAGE})
YEAR_SECONDS: Final = 365 * 24 * 3600


def session_cookie_name(plane: Plane) -> str:
    """Return the name of the plane's session cookie."""
    return f"__Host-tenshu-{plane.value}"


def sign_in_cookie_name(plane: Plane) -> str:
    """Return the name of the cookie that carries an unfinished sign-in."""
    return f"__Host-tenshu-{plane.value}-sign-in"


def own_cookie_names(plane: Plane) -> frozenset[str]:
    """Return the cookies that a plane may see; all others are stripped."""
    return SHARED | {session_cookie_name(plane), sign_in_cookie_name(plane)}


def make_cookie(name: str, value: str, *, plane: Plane | None = None, lasts: int = 0) -> Cookie:
    """Return a cookie that only TLS carries and no script reads; `lasts` seconds, 0 a session."""
    # A link in a mail may open the workspace signed in; the console never follows one so.
    site: Literal["strict", "lax"] = "lax" if plane is Plane.WORKSPACE else "strict"
    return Cookie(
        key=name,
        value=value,
        path="/",
        secure=True,
        httponly=True,
        samesite=site,
        max_age=lasts or None,
    )


def drop_cookie(name: str) -> Cookie:
    """Return the cookie that makes the browser forget another."""
    return Cookie(key=name, value="", path="/", secure=True, httponly=True, max_age=0)


def keep_own(header: bytes, plane: Plane) -> bytes:
    """Return a Cookie header without the cookies that are not this plane's."""
    own = own_cookie_names(plane)
    pairs = (pair.strip() for pair in header.decode("latin-1").split(";"))
    kept = [pair for pair in pairs if pair.partition("=")[0] in own]
    return "; ".join(kept).encode("latin-1")
