"""What can go wrong between the console and the machine."""

from app.core.errors import TenshuError
from appliance.contract.errors import ApplianceError
from appliance.contract.seed import problems as _of_seeds  # noqa: F401 - known by their codes


class MachineError(TenshuError):
    """What the agent answered, with its own code, words and parameters."""

    def __init__(self, original: ApplianceError) -> None:
        # the same class attributes, taken over one by one: pages and API treat both alike
        self.code = original.code  # type: ignore[misc]
        self.status = original.status  # type: ignore[misc]
        self.message = original.message  # type: ignore[misc]
        self.hint = original.hint  # type: ignore[misc]
        super().__init__(**original.parameters)
