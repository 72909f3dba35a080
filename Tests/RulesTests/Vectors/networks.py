"""Writes networks.txt: what Python's ipaddress says about addresses, ranges and 10 000 decisions of rules.

    python3 Tests/RulesTests/Vectors/networks.py > Tests/RulesTests/Vectors/networks.txt

Lines: `address TEXT = CANONICAL`, `range TEXT = CANONICAL`, with `-` for what is none, and
`rule ALLOWED | DENIED | SEED = VERDICTS`: the verdicts on the 200 addresses that the seed gives (see Probe in both languages), as
hexadecimal digits of four bits each.
"""

import ipaddress

MASK = (1 << 64) - 1
PROBES = 200


class Probe:
    """SplitMix64, and addresses near the ranges of a rule; NetworkVectorTests.swift has the same."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def address(self, ranges):
        """128 bits: within a range, one bit beside its beginning, or anywhere."""
        first, shared = ranges[self.next() % len(ranges)]
        kind = self.next() % 4
        high, low = self.next(), self.next()
        noise = high << 64 | low
        if kind == 3:
            return noise if high & 1 else 0xFFFF << 32 | (low & 0xFFFFFFFF)
        if kind == 2:
            return first ^ (1 << (127 - high % 128))
        inside = first | (noise & ((1 << (128 - shared)) - 1))
        return inside if kind == 0 else inside ^ (1 << (127 - high % 128))


def mapped(number):
    return number >> 32 == 0xFFFF


def address_of(number):
    return ipaddress.IPv4Address(number & 0xFFFFFFFF) if mapped(number) else ipaddress.IPv6Address(number)


def plain(network):
    """An IPv6 network of mapped addresses as the IPv4 one."""
    if network.version == 6 and network.prefixlen >= 96 and mapped(int(network.network_address)):
        return ipaddress.IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))
    return network


def read_address(text):
    if "%" in text:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def read_range(text):
    length = text.partition("/")[2]
    # Python also takes masks, and leading zeros of a length.
    if "%" in text or ("/" in text and (not length.isascii() or not length.isdigit() or str(int(length)) != length)):
        return None
    try:
        return plain(ipaddress.ip_network(text, strict=True))
    except ValueError:
        return None


def bits(network):
    if network.version == 4:
        return 0xFFFF << 32 | int(network.network_address), network.prefixlen + 96
    return int(network.network_address), network.prefixlen


ADDRESSES = """0.0.0.0 255.255.255.255 1.2.3.4 01.2.3.4 1.2.3.04 1.2.3.00 1.2.3.256 1.2.3 1.2.3.4.5 1..3.4 .1.2.3 1.2.3. 1.2.3.-4 +1.2.3.4
:: ::1 1:: ::1:2 1::2 1:2:3:4:5:6:7:8 1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8 1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9 1:2:3:4:5:6:7::8 ::1::2
1:::2 ::: : :1 1: 1:2 g::1 12345::1 ABCD:EF01::2 abcd:0000:0000:0000:0001:0000:0000:0001 2001:db8:0:0:1:0:0:1 2001:0:0:1:0:0:0:1
::ffff:10.1.2.3 ::FFFF:0a01:0203 ::10.1.2.3 1:2:3:4:5:6:10.1.2.3 1:2:3:4:5:6:7:10.1.2.3 1:2:3:4:5:10.1.2.3 ::10.1.2 ::10.1.2.03
::10.1.2.3:1 64:ff9b::10.1.2.3 10.1.2.3:: [::1] ::1%eth0 fe80::1%1 0:0:0:0:0:0:0:0 0::0 00000::1 1.2.3.4/32 0x1.2.3.4 1.2.3.4a
ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255 fffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255 1:0:0:2:0:0:0:3 0:1:0:1:0:1:0:1""".split()
RANGES = """10.0.0.0/8 10.0.0.1/8 10.0.0.0/33 10.0.0.0/-1 10.0.0.0/ 10.0.0.0/08 10.0.0.0/8/8 10.0.0.0/255.0.0.0 0.0.0.0/0 0.0.0.0/00 1.2.3.4
1.2.3.4/32 1.2.3.4/31 1.2.3.5/31 ::/0 ::1/128 ::1 ::1/129 2001:db8::/32 2001:db8::/31 2001:db8::1/32 2001:db8::/29 fc00::/7 fe80::/10
::ffff:10.0.0.0/104 ::ffff:10.0.0.0/8 ::ffff:0:0/96 ::ffff:0:0/95 ::fffe:0:0/95 ::ffff:10.1.0.0/112 ::ffff:10.1.0.1/112 10/8 /8 /
10.0.0.0/8a 10.0.0.0/+8 10.0.0.0/1000 2001:db8::/0 10.0.0.0//8 ::/00 128.0.0.0/1 8000::/1 ::ffff:1.2.3.4""".split()


def random_range(probe):
    if probe.next() & 1:
        length = probe.next() % 33
        return ipaddress.ip_network((probe.next() & 0xFFFFFFFF & ~((1 << (32 - length)) - 1), length))
    length = probe.next() % 129
    number = (probe.next() << 64 | probe.next()) & ~((1 << (128 - length)) - 1)
    return plain(ipaddress.IPv6Network((number, length)))


def main():
    print("# Written by networks.py out of Python's ipaddress; see there.")
    for text in ADDRESSES:
        print("address %s = %s" % (text, read_address(text) or "-"))
    for text in RANGES:
        print("range %s = %s" % (text, read_range(text) or "-"))
    source = Probe(2026)
    for rule in range(50):
        allowed = [random_range(source) for _ in range(rule % 5)]
        denied = [random_range(source) for _ in range(1 + rule % 3)]
        probe = Probe(rule)
        near = [bits(network) for network in allowed + denied]
        verdicts = []
        for _ in range(PROBES):
            address = address_of(probe.address(near))
            inside = lambda networks: any(address.version == n.version and address in n for n in networks)
            verdicts.append(not inside(denied) and (not allowed or inside(allowed)))
        digits = ""
        for start in range(0, PROBES, 4):
            digits += "%x" % sum(verdict << (3 - place) for place, verdict in enumerate(verdicts[start : start + 4]))
        print("rule %s | %s | %d = %s" % (" ".join(map(str, allowed)), ", ".join(map(str, denied)), rule, digits))


if __name__ == "__main__":
    main()
