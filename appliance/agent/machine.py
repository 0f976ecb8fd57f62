"""The actions on the machine's document, where the machine is this copy's own."""

import contextlib
from collections.abc import Callable
from typing import Any, Final

import msgspec

from appliance.agent.volume import follow_network
from appliance.contract.actions import Caller, Nothing
from appliance.contract.configuration import state
from appliance.contract.configuration.errors import ApplyUnderWay, MachineNotOwned
from appliance.contract.configuration.outgoing import Destinations, Outgoing
from appliance.contract.configuration.sign_in import ProxySignIn, SetProxySignIn
from appliance.contract.configuration.traffic import Ban, LiftBan, Traffic
from appliance.contract.identity import Decided, DecideIdentity
from appliance.machine import identity, outgoing, telling, traffic
from appliance.machine.applying import Applying, applying_at
from appliance.machine.counting import counting_at
from appliance.machine.needed import keep_needed, read_needed
from appliance.machine.plan.desired import Concern
from appliance.machine.sign_in import SignIn, keep_sign_in, read_sign_in
from appliance.place import Place


class Machine:
    """A method a line of `appliance.contract.configuration.table`."""

    def __init__(self, place: Place) -> None:
        self._applying = applying_at(place)
        self._place, self._folder = place, place.machine
        self.by_name: Final[dict[str, Callable[[Caller, Any], msgspec.Struct]]] = {
            "ReadConfiguration": self._read,
            "DecideIdentity": self._decide_identity,
            "PlanConfiguration": self._plan,
            "ApplyConfiguration": self._apply,
            "ConfirmConfiguration": self._confirm,
            "RevertConfiguration": self._revert,
            "ListVersions": self._list,
            "ReadVersion": self._version,
            "ReadTraffic": self._traffic,
            "LiftBan": self._lift_ban,
            "ReadOutgoing": self._outgoing,
            "ReadDestinations": self._destinations,
            "TellDestinations": self._tell,
            "ReadProxySignIn": self._proxy_sign_in,
            "SetProxySignIn": self._set_proxy_sign_in,
        }

    @property
    def _own(self) -> Applying:
        if self._applying is None:
            raise MachineNotOwned
        return self._applying

    @property
    def _own_place(self) -> Place:
        if self._applying is None:
            raise MachineNotOwned
        return self._place

    def _read(self, _caller: Caller, _request: Nothing) -> state.Configuration:
        return telling.configuration(self._own)

    def _decide_identity(self, _caller: Caller, request: DecideIdentity) -> Decided:
        found = identity.decide(self._own_place, request.verdict, self._own.root.path)
        return Decided(verdict=request.verdict, doubt=found)

    def _plan(self, caller: Caller, request: state.PlanConfiguration) -> state.Plan:
        return telling.plan(self._own, caller, request.document)

    def _apply(self, caller: Caller, request: state.ApplyConfiguration) -> state.Version:
        return self._followed(self._own.apply(caller, request))

    def _confirm(self, caller: Caller, request: state.ConfirmConfiguration) -> state.Version:
        return self._followed(self._own.confirm(caller, request))

    def _revert(self, _caller: Caller, request: state.OfVersion) -> state.Version:
        return self._followed(self._own.revert(request.version))

    def _followed(self, version: state.Version) -> state.Version:
        """Let follow what needs the network before the machine has started."""
        follow_network(self._place)
        return version

    def _list(self, _caller: Caller, request: state.ListVersions) -> state.Versions:
        return telling.versions_page(self._own, request)

    def _version(self, _caller: Caller, request: state.OfVersion) -> state.OneVersion:
        return telling.one_version(self._own, request.version)

    def _traffic(self, _caller: Caller, _request: Nothing) -> Traffic:
        self._own.require_firewall()
        return traffic.traffic(counting_at(self._folder).look())

    def _lift_ban(self, _caller: Caller, request: LiftBan) -> Ban:
        self._own.require_firewall()
        return traffic.lift(request.network)

    def _outgoing(self, _caller: Caller, _request: Nothing) -> Outgoing:
        self._own.require_firewall()
        return outgoing.outgoing(self._own, counting_at(self._folder).look())

    def _destinations(self, _caller: Caller, _request: Nothing) -> Destinations:
        self._own.require_firewall()
        return Destinations(needed=read_needed(self._folder))

    def _tell(self, _caller: Caller, request: Destinations) -> Destinations:
        self._own.require_firewall()
        keep_needed(self._folder, request.needed)
        with contextlib.suppress(ApplyUnderWay):  # it follows as soon as that is done
            self._own.renew(Concern.FIREWALL)
        return request

    def _proxy_sign_in(self, _caller: Caller, _request: Nothing) -> ProxySignIn:
        found = read_sign_in(self._own_place)
        return ProxySignIn(user=found.user if found else "")

    def _set_proxy_sign_in(self, _caller: Caller, request: SetProxySignIn) -> ProxySignIn:
        wanted = SignIn(request.user, request.password) if request.user else None
        keep_sign_in(self._own_place, wanted)
        return ProxySignIn(user=request.user)
