"""Queues, sites and clients."""

from cast import EMAIL, Script, at, session, stored, until


class Queues(Script):
    def setUp(self):
        self.admin = session("admin")

    def test_three_are_there_from_the_start(self):
        found = {each["name"]: each for each in self.admin.find("Queue")}
        self.assertEqual(
            {name: found[name]["priority"] for name in ("High", "Medium", "Low")},
            {"High": 999, "Medium": 500, "Low": 1},
        )
        self.assertEqual([name for name, queue in found.items() if queue["default"]], ["Medium"])
        self.assertHas(
            found["Low"],
            "code name priority default compute_default status uri description id created".split(),
        )
        self.refused("(?i)default", self.admin.delete, "queue", found["Medium"]["id"])

    def test_jobs_move_between_them(self):
        made = self.admin.create("Queue", {"name": "Dailies", "code": "dailies", "priority": 700})
        self.assertEqual((made["status"], made["priority"], made["uri"]), ("waiting", 700, "dailies"))
        self.refused(".", self.admin.create, "Queue", {"code": "dailies"})
        for priority in (-1, 1001, "high"):
            self.refused("(?i)priority", self.admin.update, "queue", made["id"], {"priority": priority})
        stored("queues/a.mov")
        job = self.admin.create(
            "Transfer",
            {
                "source": "queues/a.mov",
                "destination": at("admin", "q"),
                "status": "paused",
                "queue": "dailies",
            },
        )
        self.assertTrue(job["uri"].startswith("dailies"))
        self.assertEqual(job["parent"], made["id"])
        self.assertIn("dailies", job["parent_hr"].lower())
        self.assertEqual(
            [each["id"] for each in self.admin.find("Transfer WHERE parent=dailies")], [job["id"]]
        )
        medium = self.admin.find_one("queue WHERE code=medium")
        moved = self.admin.update("Transfer", job["id"], {"parent": medium["id"]})
        self.assertEqual(moved["parent"], medium["id"])
        self.admin.update("Transfer", job["id"], {"parent": made["id"]})
        self.assertTrue(self.admin.delete("queue", made["id"]))
        self.assertEqual(self.admin.get_entity("Transfer", job["id"])["parent"], medium["id"])
        self.admin.delete("Transfer", job["id"])

    def test_roles(self):
        lisa, tommy = session("lisa"), session("tommy")
        self.assertTrue(lisa.find("queue"))
        self.refused(".", lisa.create, "queue", {"code": "mine"})
        self.refused(".", lisa.delete, "queue", lisa.find_one("queue WHERE code=low")["id"])
        self.assertNotIn("queue", tommy.find("entitytypes"))


class Sites(Script):
    def test_one_is_the_main_one(self):
        admin = session("admin")
        sites = {each["code"]: each for each in admin.find("Site")}
        self.assertEqual([code for code, site in sites.items() if site["main"]], ["hq"])
        self.assertIn("roaming", sites)
        self.assertHas(sites["hq"], "code name description main status id created creator".split())
        self.refused("hq", admin.delete, "site", sites["hq"]["id"])
        made = admin.create("site", {"name": "Montreal"})
        self.assertEqual((made["code"], made["main"], made["status"]), ("montreal", False, "enabled"))
        self.assertEqual(admin.update("site", made["id"], {"status": "disabled"})["status"], "disabled")
        self.refused(".", admin.create, "site", {"code": "montreal"})
        self.refused(".", session("lisa").delete, "site", made["id"])
        self.assertEqual(len(session("lisa").find("site WHERE code=montreal")), 1)
        self.assertTrue(admin.delete("site", made["id"]))
        self.assertIsNone(admin.get_entity("site", made["id"]))


class Clients(Script):
    def test_are_shown_by_kind(self):
        admin = session("admin")
        self.assertTrue({each["type"] for each in admin.find("client")} >= {0, 1})
        self.assertEqual({each["type"] for each in admin.find("server")}, {1})
        self.assertEqual({each["type"] for each in admin.find("app")}, {0})
        self.assertEqual(admin.find("client WHERE type in 3,4"), [])
        one = admin.find_one("app WHERE code=tommy-pc")
        names = (
            "type code os username version wan_ip site site_hr user user_hr roles last_checkin metrics status"
        )
        self.assertHas(one, names.split())
        self.assertEqual(one["status"], "online")
        self.assertIn(EMAIL["tommy"], one["user_hr"])
        self.assertIn("storage", admin.find_one("server WHERE code=stockholm-1")["roles"])
        self.refused(".", admin.create, "client", {"code": "made-up"})
        self.refused("(?i)online", admin.delete, "client", one["id"])

    def test_are_switched_off_and_on(self):
        admin = session("admin")
        one = admin.find_one("client WHERE code=tommy-pc")
        self.assertEqual(admin.update("client", one["id"], {"status": "disabled"})["status"], "disabled")
        back = admin.update("client", one["id"], {"status": "enabled"})
        self.assertIn(back["status"], ("enabled", "online"))
        until(lambda: admin.get_entity("client", one["id"])["status"], lambda status: status == "online")
        for status in ("init", "offline", "disabled-offline", "dead"):
            self.refused(".", admin.update, "client", one["id"], {"status": status})
        self.refused(
            ".",
            session("tommy").update,
            "client",
            admin.find_one("client WHERE code=desk")["id"],
            {"status": "disabled"},
        )


class Workspace(Script):
    def test_is_read_by_operators_and_changed_by_admins(self):
        admin, lisa = session("admin"), session("lisa")
        (one,) = admin.find("workspace")
        self.assertEqual(one["code"], admin.workspace)
        self.assertEqual([each["id"] for each in lisa.find("workspace")], [one["id"]])
        self.refused(".", lisa.update, "workspace", one["id"], {"name": "Lisa's"})
        self.assertEqual(admin.update("workspace", one["id"], {"name": "The studio"})["name"], "The studio")
