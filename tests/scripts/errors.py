"""What users read when something is wrong, and what does no harm."""

import json
import uuid

import accsyn_api
from cast import EMAIL, GIVEN, LOCAL, WORKSPACE, Script, session, stored


class LoggingIn(Script):
    def login(self, **changes):
        given = {
            "workspace": WORKSPACE,
            "username": EMAIL["admin"],
            "api_key": GIVEN["people"]["admin"]["key"],
        }
        given.update(changes)
        return accsyn_api.Session(hostname=GIVEN["hostname"], port=GIVEN["port"], **given)

    def test_is_refused_in_words(self):
        for wrong in ({"api_key": "wrong"}, {"username": "nobody@example.com"}, {"workspace": "elsewhere"}):
            failure = self.refused("[a-z]{3}", self.login, **wrong)
            self.assertIn(failure.status, (401, 403))

    def test_takes_the_email_in_any_case(self):
        self.assertEqual(self.login(username=EMAIL["admin"].upper()).role, "admin")

    def test_is_done_once_and_lasts(self):
        first, second = self.login(), self.login()
        self.assertEqual(first.session_id, second.session_id)
        self.assertIsInstance(first.find("Transfer"), list)

    def test_comes_from_the_environment(self):
        s = accsyn_api.Session(hostname=GIVEN["hostname"], port=GIVEN["port"])
        self.assertEqual((s.username, s.workspace), (EMAIL["admin"], WORKSPACE))

    def test_is_the_same_over_plain_http(self):
        s = session("lisa", hostname="127.0.0.1", port=GIVEN["http_port"], dev=True)
        self.assertEqual(s.role, "employee")


class Queries(Script):
    def setUp(self):
        self.admin = session("admin")

    def test_say_what_is_wrong_and_where(self):
        for expression, words in (
            ("colour=red", "colour"),
            ("name ~ x", "column|~"),
            ("(name=x", r"\(|\)|column"),
            ("name=x)", r"\)|column"),
            ("name=", "value|column|end"),
            ("name='x", "quot|column"),
            ("name matches '('", "."),
            ("created > yesterday", "date"),
            ("size > big", "number"),
        ):
            self.refused(words, self.admin.find, "Transfer WHERE " + expression)

    def test_find_by_every_operator(self):
        stored("queries/shot.mov")
        make = lambda name, **more: self.admin.create(
            "Transfer",
            {
                "source": "queries/shot.mov",
                "destination": str(LOCAL["admin"] / name),
                "name": name,
                "status": "paused",
                **more,
            },
        )
        make("SH010 Backup", metadata={"Artist": "Malcolm", "take": 3, "final": True})
        make("sh020", metadata={"artist": "Sue"})
        for expression, found in (
            ('name="sh010 backup"', 1),
            ("name='SH010 BACKUP'", 1),
            ('name="* backup"', 1),
            ("name=sh0*", 2),
            ("name!=sh020 AND name=sh0*", 1),
            ("name<>sh020 and name=sh0*", 1),
            ("name contains h0", 2),
            ("name not contains backup and name contains sh0", 1),
            ("name matches '^sh0[12]0( |$)'", 2),
            ("name matches 'sh020' and name not matches 'x'", 1),
            ('name in sh020,"sh010 backup"', 2),
            ('name in ("sh010 backup")', 1),
            ("name not in sh020 and name=sh0*", 1),
            ("metadata.artist=malcolm", 1),
            ("metadata.take>2 and metadata.final=true", 1),
            ("not (name=sh020) and name=sh0*", 1),
            ("created > 2020-01-01 and name=sh0*", 2),
            ("created > 2020-01-01T10:00:00 and created < 2100-01-01 and name=sh020", 1),
            ("name=sh020 or name=nothing and size=-5", 1),
            ("user=%s and name=sh0*" % self.admin.user_id, 2),
            ("user=user:%s and name=sh0*" % self.admin.user_id, 2),
            ("parent=medium and name=sh0*", 2),
            ("user=somebody and name=sh0*", 0),
        ):
            self.assertEqual(len(self.admin.find("Transfer WHERE " + expression)), found, expression)


class Calls(Script):
    def setUp(self):
        self.admin = session("admin")

    def test_unknown_words_are_named(self):
        s = self.admin
        self.refused("unicorn", s.find, "unicorn")
        self.refused("unicorn", s.event, "GET", "unicorn/find", {})
        self.refused("fly", s.event, "PUT", "transfer/fly", {})
        self.refused("(?i)shotgrid|integration", s.integration, "shotgrid", "sync")
        self.refused("colour", s.create, "Queue", {"code": "x", "colour": "red"})
        self.refused("colour", s.find, "Transfer", attributes=["colour"])
        self.refused("(?i)not available|file|publish|preprocess|hook", s.prepublish, [{"path": "a"}])

    def test_ids_that_name_nothing(self):
        for entityid in ("0" * 24, "nonsense", "", "../x", str(uuid.uuid4())):
            for call in (
                lambda: self.admin.update("Transfer", entityid, {"name": "x"}),
                lambda: self.admin.delete("Transfer", entityid),
                lambda: self.admin.delete("folder", entityid),
                lambda: self.admin.deactivate("user", entityid),
                lambda: self.admin.report("Transfer", entityid),
            ):
                self.refused(".", call)
        self.assertIsNone(self.admin.get_entity("Transfer", "0" * 24))

    def test_unknown_keys_of_a_payload_are_ignored_outside_create_and_edit(self):
        found = self.admin.event("GET", "transfer/find", {"download": True, "finished": None, "limit": None})
        self.assertIsInstance(found["result"], list)

    def test_wrong_types_are_refused(self):
        for data in ("text", 5, [1], {"limit": "many"}, {"limit": -1}, {"attributes": {"a": 1}}):
            try:
                answer = self.admin.event("GET", "transfer/find", data)
                self.assertIsInstance(answer["result"], list)
            except accsyn_api.Refused as failure:
                self.assertTrue(400 <= failure.status < 500, failure)
        for data in (None, "text", 5, [], [1], {"source": 5}, {"tasks": 5}, {"tasks": []}, {"tasks": [None]}):
            self.refused(".", self.admin.event, "POST", "transfer/create", data)

    def test_an_event_that_comes_twice_acts_once(self):
        s = self.admin
        event = {
            "audience": "api",
            "workspace": s.workspace,
            "ident": s.username,
            "session": s.session_id,
            "eid": str(uuid.uuid4()),
            "uri": "site/create",
            "data": {"code": "twice"},
        }
        first = s.request("POST", "/api/v3/event", event)
        second = s.request("POST", "/api/v3/event", event)
        self.assertEqual(first["result"][0]["id"], second["result"][0]["id"])
        self.assertEqual(len(s.find("site WHERE code=twice")), 1)
        s.delete("site", first["result"][0]["id"])

    def test_everything_is_json(self):
        s = self.admin
        for method, path, payload in (
            ("GET", "/nowhere", {}),
            ("PUT", "/api/v3/nowhere", {}),
            ("POST", "/api/v3/event", []),
        ):
            self.refused(".", s.request, method, path, payload)
        status, text = s.exchange("POST", "/api/v3/event", b"{")
        self.assertTrue(400 <= status < 500 and json.loads(text)["message"])
