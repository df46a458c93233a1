"""Who and what the scripts of this directory find: handed over by the test that runs them."""

import json
import os
import pathlib
import time
import unittest

import accsyn_api

GIVEN = json.loads(os.environ["WAYBILL_CAST"])
WORKSPACE = GIVEN["workspace"]
STORAGE = pathlib.Path(GIVEN["storage"])
EMAIL = {name: person["email"] for name, person in GIVEN["people"].items()}
LOCAL = {name: pathlib.Path(person["local"]) for name, person in GIVEN["people"].items()}

admin_email = EMAIL["admin"]


def session(name, **options):
    """A session of somebody, as a script of that person makes it."""
    person = GIVEN["people"][name]
    where = {"hostname": GIVEN["hostname"], "port": GIVEN["port"]}
    return accsyn_api.Session(
        workspace=WORKSPACE, username=person["email"], api_key=person["key"], **{**where, **options}
    )


def stored(path, content="x"):
    """Makes a file on the storage."""
    return written(STORAGE / path, content)


def local(name, path, content="x"):
    """Makes a file on somebody's machine."""
    return written(LOCAL[name] / path, content)


def at(name, path):
    """A path on somebody's machine, with the slash at its end if there is one."""
    return "%s/%s" % (LOCAL[name], path)


def written(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return str(path)


def wait(client, job, status, seconds=60):
    """Waits for a job as scripts do: by asking."""
    wanted = [status] if isinstance(status, str) else status
    return until(
        lambda: client.get_entity("Transfer", job["id"]), lambda found: found["status"] in wanted, seconds
    )


def until(look, is_good, seconds=30):
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if is_good(found):
            return found
        if time.monotonic() > deadline:
            raise AssertionError("Waited %d s; the last that was seen: %r" % (seconds, found))
        time.sleep(0.05)


class Script(unittest.TestCase):
    """A script that says in words what it expects."""

    maxDiff = None

    def refused(self, words, call, *args, **options):
        """The call fails with a message that has the words, and a status that blames the caller."""
        with self.assertRaisesRegex(accsyn_api.Refused, words) as caught:
            answer = call(*args, **options)
            self.fail("%r %r was answered: %.200r" % (args, options, answer))
        status = getattr(caught.exception, "status", 400)
        self.assertTrue(400 <= status < 500, "HTTP %s: %s" % (status, caught.exception))
        return caught.exception

    def assertHas(self, entity, names):
        missing = [name for name in names if name not in entity]
        self.assertEqual(missing, [], "of %r" % (entity,))
