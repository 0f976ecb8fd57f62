"""What of the machine needs an administrator: pulled cables, certificates that end, a vendor."""

from app.console.needed import Attention
from app.console.network_words import said
from app.core import clock
from app.core.messages import mark
from app.machine.errors import MachineError
from app.machine.operations import certificates, checking, maintenance, reading
from app.operations.context import SYSTEM, Context
from app.operations.operation import NoRequest
from app.web.pages import ask
from appliance.contract.certificates.folder import Condition
from appliance.contract.configuration.services import OWN
from appliance.contract.seed.state import SeedOutcome

CERTIFICATE_DUE = 21 * clock.DAY
"""An authority needs a few weeks at times; the own one is renewed long before."""

FAILURES_IN_EARNEST = 4
"""After three pauses, 70 minutes in all, it does not mend by itself."""


def link_attention(context: Context) -> list[Attention]:
    """Tell of interfaces of the document whose cable carries nothing (S4)."""
    try:
        found = reading.read_configuration(context, NoRequest())
    except MachineError:
        return []
    return [
        Attention(
            kind="danger",
            title=mark("The interface {name} carries nothing"),
            text=mark(
                "A cable was pulled, or what it leads to is down. What has another way, by a bond "
                "or by a second default router, goes on; look at the cable before that one fails."
            ),
            href="/network/settings/interfaces",
            action=mark("Show the interfaces"),
            parameters={"name": name},
        )
        for name in found.silent
    ]


def seed_attention(context: Context) -> list[Attention]:
    """Tell of a seed that was not used, and of one that is attached although it is read no more."""
    try:
        found = reading.read_configuration(context, NoRequest())
    except MachineError:
        return []
    told = []
    seed = found.seed
    if seed and seed.outcome is SeedOutcome.refused and _untouched(context, found.version):
        first = seed.faults[0]
        told.append(
            Attention(
                kind="danger",
                title=mark("The seed of the first start was not used"),
                text=mark("Line {line}: {reason}") if first.line else mark("{reason}"),
                href="/network",
                action=mark("Set up network and access"),
                parameters={"line": first.line, "reason": said(context, first.problem)},
            )
        )
    if found.seed_attached:
        told.append(
            Attention(
                kind="warning",
                title=mark("A seed is still attached"),
                text=mark("It is read at the first start only and never again. Detach its disk."),
                href="/network",
                action=mark("Show network and access"),
            )
        )
    return told


def _untouched(context: Context, version: int) -> bool:
    """Tell whether nobody has set the machine up since its first start."""
    if not version:
        return True
    which = ask(reading.WhichVersion, version=version)
    return reading.get_version(context, which).listed.version.account == SYSTEM.account


def certificate_attention(context: Context) -> list[Attention]:
    """Tell of certificates that end, and of those for which the own one stands in."""
    try:
        found = certificates.list_certificates(context, NoRequest())
    except MachineError:
        return []  # an agent that does not answer is told of by itself
    told = [
        Attention(
            kind="danger",
            title=mark("The certificate “{name}” cannot be shown; the own one stands in for it"),
            text=mark("Browsers that do not know it warn of it. Bring in another certificate."),
            href="/network/certificates",
            action=mark("Show the certificates"),
            parameters={"name": name},
        )
        for name in sorted(
            {
                one.wanted
                for one in found.planes
                if one.shown != one.wanted and one.condition is not Condition.missing
            }
        )
    ]
    if found.acme and found.acme.failures:
        told.append(
            Attention(
                kind="danger" if found.acme.failures >= FAILURES_IN_EARNEST else "warning",
                title=mark("The certificate could not be fetched from its authority"),
                text=mark("Failures in a row: {count}. Reason: {reason}"),
                href="/network/certificates/authority",
                action=mark("Show the authority"),
                parameters={"count": found.acme.failures, "reason": found.acme.reason},
            )
        )
    shown = {one.shown for one in found.planes}
    return told + [
        Attention(
            kind="warning",
            title=mark("The appliance's own certificate ends soon")
            if one.name == OWN
            else mark("The certificate “{name}” ends soon"),
            text=mark(
                "It could not be renewed by itself. Start the appliance anew: it makes a new one."
            )
            if one.name == OWN
            else mark("It ends in {days} days. Bring in another certificate before."),
            href=f"/network/certificates/{one.name}",
            action=mark("Show the certificate"),
            parameters={"name": one.name, "days": (one.ends_at - clock.now()) // clock.DAY},
        )
        for one in found.items
        if one.name in shown
        and one.condition is Condition.good
        and one.ends_at - clock.now() < CERTIFICATE_DUE
    ]


def maintenance_attention(context: Context) -> list[Attention]:
    """Tell who of the vendor may come in at this moment, and for how long."""
    try:
        opened = maintenance.list_windows(context, maintenance.ListOfWindows()).opened
    except MachineError:
        return []  # a guest on its machine has no such access; a silent agent is told of by itself
    if opened is None:
        return []
    left = -(-(opened.until - clock.now()) // clock.MINUTE)
    return [
        Attention(
            kind="warning",
            title=mark("Maintenance access is open: {who}"),
            text=mark("It closes by itself in {minutes} minutes."),
            href=f"/maintenance/{opened.number}",
            action=mark("Show the window"),
            parameters={"who": opened.who, "minutes": max(1, left)},
        )
    ]


def recording_attention(context: Context) -> list[Attention]:
    """Tell of recordings of maintenance that are not what the history tells of (S11)."""
    wrong = checking.last_check(context, NoRequest()).wrong
    if not wrong:
        return []
    first = min(one.window for one in wrong)
    return [
        Attention(
            kind="danger",
            title=mark("Recordings of maintenance that are not as the history tells: {count}"),
            text=mark(
                "Somebody with rights over the machine has changed or removed them. The first are "
                "of window {window}; the history holds the digests that they had."
            ),
            href=f"/maintenance/{first}",
            action=mark("Show the window"),
            parameters={"count": len(wrong), "window": first},
        )
    ]
