#!/usr/bin/env python3
"""Makes zones.txt and windows.txt with Python's zoneinfo and a plain search, minute by minute; the seed is fixed. Needs tzdata of the
version that scripts/zones used."""

import pathlib
import random
import re
import zoneinfo
from datetime import datetime, timedelta, timezone

FOLDER = pathlib.Path(__file__).parent
ROOT = FOLDER.parents[2]
BEGIN = int(datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp())
END = int(datetime(2038, 1, 1, tzinfo=timezone.utc).timestamp())
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

random = random.Random(20261127)
source = (ROOT / "Sources/Rules/ZoneTable+Text.swift").read_text()
version = re.search(r"out of tzdata (\S+),", source)[1]
system = re.match(r"# version (\S+)", open("/usr/share/zoneinfo/tzdata.zi").read())[1]
assert version == system, f"the table is of {version}, this machine's tzdata of {system}"
names = sorted(zoneinfo.available_timezones() - {"Factory", "localtime", "posixrules"})


def offset(zone, moment):
    return int((EPOCH + timedelta(seconds=moment)).astimezone(zone).utcoffset().total_seconds())


def changes(zone, begin, end):
    """All moments at which the offset changes, found by halving: a zone has no two changes within four days that undo each other."""
    found, step = [], 4 * 86400
    before = offset(zone, begin)
    for start in range(begin, end, step):
        after = offset(zone, start + step)
        if after != before:
            low, high = start, start + step
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(zone, middle) == before else (low, middle)
            found.append(high)
            before = after
    return found


def a_window(zone_names):
    days = ""
    if random.random() < 0.9:
        parts = []
        for _ in range(random.choice([1, 1, 1, 2, 3])):
            first, last = random.choice(DAYS), random.choice(DAYS)
            parts.append(random.choice([first, f"{first}-{last}"]))
        days = ",".join(parts) + " "
    begin = random.choice([0, 60, 90, 120, 150, 1320, random.randrange(1440)])
    end = random.choice([begin + 15, begin + 60, 360, 1440, random.randrange(1441)])
    if end > 1440:
        end -= 1440
    if end == begin:
        return a_window(zone_names)
    clock = lambda minute: f"{minute // 60:02}:{minute % 60:02}"
    zone = random.choice(zone_names)
    text = f"{days}{clock(begin)}-{clock(end)} {zone}"
    if zone == "UTC" and random.random() < 0.5:
        text = text.removesuffix(" UTC")
    return text, (days.strip(), begin, end, zoneinfo.ZoneInfo(zone))


def members(days):
    if not days:
        return set(range(7))
    result = set()
    for part in days.split(","):
        first, _, last = part.partition("-")
        day, last = DAYS.index(first), DAYS.index(last or first)
        result.add(day)
        while day != last:
            day = (day + 1) % 7
            result.add(day)
    return result


def is_open(windows, moment):
    for days, begin, end, zone in windows:
        shown = datetime.fromtimestamp(moment, zone)
        minute, weekday = shown.hour * 60 + shown.minute, shown.weekday()
        if begin < end:
            if weekday in days and begin <= minute < end:
                return True
        elif weekday in days and minute >= begin or (weekday - 1) % 7 in days and minute < end:
            return True
    return False


with open(FOLDER / "zones.txt", "w") as file:
    print(f"tzdata {version}", file=file)
    moving = []
    for name in names:
        zone = zoneinfo.ZoneInfo(name)
        all_changes = changes(zone, BEGIN, END)
        if all_changes:
            moving.append(name)
        moment = random.choice(all_changes[:-1]) - random.choice([1, 86400]) if all_changes else random.randrange(BEGIN, END)
        after = next((change for change in all_changes if change > moment), 0)
        print(name, moment, offset(zone, moment), after, offset(zone, after) if after else 0, file=file)
    # Zones without a rule, as far as their lists go and beyond.
    for name in ["Africa/Casablanca", "Asia/Gaza"]:
        zone = zoneinfo.ZoneInfo(name)
        every = changes(zone, BEGIN, BEGIN + 80 * 365 * 86400)
        for moment, after in zip(every, every[1:]):
            print(name, moment, offset(zone, moment), after, offset(zone, after), file=file)

with open(FOLDER / "windows.txt", "w") as file:
    print(f"tzdata {version}", file=file)
    for number in range(500):
        zone_names = [random.choice(moving if number % 3 else names), random.choice(names), "UTC"]
        pairs = [a_window(zone_names[: random.choice([1, 1, 3])]) for _ in range(random.choice([1, 1, 2, 3, 8]))]
        windows = [(members(days), begin, end, zone) for _, (days, begin, end, zone) in pairs]
        print(random.choice(["; ", ";"]).join(text for text, _ in pairs), file=file)
        near = changes(windows[0][3], BEGIN, END)
        for _ in range(20):
            moment = random.randrange(BEGIN, END)
            if near and random.random() < 0.5:
                moment = random.choice(near) + random.randrange(-40 * 3600, 30 * 3600)
            opening = moment
            while not is_open(windows, opening):
                opening += 60 - opening % 60
            print(moment, opening - moment, file=file)
