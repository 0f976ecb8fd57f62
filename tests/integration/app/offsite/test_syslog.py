"""The history to a real rsyslog, and to receivers that hang, refuse, break off or are away."""

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.audit.checkpoint import find_notes, open_checkpoint
from app.audit.ledger import read_keys
from app.audit.merkle import Tree
from app.core import clock
from app.core.trusting import ROOTS
from app.offsite import progress, receiver, shipping
from app.offsite.errors import (
    HistoryShorter,
    ReceiverBroke,
    ReceiverSilent,
    ReceiverTlsFailed,
    ReceiverUnreachable,
    ReceiverUntrusted,
)
from app.offsite.kinds import SyslogReceiver
from app.offsite.operations.changing import remove_destination, send_again, update_destination
from app.offsite.operations.checking import DestinationChange
from app.offsite.operations.showing import OneDestination
from app.offsite.operations.trying import try_destination
from app.offsite.rfc5424 import frame
from app.offsite.shipping import Shippers, ship
from app.operations.context import Appliance
from tests.integration.app.offsite.conftest import Desk
from tests.integration.authority import Authority
from tests.integration.inspecting import inspecting
from tests.integration.rsyslog import Rsyslog, running_rsyslog
from tests.ports import free_port

PARAMETER = re.compile(r'(\w+)="((?:[^"\\\]]|\\.)*)"')


def data(message: dict[str, str]) -> dict[str, str]:
    return {
        name: re.sub(r"\\(.)", r"\1", text) for name, text in PARAMETER.findall(message["data"])
    }


def positions(messages: list[dict[str, str]]) -> list[int]:
    return [int(data(each)["position"]) for each in messages if "position=" in each["data"]]


def test_every_event_goes_over_tls_to_a_real_receiver_with_a_proof_of_itself_F5(
    appliance: Appliance, desk: Desk, rsyslog: Rsyslog, authority: Authority
) -> None:
    name = '花子 ]"\\ 漢字'
    desk.write(3, name)
    target = desk.syslog(rsyslog.tls_port, authority=authority.pem)
    size = desk.list().size
    ship(appliance, target)
    *events, checkpoint = rsyslog.received(size + 1)
    assert positions(events) == list(range(size))
    told = next(each for each in events if each["kind"] == "test.happen")
    assert (told["facility"], told["severity"], told["application"]) == ("13", "6", "tenshu")
    assert told["text"].startswith("\ufeff")
    assert f"対象：{name}" in told["text"]
    assert data(told)["targetName"] == name
    # the receiver alone can compute the tree that the appliance signed
    tree = Tree()
    tree.extend([bytes.fromhex(data(each)["hash"]) for each in events])
    (note,) = find_notes(checkpoint["text"])
    signed = open_checkpoint(note, read_keys(appliance.settings.sealed_store))
    assert (signed.size, signed.root) == (size, tree.root)
    found = desk.one(target)
    assert (found.arrived, found.behind, found.error, found.stuck) == (size, 0, "", False)


def test_a_receiver_that_asks_who_sends_takes_what_comes_with_our_certificate_alone_F5(
    appliance: Appliance, desk: Desk, authority: Authority, elsewhere: Authority
) -> None:
    own, foreign = authority.issue("appliance"), elsewhere.issue("appliance")
    stranger = {"certificate": foreign.certificate.read_text(), "key": foreign.key.read_text()}
    for proof in ({}, stranger):
        with running_rsyslog(authority, "x509/certvalid") as asking:
            refused = desk.syslog(asking.tls_port, authority=authority.pem, **proof)
            ship(appliance, refused)
            assert desk.one(refused).error in (ReceiverTlsFailed.code, ReceiverBroke.code)
            assert desk.one(refused).arrived == 0
            remove_destination(desk.system, OneDestination(destination=refused))
    with running_rsyslog(authority, "x509/certvalid") as asking:
        target = desk.syslog(
            asking.tls_port,
            authority=authority.pem,
            certificate=own.certificate.read_text(),
            key=own.key.read_text(),
        )
        size = desk.write(1)
        ship(appliance, target)
        assert desk.one(target).error == ""
        assert positions(asking.received(size + 1)) == list(range(size))
        try_destination(desk.system, OneDestination(destination=target))


