"""What a person may write into `TENSHU_*` variables, and what is refused with a remedy."""

from pathlib import Path

import pytest

from app.core.settings import InvalidSetting, load_settings


def test_without_any_variable_the_appliance_listens_on_this_machine_alone_S5():
    settings = load_settings({})
    assert settings.address == "127.0.0.1"
    assert (settings.console_port, settings.workspace_port) == (8443, 8444)
    assert settings.reserve_bytes == 32 * 1024 * 1024
    assert settings.host_names == ()


def test_the_process_environment_is_read_by_default(monkeypatch, tmp_path):
    monkeypatch.setenv("TENSHU_DATA", str(tmp_path / "here"))
    assert load_settings().data == tmp_path / "here"


def test_the_folders_lie_inside_the_data_folder_and_the_keys_do_not_F13(tmp_path):
    settings = load_settings({"TENSHU_DATA": str(tmp_path / "data")})
    inside = [
        settings.sealed_store, settings.files, settings.spool, settings.tls, settings.run,
        settings.logs, settings.agent_socket,
    ]  # fmt: skip
    assert all(folder.is_relative_to(settings.data) for folder in inside)
    assert len(set(inside)) == len(inside)
    assert settings.keys == tmp_path / "data.keys"
    assert settings.database_url == f"sqlite:///{tmp_path}/data/tenshu.sqlite"
    assert settings.on_sqlite


@pytest.mark.parametrize("keys", ["data", "data/keys", "elsewhere/../data/keys", "link/keys"])
def test_keys_inside_the_data_folder_are_refused_by_whatever_way_F13(tmp_path, keys):
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    with pytest.raises(InvalidSetting) as refused:
        load_settings({"TENSHU_DATA": str(tmp_path / "data"), "TENSHU_KEYS": str(tmp_path / keys)})
    assert refused.value.parameters["variable"] == "TENSHU_KEYS"


@pytest.mark.parametrize(
    "port", ["0", "65536", "-1", "84 43", "8443.0", "https", "８４４３", "9" * 5000, "0x20FB"]
)
@pytest.mark.parametrize("variable", ["TENSHU_CONSOLE_PORT", "TENSHU_WORKSPACE_PORT"])
def test_what_is_no_port_is_refused_and_named(variable, port):
    with pytest.raises(InvalidSetting, match="a port is a number from 1 to 65535") as refused:
        load_settings({variable: port})
    assert refused.value.parameters["variable"] == variable
    assert refused.value.hint


def test_behind_the_edge_each_plane_has_a_socket_S5(tmp_path):
    settings = load_settings({"TENSHU_DATA": str(tmp_path), "TENSHU_EDGE": "1"})
    assert settings.edge
    assert settings.plane_socket("console") == tmp_path / "run/console.sock"
    assert load_settings(settings.environment()) == settings
    assert not load_settings({"TENSHU_EDGE": ""}).edge
    with pytest.raises(InvalidSetting, match="write 1 where the edge"):
        load_settings({"TENSHU_EDGE": "yes"})


def test_the_gallery_is_shown_only_where_somebody_asks_for_it_ASVS_15_2_3(tmp_path):
    shown = load_settings({"TENSHU_DATA": str(tmp_path), "TENSHU_GALLERY": "1"})
    assert shown.gallery
    assert load_settings(shown.environment()) == shown
    assert not load_settings({"TENSHU_GALLERY": ""}).gallery
    with pytest.raises(InvalidSetting, match="write 1 to show the gallery"):
        load_settings({"TENSHU_GALLERY": "please"})


def test_two_planes_do_not_share_a_port():
    with pytest.raises(InvalidSetting, match="different ports"):
        load_settings({"TENSHU_CONSOLE_PORT": "9000", "TENSHU_WORKSPACE_PORT": "9000"})


@pytest.mark.parametrize("address", ["localhost", "10.0.0", "10.0.0.1/24", "https://10.0.0.1"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(InvalidSetting, match="TENSHU_ADDRESS"):
        load_settings({"TENSHU_ADDRESS": address})


@pytest.mark.parametrize("size", ["-1", "1025", "lots", "1.5"])
def test_what_is_no_size_of_a_reserve_is_refused(size):
    with pytest.raises(InvalidSetting, match="TENSHU_RESERVE"):
        load_settings({"TENSHU_RESERVE": size})


@pytest.mark.parametrize("cells", ["-1", "1000001", "many", "1.5"])
def test_what_is_no_number_of_cells_is_refused(cells):
    with pytest.raises(InvalidSetting, match="TENSHU_CELLS_WITHOUT_EXPORT"):
        load_settings({"TENSHU_CELLS_WITHOUT_EXPORT": cells})


def test_on_postgresql_the_reserve_holds_room_for_the_servers_log_S8():
    url = {"TENSHU_DATABASE_URL": "postgresql+psycopg:///tenshu"}
    assert load_settings(url).reserve_bytes == 64 * 1024 * 1024
    for size in ("0", "48"):
        assert load_settings({**url, "TENSHU_RESERVE": size}).reserve_bytes == int(size) * 1024**2
    with pytest.raises(InvalidSetting, match="48 mebibytes"):
        load_settings({**url, "TENSHU_RESERVE": "47"})


def test_an_empty_variable_means_the_default():
    emptied = dict.fromkeys(load_settings({}).environment(), "")
    assert load_settings(emptied) == load_settings({})


def test_a_child_process_gets_the_same_settings(tmp_path):
    settings = load_settings(
        {
            "TENSHU_DATA": str(tmp_path / "data"),
            "TENSHU_KEYS": str(tmp_path / "keys"),
            "TENSHU_DATABASE_URL": "postgresql+psycopg:///tenshu",
            "TENSHU_ADDRESS": "::1",
            "TENSHU_CONSOLE_PORT": "20001",
            "TENSHU_WORKSPACE_PORT": "20002",
            "TENSHU_HOST_NAMES": "console.example.jp, work.example.jp,",
            "TENSHU_RESERVE": "100",
            "TENSHU_CELLS_WITHOUT_EXPORT": "0",
        }
    )
    assert settings.host_names == ("console.example.jp", "work.example.jp")
    assert load_settings(settings.environment()) == settings


def test_a_relative_data_folder_does_not_move_with_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_settings({"TENSHU_DATA": "here"}).data == Path(tmp_path / "here")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://db.example/tenshu",
        "postgresql+psycopg:///tenshu?host=db.example",
        "postgresql+psycopg://192.0.2.5/tenshu?sslmode=require",
    ],
)
def test_a_database_on_another_machine_needs_verified_tls_F6(url):
    with pytest.raises(InvalidSetting, match="verify-full"):
        load_settings({"TENSHU_DATABASE_URL": url})
    separator = "&" if "?" in url else "?"
    safe = f"{url.replace('?sslmode=require', '')}{separator}sslmode=verify-full"
    safe = safe.replace("tenshu&", "tenshu?")
    assert load_settings({"TENSHU_DATABASE_URL": safe}).database_url == safe
    assert not load_settings({"TENSHU_DATABASE_URL": safe}).on_sqlite


def test_what_is_no_database_address_is_left_to_who_opens_it():
    assert load_settings({"TENSHU_DATABASE_URL": "no address"}).database_url == "no address"
