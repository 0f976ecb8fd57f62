"""A strict reader of OVAs, from DMTF's DSP0243 1.1 and the schemas that it names.

DMTF's own schemas come with no package that tests could install.
"""

import hashlib
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

OVF = "{http://schemas.dmtf.org/ovf/envelope/1}"
CIM = "{http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_"
RASD = CIM + "ResourceAllocationSettingData}"
VSSD = CIM + "VirtualSystemSettingData}"
VMW = "{http://www.vmware.com/schema/ovf}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
ENVELOPE = ("References", "DiskSection", "NetworkSection", "VirtualSystem", "Strings")
SYSTEM = {"OperatingSystemSection", "VirtualHardwareSection", "ProductSection"}
TYPES = {"processor": "3", "memory": "4", "SCSI": "6", "card": "10", "CD": "15", "disk": "17"}
SETTINGS = ["ElementName", "InstanceID", "VirtualSystemIdentifier", "VirtualSystemType"]
ITEM = [
    *("Address", "AddressOnParent", "AllocationUnits", "AutomaticAllocation"),
    *("AutomaticDeallocation", "Caption", "Connection", "ConsumerVisibility", "Description"),
    *("ElementName", "HostResource", "InstanceID", "Limit", "MappingBehavior"),
    *("OtherResourceType", "Parent", "PoolID", "Reservation", "ResourceSubType", "ResourceType"),
    *("VirtualQuantity", "VirtualQuantityUnits", "Weight"),
]
UNITS = re.compile(r"(byte|hertz)( \* (2|10)\^\d+)?")
PARENTS = {"17": {"5", "6", "20"}, "15": {"5", "6", "20"}}
"""Which controllers a disk or a CD drive may hang on: IDE, SCSI, SATA."""


@dataclass
class Machine:
    """What was read."""

    envelope: ET.Element
    items: list[dict[str, str]]
    config: dict[str, str]
    properties: dict[str, str]
    """By the names that a guest sees, and their defaults."""
    texts: dict[str, dict[str, str]]
    """By language and identifier."""

    def of_type(self, name: str) -> dict[str, str]:
        (found,) = (item for item in self.items if item["ResourceType"] == TYPES[name])
        return found


def read_archive(path: Path) -> dict[str, bytes]:
    """Return the files of an OVA; what section 5.3 asks for is asserted."""
    with tarfile.open(path) as archive:
        entries = archive.getmembers()
        files = {entry.name: archive.extractfile(entry).read() for entry in entries}
    assert path.read_bytes()[257:263] == b"ustar\0", "USTAR, neither GNU's nor PAX"
    names = [entry.name for entry in entries]
    assert all(entry.isreg() and "/" not in entry.name for entry in entries)
    assert names[0].endswith(".ovf"), "the descriptor comes first"
    assert names[1] == names[0].replace(".ovf", ".mf")
    manifest = files[names[1]].decode()
    sums = dict(re.findall(r"^SHA256\(([^)]+)\)= ([0-9a-f]{64})$", manifest, re.MULTILINE))
    assert sums == {
        name: hashlib.sha256(body).hexdigest() for name, body in files.items() if name != names[1]
    }
    return files


def read_descriptor(files: dict[str, bytes]) -> Machine:
    """Return the machine of a descriptor; whatever the standard asks for is asserted."""
    (name,) = (name for name in files if name.endswith(".ovf"))
    envelope = ET.fromstring(files[name])
    assert envelope.tag == f"{OVF}Envelope"
    order = [ENVELOPE.index(bare(one)) for one in envelope]
    assert order == sorted(order), "elements of an envelope have an order"
    disks = read_disks(envelope, files)
    networks = {one.get(f"{OVF}name") for one in envelope.iter(f"{OVF}Network")}
    (system,) = envelope.iter(f"{OVF}VirtualSystem")
    assert system.get(f"{OVF}id")
    assert [bare(one) for one in system][:2] == ["Info", "Name"]
    assert {bare(one) for one in system} - {"Info", "Name"} == SYSTEM
    for section in [*envelope.iter()]:
        if bare(section).endswith("Section") or bare(section) == "VirtualSystem":
            assert bare(section[0]) == "Info", f"{section.tag}: each section begins with one"
    items = read_items(system, disks, networks)
    config = {one.get(f"{VMW}key"): one.get(f"{VMW}value") for one in system.iter(f"{VMW}Config")}
    texts = read_texts(envelope)
    return Machine(envelope, items, config, read_properties(system), texts)


