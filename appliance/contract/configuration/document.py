"""The document as a whole."""

from typing import Annotated, Final

from msgspec import Meta

from appliance.contract.configuration.access import Access
from appliance.contract.configuration.edge import Edge
from appliance.contract.configuration.firewall import Firewall
from appliance.contract.configuration.network import Network
from appliance.contract.configuration.sections import Section
from appliance.contract.configuration.services import Certificates, Ssh, Time
from appliance.contract.configuration.trust import Trust
from appliance.contract.configuration.upkeep import Upkeep

FORMAT: Final = 1
"""Version of the document's form. A newer form is refused, an older one is brought up."""
LARGEST: Final = 256 * 1024
"""Characters of a document: far below the 1 MiB of one message."""


class Document(Section, frozen=True, kw_only=True):
    """What the machine should be (architecture, section 6)."""

    format: Annotated[int, Meta(ge=1, le=FORMAT, description="Version of this form")] = FORMAT
    network: Annotated[Network, Meta(description="Interfaces, names, routes")] = Network()
    time: Annotated[Time, Meta(description="Where the time comes from")] = Time()
    access: Annotated[Access, Meta(description="Which networks reach which area")] = Access()
    firewall: Annotated[Firewall, Meta(description="What the packet filter allows")] = Firewall()
    edge: Annotated[Edge, Meta(description="Sizes and times at the edge")] = Edge()
    certificates: Annotated[Certificates, Meta(description="Certificates of the planes")] = (
        Certificates()
    )
    trust: Annotated[Trust, Meta(description="Whom outgoing connections trust")] = Trust()
    upkeep: Annotated[Upkeep, Meta(description="Hours for work that makes load")] = Upkeep()
    ssh: Annotated[Ssh, Meta(description="The way in for maintenance")] = Ssh()
