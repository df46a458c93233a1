"""The name that scripts import. Where accsyn's own client comes first in PYTHONPATH, they run with that."""

from wire_client import Refused, Session

__all__ = ["Refused", "Session"]
