"""The agent's actions on the machine's document, as console and command line call them."""

from appliance.contract.actions import Caller, Nothing
from appliance.contract.calling import Calling
from appliance.contract.configuration import (  # noqa: F401 - an answer's error is found by its code
    errors,
    interface_problems,
    problems,
    unavailable,
)
from appliance.contract.configuration.outgoing import Destinations, Needed, Outgoing
from appliance.contract.configuration.sign_in import ProxySignIn, SetProxySignIn
from appliance.contract.configuration.state import (
    ApplyConfiguration,
    Configuration,
    ConfirmConfiguration,
    ListVersions,
    OfVersion,
    OneVersion,
    Plan,
    PlanConfiguration,
    Version,
    Versions,
)
from appliance.contract.configuration.traffic import Ban, LiftBan, Traffic
from appliance.contract.identity import Decided, DecideIdentity, Verdict
from appliance.contract.secret import Secret


class MachineClient(Calling):
    """A method a line of `appliance.contract.configuration.table`."""

    def configuration(self, caller: Caller) -> Configuration:
        """Return the document that holds, what waits, and what drifted."""
        return self.call("ReadConfiguration", caller, Nothing(), Configuration)

    def decide_identity(self, caller: Caller, verdict: Verdict) -> Decided:
        """Settle whether this is the machine itself or a copy."""
        return self.call("DecideIdentity", caller, DecideIdentity(verdict=verdict), Decided)

    def plan(self, caller: Caller, document: str) -> Plan:
        """Return what a document would change, and what is wrong with it."""
        return self.call("PlanConfiguration", caller, PlanConfiguration(document=document), Plan)

    def apply(self, caller: Caller, request: ApplyConfiguration) -> Version:
        """Put a document into effect; return its version, waiting or confirmed."""
        return self.call("ApplyConfiguration", caller, request, Version)

    def confirm(self, caller: Caller, version: int, generation: int = 0) -> Version:
        """Keep a version; `generation` is what the edge said of the asking connection."""
        request = ConfirmConfiguration(version=version, generation=generation)
        return self.call("ConfirmConfiguration", caller, request, Version)

    def revert(self, caller: Caller, version: int) -> Version:
        """Take a version back at once."""
        return self.call("RevertConfiguration", caller, OfVersion(version=version), Version)

    def versions(self, caller: Caller, offset: int = 0, limit: int = 50) -> Versions:
        """Return a page of versions, newest first."""
        return self.call("ListVersions", caller, ListVersions(offset=offset, limit=limit), Versions)

    def version(self, caller: Caller, number: int) -> OneVersion:
        """Return one version with its document."""
        return self.call("ReadVersion", caller, OfVersion(version=number), OneVersion)

    def traffic(self, caller: Caller) -> Traffic:
        """Return what the packet filter has dropped, and who is banned."""
        return self.call("ReadTraffic", caller, Nothing(), Traffic)

    def lift_ban(self, caller: Caller, network: str) -> Ban:
        """Let a banned source in again."""
        return self.call("LiftBan", caller, LiftBan(network=network), Ban)

    def outgoing(self, caller: Caller) -> Outgoing:
        """Return what may leave the machine, what did, and what was kept from it."""
        return self.call("ReadOutgoing", caller, Nothing(), Outgoing)

    def destinations(self, caller: Caller) -> tuple[Needed, ...]:
        """Return what the functions of the appliance need, as it was told last."""
        return self.call("ReadDestinations", caller, Nothing(), Destinations).needed

    def tell_destinations(self, caller: Caller, needed: tuple[Needed, ...]) -> None:
        """Let out what the functions of the appliance need, and nothing else for them."""
        self.call("TellDestinations", caller, Destinations(needed=needed), Destinations)

    def proxy_sign_in(self, caller: Caller) -> ProxySignIn:
        """Return who signs in at the proxy on the way out."""
        return self.call("ReadProxySignIn", caller, Nothing(), ProxySignIn)

    def set_proxy_sign_in(self, caller: Caller, user: str, password: Secret) -> ProxySignIn:
        """Sign in at the proxy by another user or password, or not at all."""
        request = SetProxySignIn(user=user, password=password)
        return self.call("SetProxySignIn", caller, request, ProxySignIn)
