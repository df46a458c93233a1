"""Settings and what they inherit from."""

from cast import Script, at, session, stored

SPEED = "transfer_speedlimit"


class Settings(Script):
    def setUp(self):
        self.admin = session("admin")

    def test_of_the_workspace(self):
        s = self.admin
        self.assertEqual(float(s.get_setting(SPEED)), -1)
        self.assertTrue(s.set_setting(SPEED, "40"))
        self.assertEqual(s.get_setting(SPEED), "40")
        everything = s.get_setting()
        self.assertEqual(everything[SPEED], "40")
        self.assertGreater(len(everything), 10)
        self.assertEqual(s.get_setting(omit_defaults=True), {SPEED: "40"})
        self.assertTrue(s.remove_setting(SPEED))
        self.assertEqual(s.get_setting(omit_defaults=True), {})
        self.refused(".", s.set_setting, SPEED, "fast")

    def test_unknown_names_are_kept_and_shown(self):
        s = self.admin
        self.assertTrue(s.set_setting("our_own_thing", "42"))
        self.assertEqual(s.get_setting("our_own_thing"), "42")
        self.assertTrue(s.remove_setting("our_own_thing"))

    def test_are_inherited(self):
        s = self.admin
        stored("settings/a.mov")
        queue = s.find_one("queue WHERE code=low")
        job = s.create(
            "Transfer",
            {
                "source": "settings/a.mov",
                "destination": at("admin", "s"),
                "status": "paused",
                "queue": "low",
                "settings": {"job_max_retries": "3"},
            },
        )
        of_job = {"entitytype": "transfer", "entityid": job["id"]}
        of_queue = {"entitytype": "queue", "entityid": queue["id"]}
        s.set_setting(SPEED, "30")
        self.assertEqual(s.get_setting(SPEED, **of_job), "30")
        s.set_setting(SPEED, "20", **of_queue)
        self.assertEqual(s.get_setting(SPEED, **of_job), "20")
        s.set_setting(SPEED, "10", **of_job)
        self.assertEqual([s.get_setting(SPEED, **of) for of in ({}, of_queue, of_job)], ["30", "20", "10"])
        self.assertEqual(s.get_setting("job_max_retries", **of_job), "3")
        # The old name of a transfer, and of a queue where settings are concerned.
        self.assertEqual(s.get_setting(SPEED, entitytype="job", entityid=queue["id"]), "20")
        self.assertEqual(s.get_setting(SPEED, entitytype="job", entityid=job["id"]), "10")
        own = s.get_setting(upstream=False, omit_defaults=True, **of_job)
        self.assertEqual(own, {SPEED: "10", "job_max_retries": "3"})
        above = s.get_setting(omit_defaults=True, **of_queue)
        self.assertEqual(above[SPEED], "20")
        s.remove_setting(SPEED, **of_job)
        self.assertEqual(s.get_setting(SPEED, **of_job), "20")
        s.remove_setting(SPEED, **of_queue)
        s.remove_setting(SPEED)
        s.delete("Transfer", job["id"])

    def test_of_shares(self):
        s = self.admin
        volume = s.find_one("volume WHERE code=storage")
        folder = s.create(
            "folder", {"code": "quiet", "name": "Quiet", "parent": volume["id"], "path": "quiet"}
        )
        s.set_setting("transfer_exclude", "*.tmp", entitytype="volume", entityid=volume["id"])
        self.assertEqual(
            s.get_setting("transfer_exclude", entitytype="folder", entityid=folder["id"]), "*.tmp"
        )
        s.set_setting("transfer_exclude", "*.bak", entitytype="share", entityid=folder["id"])
        self.assertEqual(
            s.get_setting("transfer_exclude", entitytype="share", entityid=folder["id"]), "*.bak"
        )
        self.assertEqual(
            s.get_setting("transfer_exclude", entitytype="share", entityid=volume["id"]), "*.tmp"
        )
        s.remove_setting("transfer_exclude", entitytype="volume", entityid=volume["id"])
        s.delete("folder", folder["id"])

    def test_are_the_admins_to_change(self):
        for name in ("lisa", "tommy"):
            self.refused(".", session(name).set_setting, SPEED, "1")
        self.assertEqual(float(session("lisa").get_setting(SPEED)), -1)
        self.refused(".", self.admin.get_setting, SPEED, entitytype="queue", entityid="0" * 24)
        self.refused(".", self.admin.get_setting, SPEED, entitytype="unicorn", entityid="0" * 24)
