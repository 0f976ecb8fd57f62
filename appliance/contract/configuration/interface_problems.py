"""What can be wrong with interfaces, their addresses and their routers."""

from appliance.contract.configuration.problems import ConfigurationProblem


class NetworksOverlap(ConfigurationProblem):
    """Two interfaces stand in networks that hold the same addresses."""

    code = "configuration.networks_overlap"
    message = "{place}: {value} overlaps with {other} of {interface}."
    hint = "Addresses of two interfaces must lie in networks that are apart: correct one of them."


class PrefixMissing(ConfigurationProblem):
    """An interface's address that does not say how large its network is."""

    code = "configuration.prefix_missing"
    message = "{place}: {value} does not say in which network it lies."
    hint = "Add the length of the network's prefix, as in 192.0.2.10/24."


class NotAHost(ConfigurationProblem):
    """An address that no machine can have: the network's own, or its broadcast."""

    code = "configuration.not_a_host"
    message = "{place}: {value} is the network itself or its broadcast address."
    hint = "Take an address between the two."


class SpecialAddress(ConfigurationProblem):
    """An address that means something else than a machine in a network."""

    code = "configuration.special_address"
    message = "{place}: {value} is a loopback, multicast or reserved address, or none at all."
    hint = "Take an address of the network that the interface is in."


class NotReachable(ConfigurationProblem):
    """A router that lies in no network of its interface. `networks` are those of its family."""

    code = "configuration.not_reachable"
    message = "{place}: {value} lies in no network of this interface."
    hint = "Name a router in one of its networks: {networks}."


class OwnRouter(ConfigurationProblem):
    """A router that is the machine itself."""

    code = "configuration.own_router"
    message = "{place}: {value} is the machine's own address."
    hint = "Name the router's address."


class TwoGateways(ConfigurationProblem):
    """More than one default router of a family on one interface."""

    code = "configuration.two_gateways"
    message = "{place}: the interface has a default router of this family already, {other}."
    hint = "Leave one; another interface may have its own, and other networks are routes."


class RouteOfEverything(ConfigurationProblem):
    """A route to all networks, which is what a default router is."""

    code = "configuration.route_of_everything"
    message = "{place}: a route to every network is a default router."
    hint = "Write {value} into the interface's `gateways` instead."


class FamiliesDiffer(ConfigurationProblem):
    """A route of one family by a router of the other."""

    code = "configuration.families_differ"
    message = "{place}: {value} is no router for {other}: one is IPv4, the other IPv6."
    hint = "Name a router of the same family."


class NoAddress(ConfigurationProblem):
    """An interface that gets no address, and carries no VLAN."""

    code = "configuration.no_address"
    message = "{place}: the interface “{value}” has no address and asks for none."
    hint = "Give it `addresses`, or set `dhcp = true`."


class NoManagement(ConfigurationProblem):
    """There are interfaces, and none through which the console is reached."""

    code = "configuration.no_management"
    message = "{place}: no interface is for management, so nobody would reach the console."
    hint = "Put `management` into the zones of one interface; it may be for service too."


class CircleOfInterfaces(ConfigurationProblem):
    """An interface that rests on itself."""

    code = "configuration.circle"
    message = "{place}: “{value}” rests on itself."
    hint = "A VLAN lies on a cable or a bond, a bond on cables."


class NoFoundation(ConfigurationProblem):
    """A VLAN on a VLAN, or a bond of something else than cables."""

    code = "configuration.no_foundation"
    message = "{place}: nothing can rest on “{value}” here."
    hint = "A VLAN lies on a cable or a bond, a bond on cables."


class MemberTwice(ConfigurationProblem):
    """A cable in two bonds, with an address of its own, or beneath a VLAN."""

    code = "configuration.member_twice"
    message = "{place}: “{value}” is a member of {other} and can be nothing else."
    hint = "Give addresses and VLANs to the bond, and put each cable into one bond."


class PacketsTooLarge(ConfigurationProblem):
    """A VLAN with larger packets than what carries it. `limit` in bytes."""

    code = "configuration.packets_too_large"
    message = "{place}: {value} is more than {other}, which carries it, lets through."
    hint = "Take {limit} at most, or give {other} a larger `mtu`."
