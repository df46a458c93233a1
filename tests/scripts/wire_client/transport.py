"""One call: a new connection, JSON there, JSON back. Nothing is retried."""

import base64
import gzip
import http.client
import json
import os
import platform
import ssl
import sys
import urllib.parse
import uuid
from datetime import datetime, timezone

from .dates import from_wire, to_wire

IN_URL = ("GET", "DELETE")
PACKED_ABOVE = 100_000


class Refused(Exception):
    """The server said no; the text is what the user of a script sees."""

    def __init__(self, text, status):
        super().__init__(text)
        self.status = status


class Transport:
    def __init__(
        self,
        workspace=None,
        username=None,
        api_key=None,
        hostname=None,
        port=None,
        verbose=False,
        dev=None,
        timeout=60,
        path_logfile=None,
        pretty_json=False,
    ):
        environment = os.environ.get
        self.workspace = workspace or environment("ACCSYN_WORKSPACE") or missing("workspace")
        self.username = username or environment("ACCSYN_API_USER") or missing("username")
        self.api_key = api_key or environment("ACCSYN_API_KEY") or missing("api_key")
        self.verbose, self.timeout = verbose, timeout
        self.path_logfile, self.pretty_json = path_logfile, pretty_json
        self.dev = environment("AS_DEV", "").lower() == "true" if dev is None else dev
        if hostname is None and not self.dev:
            raise Exception("Which server? Give its hostname")
        self.hostname = hostname or "127.0.0.1"
        self.port = port or (8181 if self.dev else 443)
        answer = self.request("PUT", "/api/v3/api/login", {})["result"]
        self.user_id, self.role, self.session_id = answer["id"], answer["role"], answer["session_id"]

    def event(self, method, uri, data=None, entityid=None, query=None):
        """Sends one event; answers with the whole body. Without data, id or query there are none."""
        event = {
            "audience": "api",
            "workspace": self.workspace,
            "ident": self.username,
            "session": self.session_id,
            "eid": str(uuid.uuid4()),
            "uri": uri,
            "created": datetime.now(timezone.utc),
            "hostname": platform.node(),
        }
        if entityid is not None:
            event["id"] = entityid
        if query is not None:
            event["query"] = query
        text = json.dumps(data, default=to_wire)
        if method not in IN_URL and len(text) > PACKED_ABOVE:
            event["gz_data"] = base64.b64encode(gzip.compress(text.encode())).decode()
        else:
            event["data"] = data
        return self.request(method, "/api/v3/event", event)

    def request(self, method, path, payload):
        text = json.dumps(payload, default=to_wire)
        body = None
        if method in IN_URL:
            path, text = path + "?" + urllib.parse.quote(text), ""
        else:
            body = text.encode()
        status, answer = self.exchange(method, path, body)
        self.log("%s %s %s -> %d %s", method, path[:200], text[:2000], status, answer[:2000])
        return understood(status, answer)

    def exchange(self, method, path, body):
        """No Content-Type goes along, and no certificate is looked at."""
        connection = self.connect()
        try:
            connection.request(method, path, body=body, headers=self.headers())
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def connect(self):
        if self.dev:
            return http.client.HTTPConnection(self.hostname, self.port, timeout=self.timeout)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(self.hostname, self.port, timeout=self.timeout, context=context)

    def headers(self):
        encoded = [base64.b64encode(part.encode()).decode() for part in (self.username, self.api_key)]
        return {
            "Authorization": "basic " + ":".join(encoded),
            "X-Accsyn-Workspace": self.workspace,
            "X-Accsyn-Device": "PythonAPI %s %s %s"
            % (platform.python_version(), sys.platform, platform.node()),
        }

    def log(self, form, *values):
        if self.verbose:
            print(form % values, file=sys.stderr)
        if self.path_logfile is not None:
            with open(self.path_logfile, "a", encoding="utf-8") as log:
                log.write(form % values + "\n")


def understood(status, text):
    """Only the body counts, whatever the status: `message` is a failure, and `exception` a fault inside."""
    try:
        answer = json.loads(text)
    except ValueError:
        raise Refused("No JSON in the answer (HTTP %d): %s" % (status, text[:200]), status) from None
    for key in ("message_hr", "message", "exception"):
        if answer.get(key):
            raise Refused(answer[key], status)
    return from_wire(answer)


def missing(what):
    raise Exception("Which %s? Give it, or set it in the environment" % what)
