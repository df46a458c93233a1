"""A client of the wire protocol in a stranger's language, standard library only.

Usage: wire_client.py URL WORKSPACE USER KEY SOURCE DESTINATION
Creates a transfer, waits until it is done and prints it as JSON.
"""

import base64
import json
import platform
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid


class Session:
    def __init__(self, url, workspace, user, key):
        self.url, self.workspace, self.user = url, workspace, user
        b64 = lambda text: base64.b64encode(text.encode()).decode()
        self.headers = {
            "Authorization": "basic %s:%s" % (b64(user), b64(key)),
            "X-Accsyn-Workspace": workspace,
            "X-Accsyn-Device": "PythonAPI %s" % platform.node(),
        }
        self.session = self.call("PUT", "/api/v3/api/login", {})["session_id"]

    def call(self, method, path, payload):
        text = json.dumps(payload)
        url, body = self.url + path, None
        if method in ("GET", "DELETE"):
            url += "?" + urllib.parse.quote(text)
        else:
            body = text.encode()
        request = urllib.request.Request(url, data=body, method=method, headers=self.headers)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            with urllib.request.urlopen(request, context=context, timeout=30) as response:
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            answer = json.load(error)
        if "message" in answer or "exception" in answer:
            raise Exception(answer.get("message_hr") or answer.get("message") or answer.get("exception"))
        return answer.get("result", answer)

    def event(self, method, uri, data=None, **more):
        event = {
            "audience": "api",
            "workspace": self.workspace,
            "ident": self.user,
            "session": self.session,
            "eid": str(uuid.uuid4()),
            "uri": uri,
            "data": data,
            "created": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()),
            "hostname": platform.node(),
        }
        event.update(more)
        return self.call(method, "/api/v3/event", event)


def main():
    url, workspace, user, key, source, destination = sys.argv[1:]
    session = Session(url, workspace, user, key)
    created = session.event("POST", "transfer/create", {"source": source, "destination": destination})[0]
    deadline = time.time() + 60
    while time.time() < deadline:
        found = session.event("GET", "transfer/find", {}, id=created["id"])[0]
        if found["status"] in ("done", "failed", "aborted"):
            print(json.dumps(found))
            return
        time.sleep(0.1)
    raise Exception("The transfer is still %s" % found["status"])


if __name__ == "__main__":
    main()
