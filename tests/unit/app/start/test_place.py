"""What forbids a start is told with its remedy."""

import socket

import pytest

from app.core.settings import load_settings
from app.start.errors import AddressUnusable, PortTaken, RestoreUnfinished
from app.start.place import require_finished_restore, require_free_ports


def _settings(**variables: str):
    return load_settings({"TENSHU_DATA": "/tmp/nowhere", **variables})


def test_a_taken_port_is_named_with_the_variable_that_moves_it():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        for variable in ("TENSHU_CONSOLE_PORT", "TENSHU_WORKSPACE_PORT"):
            rest = {"TENSHU_CONSOLE_PORT": "0" * 4 + "1", "TENSHU_ADDRESS": "127.0.0.1"}
            rest["TENSHU_CONSOLE_PORT"] = _free()
            with pytest.raises(PortTaken, match=str(port)) as caught:
                require_free_ports(_settings(**{**rest, variable: str(port)}), patience=0.1)
            assert variable in caught.value.hint.format(**caught.value.parameters)


def _free() -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return str(probe.getsockname()[1])


def test_free_ports_are_accepted_on_ipv6_too():
    for address in ("127.0.0.1", "::1"):
        require_free_ports(
            _settings(
                TENSHU_ADDRESS=address, TENSHU_CONSOLE_PORT=_free(), TENSHU_WORKSPACE_PORT=_free()
            )
        )


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_an_address_that_is_not_of_this_machine_is_refused(address):
    with pytest.raises(AddressUnusable, match=address):
        require_free_ports(_settings(TENSHU_ADDRESS=address), patience=0.1)


def test_half_a_restore_is_no_appliance(settings):
    require_finished_restore(settings)
    (settings.data / ".restoring-0a1b2c3d").mkdir()
    with pytest.raises(RestoreUnfinished, match="not finished"):
        require_finished_restore(settings)