def read_disks(envelope: ET.Element, files: dict[str, bytes]) -> set[str]:
    named = {}
    for file in envelope.iter(f"{OVF}File"):
        assert int(file.get(f"{OVF}size")) == len(files[file.get(f"{OVF}href")])
        named[file.get(f"{OVF}id")] = file
    disks = [*envelope.iter(f"{OVF}Disk")]
    for disk in disks:
        assert disk.get(f"{OVF}fileRef") in named
        assert disk.get(f"{OVF}format", "").startswith("http"), "a format is an address"
        assert int(disk.get(f"{OVF}capacity")) > 0
        assert UNITS.fullmatch(disk.get(f"{OVF}capacityAllocationUnits"))
    assert {disk.get(f"{OVF}fileRef") for disk in disks} == set(named), "none is left over"
    return {disk.get(f"{OVF}diskId") for disk in disks}


def read_items(
    system: ET.Element, disks: set[str], networks: set[str | None]
) -> list[dict[str, str]]:
    (settings,) = system.iter(f"{OVF}System")
    assert [one.tag for one in settings] == [VSSD + name for name in SETTINGS]
    items = []
    for item in system.iter(f"{OVF}Item"):
        assert all(one.tag.startswith(RASD) for one in item)
        order = [ITEM.index(bare(one)) for one in item]
        assert order == sorted(set(order)), "CIM's schema has an order"
        found = {bare(one): one.text for one in item}
        assert {"ElementName", "InstanceID", "ResourceType"} <= found.keys()
        assert UNITS.fullmatch(found.get("AllocationUnits", "byte"))
        items.append(found)
    by_number = {item["InstanceID"]: item for item in items}
    assert len(by_number) == len(items), "a number names one item"
    for item in items:
        if item["ResourceType"] in PARENTS:
            parent = by_number[item["Parent"]]
            assert parent["ResourceType"] in PARENTS[item["ResourceType"]]
        if "HostResource" in item:
            assert item["HostResource"].removeprefix("ovf:/disk/") in disks
        assert item.get("Connection", next(iter(networks))) in networks
    places = [(item["Parent"], item["AddressOnParent"]) for item in items if "Parent" in item]
    assert len(set(places)) == len(places), "one thing a place"
    used = {item["HostResource"].rpartition("/")[2] for item in items if "HostResource" in item}
    assert used == disks
    return items


def read_texts(envelope: ET.Element) -> dict[str, dict[str, str]]:
    wanted = {
        one.get(f"{OVF}msgid"): one.text
        for one in envelope.iter()
        if one.get(f"{OVF}msgid") and bare(one) != "Msg"
    }
    texts = {
        strings.get(LANG): {one.get(f"{OVF}msgid"): one.text for one in strings}
        for strings in envelope.iter(f"{OVF}Strings")
    }
    assert texts[envelope.get(LANG)] == wanted, "the text in place is that of the first language"
    for language, found in texts.items():
        assert found.keys() == wanted.keys(), language
        assert all(found.values()), language
    return texts


def read_properties(system: ET.Element) -> dict[str, str]:
    (product,) = system.iter(f"{OVF}ProductSection")
    found = {}
    for one in product.iter(f"{OVF}Property"):
        key = one.get(f"{OVF}key")
        assert re.fullmatch(r"[^.:]+", key), "neither a period nor a colon"
        assert one.get(f"{OVF}type") == "string"
        assert [bare(child) for child in one] == ["Label", "Description"]
        found[f"{product.get(f'{OVF}class')}.{key}"] = one.get(f"{OVF}value")
    return found


def bare(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
