"""What can be wrong with a document: each with its place, the reason and the remedy."""

from appliance.contract.errors import ApplianceError


class ConfigurationProblem(ApplianceError):
    """Something in the document cannot be. `place` is its path, as `access.console[0]`."""

    code = "configuration.problem"
    status = 422
    message = "{place}: this cannot be."
    hint = "Correct it and look at the plan again."


class NotToml(ConfigurationProblem):
    """The text is no TOML. `reason` names line and column."""

    code = "configuration.not_toml"
    message = "This is not TOML: {reason}"
    hint = "Correct the text at that line. The commented example shows how each part is written."


class DocumentTooLarge(ConfigurationProblem):
    """The text is longer than a document may be. `limit` in characters."""

    code = "configuration.too_large"
    status = 413
    message = "The document has more than {limit} characters."
    hint = "Join neighbouring networks into larger ones."


class UnknownKey(ConfigurationProblem):
    """A key that nobody knows, and none that is near."""

    code = "configuration.unknown_key"
    message = "{place}: there is no such key."
    hint = "Leave it out. The reference lists every key."


class MisspeltKey(ConfigurationProblem):
    """A key that nobody knows, and the nearest that there is."""

    code = "configuration.misspelt_key"
    message = "{place}: there is no such key."
    hint = "Do you mean `{nearest}`?"


class WrongValue(ConfigurationProblem):
    """A value of the wrong kind, or outside its limits. `reason` says what was expected."""

    code = "configuration.wrong_value"
    message = "{place}: {reason}"
    hint = "The reference says which values this key takes."


class NoNetwork(ConfigurationProblem):
    """A text that is no network or address."""

    code = "configuration.no_network"
    message = "{place}: “{value}” is no network and no address."
    hint = "Write a network as 192.0.2.0/24 or 2001:db8::/32, an address as 192.0.2.7."


class HostBitsSet(ConfigurationProblem):
    """A network whose address has bits beyond its prefix. `network` is what it lies in."""

    code = "configuration.host_bits_set"
    message = "{place}: “{value}” is an address inside a network, not the network itself."
    hint = "Write `{network}` for the whole network, or the address alone without its prefix."


class UnknownName(ConfigurationProblem):
    """A name that is used and not defined. `known` are those that are."""

    code = "configuration.unknown_name"
    message = "{place}: nothing is called “{value}”."
    hint = "Defined are: {known}. Define it, or use one of them."


class DefinedTwice(ConfigurationProblem):
    """Two things of one name."""

    code = "configuration.defined_twice"
    message = "{place}: “{value}” is defined already."
    hint = "Give each a name of its own."


class NameReserved(ConfigurationProblem):
    """A name that has a meaning of its own."""

    code = "configuration.name_reserved"
    message = "{place}: “{value}” has a meaning of its own and cannot be defined."
    hint = "Take another name."


class ConsoleClosed(ConfigurationProblem):
    """No network would reach the console."""

    code = "configuration.console_closed"
    message = "{place}: no network would reach the console."
    hint = "Name at least one list that holds a network: the machine's screen alone is not enough."


class NetworksOverlap(ConfigurationProblem):
    """Two interfaces stand in networks that hold the same addresses."""

    code = "configuration.networks_overlap"
    message = "{place}: {value} overlaps with {other} of {interface}."
    hint = "Addresses of two interfaces must lie in networks that are apart: correct one of them."


class NotAHost(ConfigurationProblem):
    """An address that no interface can have: the network's own, or its broadcast."""

    code = "configuration.not_a_host"
    message = "{place}: {value} is the network itself or its broadcast address."
    hint = "Give the interface an address between the two."


class NotReachable(ConfigurationProblem):
    """A router that lies in no network of its interface."""

    code = "configuration.not_reachable"
    message = "{place}: {value} lies in no network of this interface."
    hint = "Name a router in one of {networks}."


class TwoGateways(ConfigurationProblem):
    """More than one default router of a family."""

    code = "configuration.two_gateways"
    message = "{place}: there is a default router of this family already, {other}."
    hint = "Leave one; reach the other networks by routes."


class NoAddress(ConfigurationProblem):
    """An interface that gets no address."""

    code = "configuration.no_address"
    message = "{place}: the interface “{value}” has no address and asks for none."
    hint = "Give it `addresses`, or set `dhcp = true`."


class CircleOfInterfaces(ConfigurationProblem):
    """An interface that rests on itself."""

    code = "configuration.circle"
    message = "{place}: “{value}” rests on itself."
    hint = "A VLAN lies on a cable or a bond, a bond on cables."


class MemberTwice(ConfigurationProblem):
    """A cable in two bonds, or with an address of its own."""

    code = "configuration.member_twice"
    message = "{place}: “{value}” is a member of {other} and can be nothing else."
    hint = "Give the address to the bond, and put each cable into one bond."


class ProxyOfEverybody(ConfigurationProblem):
    """Everybody would be a trusted proxy, and could claim any address."""

    code = "configuration.proxy_of_everybody"
    message = "{place}: with “{value}” as trusted proxies anybody could claim any address."
    hint = "Name the addresses of the proxies themselves."
