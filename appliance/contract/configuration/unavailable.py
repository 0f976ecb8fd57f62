"""Why a concern cannot be set up on a machine: the copy runs where it is not there.

A document says nothing of what nobody here would obey: what it would change in such a part is
refused. `place` is that part.
"""

from appliance.contract.errors import ApplianceError


class ConcernUnavailable(ApplianceError):
    """A part of the document that this place cannot serve."""

    code = "machine.concern_unavailable"
    status = 409
    message = "{place}: this cannot be set up here."
    hint = "Leave this part of the document as it is."


class NoFilterProgram(ConcernUnavailable):
    """There is no nft."""

    code = "machine.no_filter_program"
    message = "{place}: the packet filter cannot be set up, for nft is not installed here."


class FilterOutOfReach(ConcernUnavailable):
    """The kernel refuses. `said` are nft's own words."""

    code = "machine.filter_out_of_reach"
    message = "{place}: the packet filter cannot be set up, for the kernel refuses it: {said}"


class NoEdgeProgram(ConcernUnavailable):
    """There is no nginx."""

    code = "machine.no_edge_program"
    message = "{place}: the edge cannot be set up, for nginx is not installed here."


class NoEdgeCertificate(ConcernUnavailable):
    """The planes have not made their certificate yet."""

    code = "machine.no_edge_certificate"
    message = "{place}: the edge cannot be set up before the console has started once."


class NoNetworkService(ConcernUnavailable):
    """No systemd-networkd that is ours."""

    code = "machine.no_network_service"
    message = "{place}: the network is the machine's own affair, for no systemd-networkd is ours."


class NoTimeService(ConcernUnavailable):
    """No chronyd that is ours."""

    code = "machine.no_time_service"
    message = "{place}: the clock is the machine's own, for no chronyd is ours here."


class NoShellService(ConcernUnavailable):
    """No sshd that is ours."""

    code = "machine.no_shell_service"
    message = "{place}: SSH cannot be set up, for no sshd is ours here."
