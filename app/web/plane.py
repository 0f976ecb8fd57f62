"""One plane: a litestar application behind the gate."""

import functools
import socket
from collections.abc import Callable, Sequence
from typing import Any

from litestar import Litestar, Request, Response
from litestar.config.app import AppConfig
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from app.core.errors import TenshuError
from app.operations.context import Appliance, Plane
from app.web.answering import answers
from app.web.api import PREFIX, api_handlers
from app.web.asking import AnyRequest
from app.web.binding import Binding
from app.web.confirm_pages import confirm_pages
from app.web.design.assets import collect_assets
from app.web.design.environment import create_environment
from app.web.faults import answer_error, handlers
from app.web.gate import AsgiApplication, Gate, Scope, never
from app.web.invitation_pages import invitation_pages
from app.web.job_pages import job_pages
from app.web.openapi import document
from app.web.own_account_pages import own_account_pages
from app.web.own_history_pages import own_history_pages
from app.web.pages import Side, nothing_at_the_side
from app.web.preference_pages import preference_pages
from app.web.process import end_loading
from app.web.proving import proving_pages
from app.web.review_pages import review_pages
from app.web.routing import get
from app.web.schema import encode
from app.web.search_page import Find, nothing_to_find, search_pages
from app.web.shared_pages import shared_pages
from app.web.sign_in_pages import sign_in_pages
from app.web.standing import HealthOf, make_memories, no_health
from appliance.contract.certificates.folder import Folder


def hosts_of(appliance: Appliance) -> set[str]:
    """Return the names and addresses by which this appliance may be called."""
    settings = appliance.settings
    return {
        "localhost",
        "127.0.0.1",
        "::1",
        settings.address,
        socket.gethostname(),
        *settings.host_names,
    }


@get("/health")
def health(request: AnyRequest) -> Response[bytes]:
    """Tell whether this plane answers, its database included (S7)."""
    with request.app.state.appliance.database.read() as session:
        session.connection().exec_driver_sql("SELECT 1")
    return Response(b'{"status":"ok"}', media_type="application/json")


def _openapi(plane: Plane) -> HTTPRouteHandler:
    whole = functools.cache(lambda: encode(document(plane)))  # not at the start: few ask for it

    @get(f"{PREFIX}/openapi.json")
    def openapi() -> Response[bytes]:
        """Return the OpenAPI document."""
        return Response(whole(), media_type="application/json")

    return openapi


def create_plane(
    appliance: Appliance,
    plane: Plane,
    pages: Sequence[HTTPRouteHandler],
    *,
    at_end: Callable[[], None] = lambda: None,
    side: Side = nothing_at_the_side,
    health_of: HealthOf = no_health,
    find: Find = nothing_to_find,
) -> AsgiApplication:
    """Return the ASGI application of a plane with its pages and its API.

    `at_end` is called when the process is told to stop, before the database is closed. `side`
    returns what stands at the side of every page beside the plane's own areas, `health_of` what the
    bar on top says of the whole, `find` what its search finds.
    """
    assets = collect_assets()
    edge = appliance.settings.edge
    binding = None if edge else Binding(Folder(appliance.settings.data))
    application = Litestar(
        route_handlers=[
            health,
            _openapi(plane),
            *shared_pages(appliance.settings),
            *sign_in_pages(),
            *invitation_pages(),
            *confirm_pages(),
            *own_account_pages(),
            *review_pages(),
            *proving_pages(),
            *preference_pages(),
            *own_history_pages(),
            *job_pages(),
            *search_pages(),
            *api_handlers(plane),
            *pages,
        ],
        state=State(
            {
                "appliance": appliance,
                "plane": plane,
                "name": appliance.machine,
                "assets": assets,
                "templates": create_environment(assets),
                "side": side,
                "health": health_of,
                "find": find,
                "memories": make_memories(),
            }
        ),
        exception_handlers=handlers(),
        openapi_config=None,
        debug=False,
        on_startup=[
            end_loading,
            *([binding.follow] if binding else []),
            answers,
        ],
        on_shutdown=[at_end, appliance.database.close],
        request_max_body_size=None,  # the gate measures, route by route
        on_app_init=[_without_logging],
    )

    def refuse(scope: Scope, error: TenshuError) -> AsgiApplication:
        scope.setdefault("state", {})
        scope["app"] = scope["litestar_app"] = application
        request: AnyRequest = Request(scope)  # type: ignore[arg-type]  # our dict is ASGI's
        answer: Any = answer_error(request, error)
        return answer.to_asgi_response(None, request)  # type: ignore[no-any-return]

    return Gate(
        application,  # type: ignore[arg-type]
        plane,
        hosts_of(appliance),
        refuse,
        behind_edge=edge,
        bound=binding.binds if binding else never,
    )


def _without_logging(config: AppConfig) -> AppConfig:
    config.logging_config = None  # ours is set up by the process; litestar's logs requests
    return config
