"""When work may be done that makes load: by the hours of the data center."""

from typing import Annotated

from msgspec import Meta

from appliance.contract.configuration.sections import Section

TIME_OF_DAY = r"^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)"


class Upkeep(Section, frozen=True, kw_only=True):
    """The hours in which the machine reads its disks through and tells them what is free."""

    begins: Annotated[
        str,
        Meta(
            pattern=TIME_OF_DAY,
            description="Time of day from which such work may begin",
            examples=["01:00"],
        ),
    ] = "01:00"
    ends: Annotated[
        str,
        Meta(
            pattern=TIME_OF_DAY,
            description="Time of day at which it rests; where that is the earlier one, of the "
            "next day",
            examples=["05:00"],
        ),
    ] = "05:00"
    zone: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9/_+-]{1,64}$(?!\n)",
            description="Time zone of both, by its name in the tz database",
            examples=["Asia/Tokyo"],
        ),
    ] = "Asia/Tokyo"
