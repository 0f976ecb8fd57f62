"""Uploads wait under an identifier."""

import errno
import os

import pytest

from app.core import clock
from app.core.database_errors import DiskFull
from app.files import spool
from app.files.errors import UploadGone, UploadTooLarge


def put(folder, data=b"a,b\n", owner="a1"):
    with spool.receive(folder, owner, "../../etc/x.csv") as incoming:
        incoming.write(data)
        return incoming.finish()


def test_an_upload_is_kept_whole_and_under_no_name_of_a_person(tmp_path):
    upload = put(tmp_path)
    assert upload.name == "../../etc/x.csv"
    assert (upload.size, len(upload.sha256)) == (4, 64)
    assert spool.find(tmp_path, upload.id, "a1") == upload
    with spool.open_upload(tmp_path, upload.id) as file:
        assert file.read() == b"a,b\n"
    assert {path.name for path in tmp_path.iterdir()} == {upload.id, f"{upload.id}.json"}
    assert (tmp_path / upload.id).stat().st_mode & 0o077 == 0
    spool.remove(tmp_path, upload.id)
    spool.remove(tmp_path, upload.id)
    assert list(tmp_path.iterdir()) == []


def test_nobody_uses_another_persons_upload_V6(tmp_path):
    upload = put(tmp_path)
    with pytest.raises(UploadGone):
        spool.find(tmp_path, upload.id, "b1")


@pytest.mark.parametrize(
    "identifier", ["", "../appliance.lock", "a" * 28 + "/x", "g" * 28, "0" * 28]
)
def test_no_identifier_is_a_path_V6(tmp_path, identifier):
    for use in (spool.open_upload, lambda folder, name: spool.find(folder, name, "a1")):
        with pytest.raises(UploadGone):
            use(tmp_path, identifier)
    spool.remove(tmp_path, identifier)


def test_no_link_is_followed(tmp_path):
    upload = put(tmp_path)
    (tmp_path / upload.id).unlink()
    (tmp_path / upload.id).symlink_to("/etc/passwd")
    with pytest.raises(UploadGone):
        spool.open_upload(tmp_path, upload.id)


def test_a_damaged_description_is_no_upload(tmp_path):
    upload = put(tmp_path)
    (tmp_path / f"{upload.id}.json").write_text("{")
    with pytest.raises(UploadGone):
        spool.find(tmp_path, upload.id, "a1")


def test_an_upload_that_breaks_off_leaves_nothing(tmp_path):
    with pytest.raises(ConnectionError), spool.receive(tmp_path, "a1", "x") as incoming:
        incoming.write(b"half")
        raise ConnectionError
    assert list(tmp_path.iterdir()) == []


def test_an_upload_beyond_the_limit_is_refused_and_removed(tmp_path):
    with pytest.raises(UploadTooLarge), spool.receive(tmp_path, "a1", "x", limit=3) as incoming:
        incoming.write(b"1234")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_in_words(tmp_path):
    class Full:
        """A volume without room: the kernel's answer, as Linux gives it at /dev/full."""

        def __init__(self, file):
            self._file = file

        def write(self, chunk):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def close(self):
            self._file.close()

    with pytest.raises(DiskFull), spool.receive(tmp_path, "a1", "x") as incoming:
        incoming._file = Full(incoming._file)
        incoming.write(b"x")
    assert list(tmp_path.iterdir()) == []


def test_old_uploads_are_swept_but_those_in_use_stay(tmp_path):
    old, used, fresh = put(tmp_path), put(tmp_path), put(tmp_path)
    stranger = tmp_path / "something-else"
    stranger.write_text("x")
    past = (clock.now() - spool.KEPT) / 1000 - 10
    for name in (old.id, used.id, stranger.name):
        os.utime(tmp_path / name, (past, past))
    assert spool.sweep(tmp_path, keep=frozenset({used.id})) == 1
    left = {path.name for path in tmp_path.iterdir() if not path.name.endswith(".json")}
    assert left == {used.id, fresh.id, "something-else"}
