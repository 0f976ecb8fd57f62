"""What the edge allows a connection, in one table (METI-20)."""

from typing import Annotated

from msgspec import Meta

from appliance.contract.configuration.sections import Host, Section


class Edge(Section, frozen=True, kw_only=True):
    """Names, sizes and times at the edge. Times in seconds."""

    names: Annotated[
        tuple[Host, ...],
        Meta(
            description="Host names by which people call the appliance",
            max_length=50,
            examples=[["tenshu.example.co.jp"]],
        ),
    ] = ()
    header_seconds: Annotated[
        int,
        Meta(
            ge=5,
            le=15,
            description="For the head of a request to arrive; over HTTP/2 it may be twice as long",
        ),
    ] = 10
    body_seconds: Annotated[
        int, Meta(ge=5, le=30, description="Between two pieces of a request's body")
    ] = 20
    answer_seconds: Annotated[
        int, Meta(ge=5, le=60, description="How long nothing of an answer may be taken")
    ] = 30
    idle_seconds: Annotated[
        int, Meta(ge=5, le=300, description="How long a connection may wait for its next request")
    ] = 60
    upload_mebibytes: Annotated[
        int, Meta(ge=1, le=16_384, description="Largest file that is brought in")
    ] = 2048
    requests_per_second: Annotated[
        int, Meta(ge=10, le=10_000, description="Requests of one address in a second, over time")
    ] = 100
