"""The courier's place in the worker."""

from collections.abc import Callable

from app.core import clock
from app.jobs.standing import standing
from app.mail import courier
from app.operations.context import Appliance


@standing("mail.courier", every=clock.SECOND, sends=True)
def deliver(appliance: Appliance, is_stopping: Callable[[], bool]) -> None:
    """Send the mails that are due."""
    courier.deliver(appliance, is_stopping)


@standing("mail.forget", every=clock.HOUR)
def forget(appliance: Appliance, _: Callable[[], bool]) -> None:
    """Remove what ended long ago."""
    courier.forget_old(appliance)
