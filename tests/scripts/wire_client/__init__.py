"""A client of the wire protocol in a stranger's language, standard library only.

It is written from the description of the wire alone and shares nothing with the server, so what it can do,
a client that somebody else wrote can do. Its surface is the one that scripts use: see `Session`.
"""

from .access import Access
from .entities import Entities
from .files import Files
from .settings import Settings
from .transport import Refused, Transport

__all__ = ["Refused", "Session"]


class Session(Entities, Access, Files, Settings, Transport):
    """What a script holds: logs in when it is made, and never again.

    Whatever is not given comes from the environment: ACCSYN_WORKSPACE, ACCSYN_API_USER, ACCSYN_API_KEY, and
    AS_DEV=true for plain HTTP on http://127.0.0.1:8181.
    """
