"""The descriptor of an OVA (DMTF DSP0243 1.1): the machine that its disk wants.

The same for the same disk. Elements of an item are in the order of their names, as the schema of
CIM has them.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple
from xml.etree import ElementTree as ET

OVF: Final = "http://schemas.dmtf.org/ovf/envelope/1"
CIM: Final = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2"
RASD: Final = f"{CIM}/CIM_ResourceAllocationSettingData"
VSSD: Final = f"{CIM}/CIM_VirtualSystemSettingData"
VMW: Final = "http://www.vmware.com/schema/ovf"
XML: Final = "http://www.w3.org/XML/1998/namespace"
STREAM: Final = "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"

PROCESSORS: Final = 2
MEGABYTES: Final = 4096
NETWORK: Final = "VM Network"
"""What VMware names the first one: an import offers it by itself where it is there."""
TRANSPORT: Final = "com.vmware.guestInfo iso"
SECURE_BOOT: Final = "bootOptions.efiSecureBootEnabled"


class Property(NamedTuple):
    """A question that whoever imports the machine is asked: `tenshu.` and its key."""

    key: str
    default: str
    label: Mapping[str, str]
    says: Mapping[str, str]


LANGUAGES: Final = ("en-US", "ja-JP")
PROPERTIES: Final = (
    Property(
        "address",
        "dhcp",
        {"en-US": "Address", "ja-JP": "IPアドレス"},
        {
            "en-US": "Address with prefix length, for example 192.0.2.10/24; or dhcp.",
            "ja-JP": "プレフィックス長付きのアドレス(例: 192.0.2.10/24)、または dhcp です。",
        },
    ),
    Property(
        "gateway",
        "",
        {"en-US": "Gateway", "ja-JP": "ゲートウェイ"},
        {
            "en-US": "Address of the gateway; empty with dhcp.",
            "ja-JP": "ゲートウェイのアドレスです。dhcp の場合は空欄にします。",
        },
    ),
    Property(
        "dns",
        "",
        {"en-US": "DNS servers", "ja-JP": "DNSサーバー"},
        {
            "en-US": "Addresses with spaces between; empty: those that dhcp names.",
            "ja-JP": "空白で区切ったアドレスです。空欄の場合は dhcp が示すものを使います。",
        },
    ),
    Property(
        "ntp",
        "",
        {"en-US": "NTP servers", "ja-JP": "NTPサーバー"},
        {
            "en-US": "Names or addresses with spaces between.",
            "ja-JP": "空白で区切った名前またはアドレスです。",
        },
    ),
    Property(
        "hostname",
        "",
        {"en-US": "Host name", "ja-JP": "ホスト名"},
        {
            "en-US": "The full name by which people will reach it, for example tenshu.example.com.",
            "ja-JP": "利用者がアクセスする完全な名前です(例: tenshu.example.com)。",
        },
    ),
)
TEXTS: Final = {
    "product.says": {"en-US": "What the appliance is, and its setup",
                     "ja-JP": "アプライアンスの情報と初期設定"},
    "product.name": {"en-US": "Tenshu", "ja-JP": "Tenshu 天守"},
    "product.network": {"en-US": "Network at the first start",
                        "ja-JP": "初回起動時のネットワーク設定"},
}  # fmt: skip


class Disk(NamedTuple):
    """The file of the disk beside the descriptor."""

    name: str
    size: int
    """Of the file, in bytes."""
    capacity: int
    """Of the disk, in bytes."""


class Hardware(NamedTuple):
    """What a hypervisor calls its parts."""

    generation: str
    disk_hangs_on: str
    """The number of the controller's item."""
    card: str


VMWARE: Final = Hardware("vmx-17", "3", "VmxNet3")
"""As ESXi 7.0 has it."""
VIRTUALBOX: Final = Hardware("virtualbox-2.2", "4", "E1000")


def descriptor(disk: Disk, version: str, hardware: Hardware = VMWARE) -> bytes:
    """Return the descriptor of the machine with that disk."""
    for prefix, space in (("ovf", OVF), ("rasd", RASD), ("vssd", VSSD), ("vmw", VMW)):
        ET.register_namespace(prefix, space)
    envelope = ET.Element(_q(OVF, "Envelope"), {_q(XML, "lang"): LANGUAGES[0]})
    references = _put(envelope, "References")
    _put(references, "File", id="disk", href=disk.name, size=str(disk.size))
    _disks(envelope, disk)
    networks = _section(envelope, "NetworkSection", "The networks of the machine")
    network = _put(networks, "Network", name=NETWORK)
    _put(network, "Description").text = "Where administrators and staff reach it"
    system = _section(envelope, "VirtualSystem", "The appliance", id="tenshu")
    _put(system, "Name").text = "tenshu"
    _operating_system(system)
    _hardware(system, hardware)
    _product(system, version)
    for language in LANGUAGES:
        strings = ET.SubElement(envelope, _q(OVF, "Strings"), {_q(XML, "lang"): language})
        for identifier, text in _texts(language):
            _put(strings, "Msg", msgid=identifier).text = text
    ET.indent(envelope)
    told = ET.tostring(envelope, encoding="UTF-8", xml_declaration=True)
    return bytes(told) + b"\n"


