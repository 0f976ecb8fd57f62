"""A document as a company might have it: what the commented example shows, and tests begin with."""

from typing import Final

from appliance.contract.configuration.access import PRIVATE, PRIVATE_NAME, Access, AddressList
from appliance.contract.configuration.document import Document
from appliance.contract.configuration.edge import Edge
from appliance.contract.configuration.firewall import Firewall
from appliance.contract.configuration.network import (
    Bond,
    Interface,
    Network,
    Proxy,
    Route,
    Vlan,
    Zone,
)
from appliance.contract.configuration.services import Time, TimeSource

EXAMPLE: Final = Document(
    network=Network(
        hostname="tenshu",
        search_domains=("example.co.jp",),
        dns=("192.0.2.53", "192.0.2.54"),
        interfaces=(
            Interface(
                name="bond0",
                zones=(Zone.SERVICE,),
                addresses=("192.0.2.10/24", "2001:db8::10/64"),
                gateways=("192.0.2.1", "2001:db8::1"),
                note="Rack 3, both switches",
            ),
            Interface(
                name="vlan20",
                zones=(Zone.MANAGEMENT, Zone.BACKUP),
                addresses=("10.20.0.10/24",),
                routes=(Route(to="10.99.0.0/16", via="10.20.0.1"),),
            ),
        ),
        bonds=(Bond(name="bond0", members=("enp1s0", "enp2s0")),),
        vlans=(Vlan(name="vlan20", parent="bond0", tag=20),),
        proxy=Proxy(
            address="http://proxy.example.co.jp:8080",
            exceptions=(".example.co.jp", "10.0.0.0/8"),
        ),
    ),
    time=Time(
        servers=(
            TimeSource(host="ntp1.example.co.jp"),
            TimeSource(host="dc1.example.co.jp", windows=True),
        )
    ),
    access=Access(
        lists={
            PRIVATE_NAME: PRIVATE,
            "management": AddressList(networks=("10.20.0.0/24",), note="Jump hosts only"),
            "office": AddressList(networks=("198.51.100.0/24", "2001:db8:1::/48")),
        },
        console=("management",),
        ssh=("management",),
        workspace=("private", "office"),
    ),
    firewall=Firewall(http_redirect=True, never_banned=("198.51.100.7",)),
    edge=Edge(names=("tenshu.example.co.jp",)),
)
