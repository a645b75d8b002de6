"""Counts limits a second time, by other means than `procedure::time`, to check it.

Every day from 2018 to 2030 as the start of every length in LENGTHS. Working days are not walked
but looked up in one sorted list; months are counted in year-month arithmetic.

    python3 limits_oracle.py          writes fixtures/limits.sm3 and fixtures/limits.csv
    python3 limits_oracle.py --all    prints every row, to find the one behind a differing hash

limits.sm3 has the SM3 of all rows per unit, number and year; limits.csv is a sample to read.
Standard library only; SM3 comes from the OpenSSL that Python is linked with.
"""

import bisect
import calendar
import csv
import datetime
import hashlib
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
FIRST, LAST = datetime.date(2018, 1, 1), datetime.date(2030, 12, 31)
LENGTHS = [("months", n) for n in (1, 2, 3, 4)] + [("working_days", 7)]
LENGTHS += [("days", n) for n in (10, 30, 60)]
SAMPLE_EVERY = 61

with open(HERE.parent / "data" / "holidays.csv", encoding="utf-8") as table:
    NOTICES = {row["date"]: row["kind"] for row in csv.DictReader(table)}
KNOWN_FROM, KNOWN_TO = datetime.date(2004, 1, 1), datetime.date(int(max(NOTICES)[:4]), 12, 31)


def days(first, last):
    return [
        datetime.date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)
    ]


WORKING = [
    day
    for day in days(FIRST, LAST + datetime.timedelta(366))
    if NOTICES.get(day.isoformat(), "off" if day.weekday() in (5, 6) else "work") == "work"
]


def known(day):
    return KNOWN_FROM <= day <= KNOWN_TO


def count(start, unit, n):
    if unit == "days":
        last = start + datetime.timedelta(n)
        return last, last, False
    if unit == "working_days":
        last = WORKING[bisect.bisect_right(WORKING, start) + n - 1]
        return last, last, not known(last)
    year, month = divmod(start.year * 12 + start.month - 1 + n, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    nominal = datetime.date(year, month + 1, day)
    latest = WORKING[bisect.bisect_left(WORKING, nominal)]
    return nominal, latest, not known(latest)


def rows(unit, n, year):
    for start in days(max(FIRST, datetime.date(year, 1, 1)), datetime.date(year, 12, 31)):
        nominal, latest, provisional = count(start, unit, n)
        yield f"{start},{unit},{n},{nominal},{latest},{str(provisional).lower()}\n"


GROUPS = [
    (unit, n, year, list(rows(unit, n, year)))
    for unit, n in LENGTHS
    for year in range(FIRST.year, LAST.year + 1)
]
HEADER = "start,unit,n,nominal,latest,provisional\n"
ALL = [row for *_, group in GROUPS for row in group]

if sys.argv[1:] == ["--all"]:
    sys.stdout.write(HEADER + "".join(ALL))
else:
    with open(HERE / "fixtures" / "limits.sm3", "w", encoding="utf-8") as hashes:
        for unit, n, year, group in GROUPS:
            digest = hashlib.new("sm3", "".join(group).encode()).hexdigest()
            hashes.write(f"{digest}  {unit} {n} {year} {len(group)}\n")
    with open(HERE / "fixtures" / "limits.csv", "w", encoding="utf-8") as sample:
        sample.write(HEADER + "".join(ALL[::SAMPLE_EVERY]))