def _disks(envelope: ET.Element, disk: Disk) -> None:
    section = _section(envelope, "DiskSection", "The disks of the machine")
    _put(
        section,
        "Disk",
        diskId="first",
        fileRef="disk",
        capacity=str(disk.capacity),
        capacityAllocationUnits="byte",
        format=STREAM,
    )


def _operating_system(system: ET.Element) -> None:
    # 96: Debian, 64 bit (CIM_OperatingSystem.OsType)
    section = _section(system, "OperatingSystemSection", "Debian", id="96")
    section.set(_q(VMW, "osType"), "debian11_64Guest")
    _put(section, "Description").text = "Debian GNU/Linux (64-bit)"


def _hardware(system: ET.Element, hardware: Hardware) -> None:
    section = _section(system, "VirtualHardwareSection", "What the machine has")
    section.set(_q(OVF, "transport"), TRANSPORT)
    settings = _put(section, "System")
    for name, text in (
        ("ElementName", "Virtual Hardware Family"),
        ("InstanceID", "0"),
        ("VirtualSystemIdentifier", "tenshu"),
        ("VirtualSystemType", hardware.generation),
    ):
        ET.SubElement(settings, _q(VSSD, name)).text = text
    for item in _items(hardware):
        found = _put(section, "Item")
        for name in sorted(item):
            ET.SubElement(found, _q(RASD, name)).text = item[name]
    # our kernel is not signed by an authority that VMware's firmware knows
    for key, value in (("firmware", "efi"), (SECURE_BOOT, "false")):
        config = ET.SubElement(section, _q(VMW, "Config"), {_q(OVF, "required"): "false"})
        config.set(_q(VMW, "key"), key)
        config.set(_q(VMW, "value"), value)


def _items(hardware: Hardware) -> Iterator[dict[str, str]]:
    """Yield what the machine has; resource types are those of CIM."""
    yield {
        "AllocationUnits": "hertz * 10^6",
        "ElementName": f"{PROCESSORS} processors",
        "InstanceID": "1",
        "ResourceType": "3",
        "VirtualQuantity": str(PROCESSORS),
    }
    yield {
        "AllocationUnits": "byte * 2^20",
        "ElementName": f"{MEGABYTES} MB of memory",
        "InstanceID": "2",
        "ResourceType": "4",
        "VirtualQuantity": str(MEGABYTES),
    }
    if hardware is VMWARE:
        yield {
            "Address": "0",
            "ElementName": "SCSI controller",
            "InstanceID": "3",
            "ResourceSubType": "VirtualSCSI",
            "ResourceType": "6",
        }
    yield {
        "Address": "0",
        "ElementName": "SATA controller",
        "InstanceID": "4",
        "ResourceSubType": "vmware.sata.ahci" if hardware is VMWARE else "AHCI",
        "ResourceType": "20",
    }
    yield {
        "AddressOnParent": "0",
        "ElementName": "Hard disk",
        "HostResource": "ovf:/disk/first",
        "InstanceID": "5",
        "Parent": hardware.disk_hangs_on,
        "ResourceType": "17",
    }
    # what is answered at the import reaches a machine by this drive too (transport `iso`)
    yield {
        "AddressOnParent": "1",
        "AutomaticAllocation": "false",
        "ElementName": "CD drive",
        "InstanceID": "6",
        "Parent": "4",
        "ResourceSubType": "vmware.cdrom.remotepassthrough",
        "ResourceType": "15",
    }
    yield {
        "AddressOnParent": "7",
        "AutomaticAllocation": "true",
        "Connection": NETWORK,
        "ElementName": "Network card",
        "InstanceID": "7",
        "ResourceSubType": hardware.card,
        "ResourceType": "10",
    }


def _product(system: ET.Element, version: str) -> None:
    section = _put(system, "ProductSection")
    section.set(_q(OVF, "class"), "tenshu")
    _named(section, "Info", "product.says")
    _named(section, "Product", "product.name")
    _put(section, "Version").text = version
    _named(section, "Category", "product.network")
    for asked in PROPERTIES:
        found = _put(
            section,
            "Property",
            key=asked.key,
            type="string",
            value=asked.default,
            userConfigurable="true",
        )
        _named(found, "Label", f"{asked.key}.label")
        _named(found, "Description", f"{asked.key}.says")


def _texts(language: str) -> Iterator[tuple[str, str]]:
    yield from ((identifier, text[language]) for identifier, text in TEXTS.items())
    for asked in PROPERTIES:
        yield f"{asked.key}.label", asked.label[language]
        yield f"{asked.key}.says", asked.says[language]


def _named(parent: ET.Element, name: str, identifier: str) -> None:
    """Put a text that is translated; it stands there in the first language too."""
    texts = dict(_texts(LANGUAGES[0]))
    _put(parent, name, msgid=identifier).text = texts[identifier]


def _section(parent: ET.Element, name: str, says: str, **known: str) -> ET.Element:
    section = _put(parent, name, **known)
    _put(section, "Info").text = says
    return section


def _put(parent: ET.Element, name: str, /, **known: str) -> ET.Element:
    attributes = {_q(OVF, key): value for key, value in known.items()}
    return ET.SubElement(parent, _q(OVF, name), attributes)


def _q(space: str, name: str) -> str:
    return f"{{{space}}}{name}"
