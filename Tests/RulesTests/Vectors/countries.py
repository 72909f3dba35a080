"""Writes countries-*.mmdb, small files in the MaxMind DB format by a writer of our own, and countries.txt: what PyPI's maxminddb
finds in them for 12 500 addresses.

    pip install maxminddb && python3 Tests/RulesTests/Vectors/countries.py

Needs maxminddb only to write anew; the tests read what is committed. Lines of countries.txt: `FILE = NETWORK…`, then
`FILE SEED = ANSWERS`, two letters for each address that the seed gives (see Probe in networks.py), `--` for none.
"""

import ipaddress
import os
import struct
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)
import networks  # noqa: E402

PROBES = 2500
COUNTRIES = ["NL", "DE", "FR", "US", "JP", "BR", "ZA", "IN", "AU", "SE"]


class Double(float):
    """Written with 8 bytes; a plain float with 4."""


class Unsigned(int):
    """A number with the type of the format that it is written with."""

    def __new__(cls, value, kind):
        self = super().__new__(cls, value)
        self.kind = kind
        return self


class Values:
    """The section of values; a value that was written before is pointed to."""

    def __init__(self):
        self.bytes = bytearray()
        self.seen = {}

    def head(self, kind, size):
        first, extended = (kind, b"") if kind < 8 else (0, bytes([kind - 7]))
        if size < 29:
            return bytes([first << 5 | size]) + extended
        if size < 285:
            return bytes([first << 5 | 29]) + extended + bytes([size - 29])
        if size < 65821:
            return bytes([first << 5 | 30]) + extended + struct.pack(">H", size - 285)
        return bytes([first << 5 | 31]) + extended + struct.pack(">I", size - 65821)[1:]

    def pointer(self, target):
        if target < 2048:
            return bytes([1 << 5 | target >> 8, target & 255])
        if target < 2048 + (1 << 19):
            target -= 2048
            return bytes([1 << 5 | 1 << 3 | target >> 16]) + struct.pack(">H", target & 0xFFFF)
        return bytes([1 << 5 | 3 << 3]) + struct.pack(">I", target)

    def encode(self, value, pointing=True):
        key = repr(value)
        if pointing and key in self.seen and len(key) > 3:
            return self.pointer(self.seen[key])
        if isinstance(value, bool):
            return self.head(14, int(value))
        if isinstance(value, Unsigned):
            data = value.to_bytes((value.bit_length() + 7) // 8, "big")
            return self.head(value.kind, len(data)) + data
        if isinstance(value, int):
            return self.head(8, 4) + struct.pack(">i", value)
        if isinstance(value, Double):
            return self.head(3, 8) + struct.pack(">d", value)
        if isinstance(value, float):
            return self.head(15, 4) + struct.pack(">f", value)
        if isinstance(value, str):
            data = value.encode()
            return self.head(2, len(data)) + data
        if isinstance(value, bytes):
            return self.head(4, len(value)) + value
        if isinstance(value, list):
            return self.head(11, len(value)) + b"".join(self.encode(item, pointing) for item in value)
        body = b"".join(self.encode(key, pointing) + self.encode(item, pointing) for key, item in value.items())
        return self.head(7, len(value)) + body

    def add(self, value):
        """Writes a value, and the parts of it that others may point to before it. Returns where it is."""
        key = repr(value)
        if key not in self.seen:
            if isinstance(value, dict):
                for name, item in value.items():
                    self.add(name)
                    if isinstance(item, (dict, str)):
                        self.add(item)
            data = self.encode(value)
            self.seen[key] = len(self.bytes)
            self.bytes += data
        return self.seen[key]


def write(records, record_size, version, pad=0):
    """A database of {network: record}; the more specific network goes before."""
    nodes = [[None, None]]
    values = Values()
    if pad:
        values.add("x" * pad)  # so that pointers get long
    for network in sorted(records, key=lambda network: network.prefixlen):
        offset = values.add(records[network])
        number, length = int(network.network_address), network.prefixlen
        if version == 6 and network.version == 4:
            length += 96
        width = 128 if version == 6 else 32
        node = 0
        for place in range(length):
            side = number >> (width - 1 - place) & 1
            if place == length - 1:
                nodes[node][side] = ("data", offset)
                continue
            below = nodes[node][side]
            if not isinstance(below, int):
                nodes.append([below, below])
                nodes[node][side] = len(nodes) - 1
            node = nodes[node][side]
    tree = bytearray()
    for pair in nodes:
        numbers = [
            len(nodes) if side is None else side if isinstance(side, int) else len(nodes) + 16 + side[1] for side in pair
        ]
        if record_size == 28:
            left, right = numbers
            tree += struct.pack(">I", left)[1:] + bytes([(left >> 24) << 4 | right >> 24]) + struct.pack(">I", right)[1:]
        else:
            for number in numbers:
                tree += number.to_bytes(record_size // 8, "big")
    metadata = {
        "node_count": Unsigned(len(nodes), 6),
        "record_size": Unsigned(record_size, 5),
        "ip_version": Unsigned(version, 5),
        "database_type": "Test-Country",
        "languages": ["en", "de"],
        "binary_format_major_version": Unsigned(2, 5),
        "binary_format_minor_version": Unsigned(0, 5),
        "build_epoch": Unsigned(1700000000, 9),
        "description": {"en": "made by countries.py"},
    }
    return bytes(tree) + bytes(16) + bytes(values.bytes) + b"\xab\xcd\xefMaxMind.com" + Values().encode(metadata, False)


def record(place):
    """A record with everything that may stand around what is looked for."""
    code = COUNTRIES[place % len(COUNTRIES)]
    names = {"en": "Country of " + code, "de": "Land " + code, "ja": "国" + code}
    country = {"geoname_id": Unsigned(2_000_000 + place, 6), "is_in_european_union": place % 2 == 0, "iso_code": code, "names": names}
    around = {
        "autonomous": [Unsigned(place, 5), "x" * (place % 400), {"deep": [{"iso_code": "XA"}] * 3}],
        "big": Unsigned((1 << 127) + place, 10),
        "continent": {"code": "EU", "names": {"en": "Europe"}},
        "location": {"latitude": Double(52.5), "accuracy": 1.5, "zone": -place},
        "raw": b"\x00country\x00" * (place % 3),
    }
    kind = place % 6
    if kind == 0:
        return dict(around, registered_country=country)
    if kind == 1:
        return {"registered_country": {"iso_code": "GB"}, "country": country, **around}
    if kind == 2:
        return around
    if kind == 3:
        return {"country": {"names": names}, "registered_country": country}
    return dict(around, country=country)


def flat_record(place):
    """A record as other vendors publish them: the code is a text of the record itself."""
    code = COUNTRIES[place % len(COUNTRIES)]
    return [
        {"asn": "AS%d" % place, "country": code, "country_name": "Country of " + code},
        {"continent_code": "EU", "country": "Country of " + code, "country_code": code},
        {"country_code": code.lower(), "country": "AQ", "registered_country": {"iso_code": "AQ"}},
        {"country": {"iso_code": code}, "country_code": "AQ"},
        {"country_code": "", "country": {"names": {"en": "AQ"}}, "registered_country": {"iso_code": code}},
        {"country_code": "-", "country": "Country of " + code},
        {"country_code": Unsigned(place, 5), "country": [code]},
    ][place % 7]


def answer(found):
    record = found or {}
    country = record.get("country")
    inner, registered = (value.get("iso_code") if isinstance(value, dict) else None for value in (country, record.get("registered_country")))
    for code in (inner, record.get("country_code"), country, registered):
        if isinstance(code, str) and len(code) == 2 and code.isalpha():
            return code.upper()
    return "--"


def main():
    import maxminddb

    source = networks.Probe(7)
    lines = ["# Written by countries.py out of what maxminddb %s finds; see there." % maxminddb.__version__]
    for name, size, version, pad, make in (
        ("24", 24, 6, 0, record), ("28", 28, 6, 3000, record), ("32", 32, 6, 70_000, record), ("ipv4", 24, 4, 0, record),
        ("flat", 28, 6, 40, flat_record),
    ):
        records = {}
        while len(records) < 40:
            network = networks.random_range(source)
            if network.prefixlen > 3 and (version == 6 or network.version == 4):
                records[network] = make(len(records))
        path = os.path.join(FOLDER, "countries-%s.mmdb" % name)
        with open(path, "wb") as file:
            file.write(write(records, size, version, pad))
        lines.append("%s = %s" % (name, " ".join(map(str, records))))
        near = [networks.bits(network) for network in records]
        probe = networks.Probe(size + version + pad % 100)
        answers = ""
        with maxminddb.open_database(path, maxminddb.MODE_MEMORY) as reader:
            for _ in range(PROBES):
                address = networks.address_of(probe.address(near))
                answers += answer(reader.get(address) if version == 6 or address.version == 4 else None)
        lines.append("%s %d = %s" % (name, size + version + pad % 100, answers))
    with open(os.path.join(FOLDER, "countries.txt"), "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
