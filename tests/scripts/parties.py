"""Who sends to whom, and how that is written."""

from cast import EMAIL, LOCAL, STORAGE, WORKSPACE, Script, at, local, session, stored, until, wait


class Parties(Script):
    @classmethod
    def setUpClass(cls):
        cls.admin = session("admin")
        stored("parties/a.txt", "a")
        cls.volume = cls.admin.find_one("volume WHERE code=storage")

    def paused(self, source, destination, client=None):
        body = {"source": source, "destination": destination, "status": "paused"}
        return (client or self.admin).create("Transfer", body)

    def test_the_workspace_has_many_names(self):
        (workspace,) = self.admin.find("workspace")
        to = at("admin", "x")
        for name in ("hq:", WORKSPACE + ":", "site=hq:", "workspace=%s:" % WORKSPACE, ""):
            job = self.paused(name + "parties/a.txt", to)
            self.assertEqual(job["source"], "workspace:" + workspace["id"], name)
        for path in ("volume=%s/parties/a.txt" % self.volume["id"], str(STORAGE / "parties/a.txt")):
            self.assertEqual(self.paused(path, to)["source"], "workspace:" + workspace["id"], path)

    def test_users_and_their_machines(self):
        desk = self.admin.find_one("client WHERE code=desk")
        to, me = at("admin", "x"), EMAIL["admin"]
        for name in (me + ":", me + "@desk:", "user=%s:" % me, "client=%s:" % desk["id"], ""):
            job = self.paused("parties/a.txt", name + to)
            self.assertEqual(job["destination"], "user:" + self.admin.user_id, name)
            (task,) = self.admin.find("Task", entityid=job["id"])
            self.assertEqual((task["destination"]["client"], task["destination"]["path"]), (desk["id"], to))

    def test_what_is_refused_at_once(self):
        to = at("admin", "x")
        for source, destination, words in (
            ("parties/a.txt", "elsewhere/a.txt", "."),
            ("parties/a.txt", "nobody@example.com:" + to, "nobody"),
            ("parties/a.txt", EMAIL["admin"] + "@unheard-of:" + to, "unheard-of"),
            ("parties/a.txt", "site=nowhere", "nowhere"),
            ("volume=nowhere/a.txt", to, "nowhere"),
            ("volume=storage/../a.txt", to, r"\.\."),
            ("parties/a.txt", "volume=storage/../../x", r"\.\."),
            ("", to, "."),
            ("parties/a.txt", "", "."),
        ):
            self.refused(words, self.paused, source, destination)

    def test_others_machines_are_theirs(self):
        tommys = "%s:%s" % (EMAIL["tommy"], LOCAL["tommy"] / "private.txt")
        local("tommy", "private.txt", "secret")
        for client in (self.admin, session("lisa")):
            self.refused(".", self.paused, tommys, "volume=storage/parties/stolen.txt", client)
            self.refused(".", self.paused, "volume=storage/parties/a.txt", tommys, client)

    def test_a_name_or_a_directory(self):
        for destination, arrived in (("to/", "to/a.txt"), ("other", "other")):
            body = {"source": "parties/a.txt", "destination": str(LOCAL["admin"]) + "/named/" + destination}
            wait(self.admin, self.admin.create("Transfer", body), "done")
            self.assertEqual((LOCAL["admin"] / "named" / arrived).read_text(), "a")

    def test_a_user_without_a_path_chooses_later(self):
        folder = self.admin.create(
            "folder", {"code": "offer", "name": "Offer", "parent": self.volume["id"], "path": "parties"}
        )
        self.admin.grant(EMAIL["tommy"], folder["id"])
        job = self.admin.create("Transfer", {"source": "folder=offer/a.txt", "destination": EMAIL["tommy"]})
        (task,) = until(lambda: self.admin.find("Task", entityid=job["id"]), bool)
        self.assertEqual(task["status"], "pending")
        tommy = session("tommy")
        self.assertEqual([each["id"] for each in tommy.find("Transfer WHERE id=" + job["id"])], [job["id"]])
        self.assertEqual(len(tommy.find("Task WHERE status=pending", entityid=job["id"])), 1)
        self.refused(
            ".", self.admin.update_many, "Task", job["id"], [{"id": task["id"], "status": "pending"}]
        )
        self.admin.delete("Transfer", job["id"])
        self.admin.delete("folder", folder["id"])

    def test_a_sequence_is_one_task(self):
        for frame in range(100, 105):
            stored("parties/seq/movie.%04d.jpg" % frame, "frame")
        to = LOCAL["admin"] / "seq"
        body = {"source": "parties/seq/movie.%04d.jpg[100-104]", "destination": str(to) + "/"}
        job = wait(self.admin, self.admin.create("Transfer", body), "done")
        self.assertEqual(
            sorted(each.name for each in to.iterdir()), ["movie.%04d.jpg" % f for f in range(100, 105)]
        )
        self.assertEqual(len(self.admin.find("Task", entityid=job["id"])), 1)
        self.assertEqual(job["size"], 25)

    def test_a_missing_file_fails_its_task_alone(self):
        to = at("admin", "missing/")
        tasks = [
            {"source": "parties/" + name, "destination": "%s/%s" % (to, name)}
            for name in ("a.txt", "gone.txt")
        ]
        job = self.admin.create("Transfer", {"tasks": tasks})
        wait(self.admin, job, "failed")
        states = {
            task["source"]["path"]: task["status"] for task in self.admin.find("Task", entityid=job["id"])
        }
        self.assertEqual(states, {"parties/a.txt": "done", "parties/gone.txt": "failed"})
        self.assertIn("J001", self.admin.report("Transfer", job["id"]))
        self.admin.update("Transfer", job["id"], {"status": "aborted"})

    def test_recipients_are_told_and_may_look(self):
        job = self.paused("parties/a.txt", at("admin", "x"))

        def emails():
            return [each["user_hr"] for each in self.admin.recipients("job", job["id"])]

        self.assertNotIn(EMAIL["tommy"], emails())
        tommy = session("tommy")
        self.assertIsNone(tommy.get_entity("Transfer", job["id"]))
        self.assertTrue(self.admin.add_recipient("job", job["id"], EMAIL["tommy"]))
        self.assertIn(EMAIL["tommy"], emails())
        told = [each for each in self.admin.recipients("job", job["id"]) if each["user"] == tommy.user_id]
        self.assertEqual([sorted(each) for each in told], [["actioned", "user", "user_hr"]])
        self.assertEqual(tommy.get_entity("Transfer", job["id"])["id"], job["id"])
        self.refused(".", tommy.update, "Transfer", job["id"], {"status": "aborted"})
        self.assertTrue(self.admin.remove_recipient("job", job["id"], EMAIL["tommy"]))
        self.assertNotIn(EMAIL["tommy"], emails())