def test_in_the_open_the_same_arrives(appliance: Appliance, desk: Desk, rsyslog: Rsyslog) -> None:
    target = desk.syslog(rsyslog.open_port, encryption="none", names=False, language="en")
    size = desk.write(2)
    ship(appliance, target)
    events = rsyslog.received(size + 1)
    assert positions(events) == list(range(size))
    told = next(each for each in events if each["kind"] == "test.happen")
    assert "花子" not in str(told), "names stay at home where that was chosen"
    assert "Outcome: done. By: system. Target: thing one. From: –." in told["text"]
    made = next(each for each in events if each["kind"] == "offsite.create")
    assert made["text"].startswith("\ufeffSend the history to a further place off the machine.")


def test_a_receiver_may_get_only_what_is_new(
    appliance: Appliance, desk: Desk, rsyslog: Rsyslog
) -> None:
    before = desk.write(3)
    target = desk.syslog(rsyslog.open_port, encryption="none", from_beginning=False)
    size = desk.list().size
    ship(appliance, target)
    assert positions(rsyslog.received(size - before + 1)) == list(range(before, size))
    send_again(desk.system, OneDestination(destination=target))
    rsyslog.forget()
    size = desk.write(0)
    ship(appliance, target)
    assert positions(rsyslog.received(size + 1)) == list(range(size))


