"""Dates as they stand on the wire: UTC without a zone, milliseconds if any."""

import re
from datetime import datetime

DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?")


def to_wire(value):
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S")
    raise TypeError("%r cannot be sent" % (value,))


def from_wire(value):
    """Makes a date of every text of that shape, at any depth."""
    if isinstance(value, dict):
        return {key: from_wire(each) for key, each in value.items()}
    if isinstance(value, list):
        return [from_wire(each) for each in value]
    if isinstance(value, str) and DATE.fullmatch(value):
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%f" if "." in value else "%Y-%m-%dT%H:%M:%S")
    return value