def test_a_receiver_that_was_down_catches_up_in_order_and_the_history_tells_of_it_F5(
    appliance: Appliance, desk: Desk, rsyslog: Rsyslog, authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    target = desk.syslog(rsyslog.tls_port, authority=authority.pem)
    rsyslog.stop()
    try:
        desk.write(2)
        ship(appliance, target)
        found = desk.one(target)
        assert (found.error, found.arrived) == (ReceiverUnreachable.code, 0)
        assert found.failing_since
        ship(appliance, target)
        assert desk.one(target).tried_at == found.tried_at, "it is left alone for a while"
    finally:
        rsyslog.start()
    desk.write(2)
    now, size = clock.now(), desk.write(0)
    for later in range(1, 20):  # it may be busy at first: what fails is tried again
        monkeypatch.setattr(clock, "now", lambda at=now + later * progress.LONGEST_PAUSE: at)
        ship(appliance, target)
        size = desk.write(0)
        if not desk.one(target).behind:
            break
    messages = rsyslog.received(size + 1)
    assert list(dict.fromkeys(positions(messages))) == list(range(size))
    kinds = {each["kind"] for each in messages}
    assert {"offsite.failed", "offsite.recovered", "checkpoint"} <= kinds
    assert desk.one(target).error == ""


@contextlib.contextmanager
def receiver_that(*, reads: int = 0, resets: bool = False) -> Iterator[int]:
    """A receiver that reads so many bytes of each connection and then hangs, or breaks it off."""
    ending, held = threading.Event(), []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = server.accept()
                held.append(peer)
                if reads:
                    peer.recv(reads)
                if resets:
                    peer.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            ending.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            for peer in held:
                peer.close()


@pytest.mark.parametrize("encryption", ["none", "tls"])
@pytest.mark.parametrize("size", [100, 8_000_000])
def test_a_receiver_that_stops_reading_is_left_after_a_bounded_time_F5(
    encryption: str, size: int
) -> None:
    """A small batch fits into the buffers of both systems; that is no arrival."""
    with receiver_that() as port:
        target = SyslogReceiver(host="127.0.0.1", port=port, encryption=encryption)
        begin = time.monotonic()
        with pytest.raises(ReceiverSilent):
            receiver.send(target, [frame(b"x" * size)], answer=10, whole=0.4)
        assert time.monotonic() - begin < 5


@pytest.mark.parametrize(("encryption", "error"), [("none", ReceiverBroke), ("tls", ReceiverBroke)])
def test_a_receiver_that_breaks_off_has_not_read_all(encryption: str, error: type) -> None:
    with receiver_that(reads=1, resets=True) as port:
        target = SyslogReceiver(host="127.0.0.1", port=port, encryption=encryption)
        with pytest.raises(error):
            receiver.send(target, [frame(b"x" * 1_000_000)])


def test_what_went_to_a_receiver_that_hung_is_sent_again_once_it_is_well_F5(
    appliance: Appliance, desk: Desk, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver.send, "__kwdefaults__", {"answer": 0.5, "whole": 1.0})
    with running_rsyslog(authority) as rsyslog:
        target = desk.syslog(rsyslog.open_port, encryption="none")
        size = desk.write(3)
        rsyslog.hang()
        ship(appliance, target)
        found = desk.one(target)
        assert (found.error, found.arrived) == (ReceiverSilent.code, 0)
        rsyslog.kill()  # and never reads what lies in its buffers
        rsyslog.start()
        later = clock.now() + progress.LONGEST_PAUSE
        monkeypatch.setattr(clock, "now", lambda: later)
        size = desk.write(0)
        ship(appliance, target)
        assert positions(rsyslog.received(size))[:size] == list(range(size))


def test_a_receiver_that_hangs_blocks_no_other_F5(
    appliance: Appliance, desk: Desk, rsyslog: Rsyslog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver.send, "__kwdefaults__", {"answer": 5.0, "whole": 5.0})
    with receiver_that() as port:
        desk.syslog(port, encryption="none")
        desk.syslog(rsyslog.open_port, encryption="none")
        size = desk.write(2)
        shippers = Shippers()
        begin = time.monotonic()
        shippers.turn(appliance)
        shippers.turn(appliance)
        assert time.monotonic() - begin < 4, "who starts them waits for nobody"
        assert positions(rsyslog.received(size)) == list(range(size))
        assert desk.write(1) > size, "nor does whoever works"
    shippers.wait(10)


def test_behind_a_proxy_that_looks_into_tls_the_companys_root_is_needed_and_named_METI_42(
    rsyslog: Rsyslog, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENSHU_MACHINE_ROOT", str(tmp_path))
    company = Authority(tmp_path / "company", "Company inspection")
    with inspecting(company, rsyslog.tls_port, authority) as port:
        target = SyslogReceiver(host="127.0.0.1", port=port)
        with pytest.raises(ReceiverUntrusted, match="Company inspection") as refused:
            receiver.send(target, [frame(b"<110>1 - - - - - - unseen")])
        assert "[[trust.roots]]" in refused.value.hint
        (tmp_path / ROOTS).parent.mkdir(parents=True)
        (tmp_path / ROOTS).write_text(company.pem)
        receiver.send(target, [frame(b"<110>1 - - - - - - seen")])
        silent = SyslogReceiver(host="127.0.0.1", port=port, authority=authority.pem)
        with pytest.raises(ReceiverTlsFailed, match="No safe connection"):
            receiver.send(silent, [frame(b"<110>1 - - - - - - unseen")])


def test_a_receiver_whose_certificate_nobody_vouches_for_gets_nothing_S9(
    appliance: Appliance, desk: Desk, authority: Authority, elsewhere: Authority
) -> None:
    with running_rsyslog(authority) as broken_off:
        target = desk.syslog(broken_off.tls_port, authority=elsewhere.pem)
        ship(appliance, target)
        assert desk.one(target).error == ReceiverTlsFailed.code
        with pytest.raises(ReceiverTlsFailed):
            try_destination(desk.system, OneDestination(destination=target))
        other = SyslogReceiver(host="127.0.0.2", port=broken_off.tls_port, authority=authority.pem)
        with pytest.raises((ReceiverTlsFailed, ReceiverUnreachable)):
            receiver.send(other, [frame(b"x")])
        assert broken_off.received() == []


def test_a_certificate_for_another_name_is_refused_S9(authority: Authority) -> None:
    with running_rsyslog(authority) as named:
        named.stop()
        named.pair = authority.issue("other", "syslog.example.test")
        named.start()
        target = SyslogReceiver(host="127.0.0.1", port=named.tls_port, authority=authority.pem)
        with pytest.raises(ReceiverTlsFailed, match="IP address mismatch"):
            receiver.send(target, [frame(b"x")])
        assert named.received() == []


def test_a_receiver_that_wants_a_certificate_of_ours_is_told_in_words(
    authority: Authority,
) -> None:
    with running_rsyslog(authority, client="x509/certvalid") as strict:
        target = SyslogReceiver(host="127.0.0.1", port=strict.tls_port, authority=authority.pem)
        with pytest.raises((ReceiverTlsFailed, ReceiverBroke)):
            receiver.send(target, [frame(b"<110>1 - - - - - - x")])
        assert strict.received() == []


def test_a_batch_that_arrived_and_was_not_noted_comes_twice_and_none_is_missing_F5(
    appliance: Appliance, desk: Desk, rsyslog: Rsyslog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between the receiver's word and our note."""
    target = desk.syslog(rsyslog.open_port, encryption="none")
    size = desk.write(5)
    monkeypatch.setattr(shipping, "BATCH", 2)
    monkeypatch.setattr(shipping, "SMALLEST_BATCH", 2)
    send, sent = receiver.send, []

    def killed(target: SyslogReceiver, frames: list[bytes]) -> None:
        send(target, frames)
        sent.append(len(frames))
        if len(sent) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(receiver, "send", killed)
    with pytest.raises(KeyboardInterrupt):
        ship(appliance, target)
    ship(appliance, target)
    assert positions(rsyslog.received(size + 3)) == [0, 1, 2, 3, *range(2, size)]


def test_a_clock_that_steps_holds_nothing_up(
    appliance: Appliance, desk: Desk, rsyslog: Rsyslog, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = desk.syslog(free_port(), encryption="none")
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + 1000 * clock.DAY)
    ship(appliance, target)
    monkeypatch.setattr(clock, "now", lambda: now)
    found = desk.one(target)
    assert found.not_before > now + 999 * clock.DAY
    change = DestinationChange(
        destination=target, name="moved", rev=found.rev,
        syslog=SyslogReceiver(host="127.0.0.1", port=rsyslog.open_port, encryption="none"),
    )  # fmt: skip
    update_destination(desk.system, change)
    progress.note(appliance, _standing(appliance, target).seen, {"not_before": found.not_before})
    size = desk.write(1)
    ship(appliance, target)
    assert positions(rsyslog.received(size + 1)) == list(range(size))


def _standing(appliance: Appliance, target: str) -> progress.Standing:
    with appliance.database.read() as session:
        found = progress.one_standing(session, target)
    assert found
    return found


def test_what_arrived_at_the_place_before_is_not_noted_for_the_new_one(
    appliance: Appliance, desk: Desk, rsyslog: Rsyslog, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = desk.syslog(rsyslog.open_port, encryption="none")
    size = desk.write(2)
    send = receiver.send

    def moved_meanwhile(receives: SyslogReceiver, frames: list[bytes]) -> None:
        send(receives, frames)
        change = DestinationChange(
            destination=target, name="x", rev=1,
            syslog=SyslogReceiver(host="127.0.0.1", port=free_port(), encryption="none"),
        )  # fmt: skip
        update_destination(desk.system, change)

    monkeypatch.setattr(receiver, "send", moved_meanwhile)
    ship(appliance, target)
    assert rsyslog.received(size)
    assert desk.one(target).arrived == 0
    remove_destination(desk.system, OneDestination(destination=target))
    ship(appliance, target)
    assert desk.list().items == []


def test_a_history_that_is_shorter_than_what_left_is_told_F5(
    appliance: Appliance, desk: Desk, rsyslog: Rsyslog
) -> None:
    target = desk.syslog(rsyslog.open_port, encryption="none")
    desk.write(1)
    progress.note(appliance, _standing(appliance, target).seen, {"position": 10_000})
    ship(appliance, target)
    found = desk.one(target)
    assert (found.error, found.error_parameters["sent"]) == (HistoryShorter.code, "10000")
    assert rsyslog.received() == []


def test_a_test_message_arrives_at_once(desk: Desk, rsyslog: Rsyslog, authority: Authority) -> None:
    target = desk.syslog(rsyslog.tls_port, authority=authority.pem)
    assert try_destination(desk.system, OneDestination(destination=target)).milliseconds >= 0
    (found,) = rsyslog.received(1)
    assert (found["kind"], found["severity"]) == ("test", "5")
    assert "このメッセージ" in found["text"]
