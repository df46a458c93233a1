"""Transfers and tasks, as the reference of the API shows them."""

import re
from datetime import datetime

from cast import EMAIL, LOCAL, STORAGE, WORKSPACE, Script, at, local, session, stored, wait

JOB = (
    "code created destination destination_hr etr finished id name progress size source source_hr speed status"
)
JOB += " uri metadata parent parent_hr user user_hr modified modifier"
TASK = "created destination finished id job job_hr priority size source status time uri"


def setUpModule():
    admin = session("admin")
    volume = admin.find_one("volume WHERE code=storage")
    admin.create("folder", {"code": "myproject", "name": "My", "parent": volume["id"], "path": "myproject"})
    for name in ("TRAILER_screening_v003.mov", "x and y.png", "a.mov", "b.mov"):
        stored("myproject/delivery/" + name, name * 10)
    stored("_REF/creatures_showreel_2018.mov", "showreel")


class Downloads(Script):
    def setUp(self):
        self.session = session("admin")

    def download(self, file="TRAILER_screening_v003.mov", **more):
        return self.session.create(
            "Transfer",
            {
                "source": "share=myproject/delivery/" + file,
                "destination": str(LOCAL["admin"] / "from_client" / file),
                "status": "paused",
                **more,
            },
        )


class Transfers(Downloads):
    def test_create_answers_with_a_job(self):
        transfer = self.download()
        self.assertHas(transfer, JOB.split())
        self.assertEqual(transfer["code"], "TRAILER_screening_v003.mov")
        self.assertEqual(transfer["name"], transfer["code"])
        self.assertEqual(transfer["status"], "paused")
        self.assertRegex(transfer["id"], "^[0-9a-f]{24}$")
        self.assertRegex(transfer["source"], "^workspace:[0-9a-f]{24}$")
        workspace = transfer["source"].split(":")[1]
        self.assertEqual(transfer["source_hr"], "workspace:%s(%s)" % (WORKSPACE, workspace))
        user = transfer["user"]
        self.assertEqual(transfer["destination"], "user:" + user)
        self.assertEqual(transfer["destination_hr"], "user:%s[admin](%s)" % (EMAIL["admin"], user))
        self.assertEqual(transfer["user_hr"], transfer["destination_hr"])
        self.assertIsInstance(transfer["created"], datetime)
        self.assertEqual((transfer["speed"], transfer["etr"], transfer["progress"]), (-1.0, "", 0))
        self.assertEqual(transfer["modified"], transfer["created"])
        self.assertIn(transfer["finished"], (None, ""))

    def test_lists_and_look_ups(self):
        s, mine = self.session, self.download("x and y.png", name="x and y.png")
        self.assertIn(mine["id"], [each["id"] for each in s.find("Transfer")])
        transfer = s.find_one('Transfer WHERE name="x and y.png"')
        self.assertEqual(transfer["id"], mine["id"])
        self.assertIsNone(s.find_one('Transfer WHERE name="nobody made this"'))
        self.assertIn('"name": "x and y.png"', s.dump(transfer))
        self.assertTrue(s.find_one("Transfer WHERE user=" + EMAIL["admin"]))
        self.assertIsNone(s.find_one("Transfer WHERE user=nobody@example.com"))
        self.assertIsNone(s.find_one("Transfer WHERE destination=nowhere"))
        self.assertTrue(s.find_one("Transfer WHERE source=hq"))
        self.assertTrue(s.find_one("Transfer WHERE source=" + WORKSPACE))
        query = '((user=%s AND source=hq) OR status<>paused) AND code="x *"' % EMAIL["admin"]
        self.assertIn(mine["id"], [each["id"] for each in s.find("Transfer WHERE " + query)])
        found = s.find("Transfer WHERE status=paused", attributes=["id", "name"], limit=1)
        self.assertEqual([sorted(each) for each in found], [["id", "name"]])
        both = [s.find("Transfer", limit=1)[0]["id"], s.find("Transfer", limit=1, skip=1)[0]["id"]]
        self.assertEqual(len(set(both)), 2)

    def test_a_whole_life(self):
        s, transfer = self.session, self.download()
        resumed = s.update("Transfer", transfer["id"], {"status": "waiting"})
        self.assertEqual(resumed["status"], "waiting")
        done = wait(s, transfer, "done")
        self.assertTrue((LOCAL["admin"] / "from_client/TRAILER_screening_v003.mov").exists())
        self.assertIsInstance(done["finished"], datetime)
        self.assertEqual(done["progress"], 100)
        # Finished jobs are asked for as such.
        self.assertEqual(s.find("Transfer WHERE id=" + transfer["id"]), [])
        self.assertEqual(len(s.find("Transfer WHERE status=done AND id=" + transfer["id"], finished=True)), 1)
        self.assertEqual(s.find("Transfer WHERE id=" + transfer["id"], archived=True), [])
        self.assertEqual(s.find_one("Transfer WHERE id=" + transfer["id"])["id"], transfer["id"])
        self.assertEqual(s.get_entity("Transfer", transfer["id"])["status"], "done")
        self.assertIn("running", s.report("Transfer", transfer["id"]))
        self.assertIsInstance(s.metrics("Transfer", transfer["id"]), dict)
        s.delete_one("Transfer", transfer["id"])
        self.assertIsNone(s.get_entity("Transfer", transfer["id"]))

    def test_abort(self):
        s, transfer = self.session, self.download()
        self.assertEqual(s.update("Transfer", transfer["id"], {"status": "aborted"})["status"], "aborted")
        found = s.find("Transfer WHERE status=aborted", finished=True)
        self.assertIn(transfer["id"], [each["id"] for each in found])
        self.assertIsInstance(s.get_entity("Transfer", transfer["id"])["finished"], datetime)

    def test_a_client_is_named_by_its_id(self):
        desk = self.session.find_one("client WHERE code=desk")
        to = "client=%s:%s/by_client.mov" % (desk["id"], LOCAL["admin"])
        transfer = self.download(destination=to, status="waiting")
        wait(self.session, transfer, "done")
        self.assertTrue((LOCAL["admin"] / "by_client.mov").exists())


class Tasks(Downloads):
    def test_tasks_are_added_and_changed(self):
        s, transfer = self.session, self.download()
        task = s.create(
            "Task",
            {
                "tasks": {
                    "source": "_REF/creatures_showreel_2018.mov",
                    "destination": at("admin", "Downloads/creatures_showreel_2018.mov"),
                }
            },
            entityid=transfer["id"],
        )
        self.assertHas(task, TASK.split())
        self.assertRegex(task["id"], "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        self.assertEqual((task["uri"], task["status"], task["job"]), ("1", "queued", transfer["id"]))
        label = re.escape("TRAILER_screening_v003.mov") + r"\[\d+\]\(%s\)" % transfer["id"]
        self.assertRegex(task["job_hr"], "^%s$" % label)
        self.assertEqual(task["source"]["path"], "_REF/creatures_showreel_2018.mov")
        self.assertRegex(task["source"]["v"], "^[0-9a-f]{24}$")
        self.assertRegex(task["destination"]["client"], "^[0-9a-f]{24}$")
        self.assertEqual(task["destination"]["user"], transfer["user"])
        self.assertEqual(s.get_entity("Transfer", transfer["id"])["status"], "paused")

        updated = s.update_many("Task", transfer["id"], [{"id": task["id"], "status": "onhold"}])
        self.assertEqual([each["status"] for each in updated], ["onhold"])
        held = s.find("Task WHERE status=onhold", entityid=transfer["id"])
        self.assertEqual([each["id"] for each in held], [task["id"]])
        self.assertEqual(len(s.find("Task", entityid=transfer["id"])), 2)
        self.assertEqual(len(s.find("Task WHERE job.id=" + transfer["id"])), 2)
        byuri = s.update_many("Task", transfer["id"], [{"uri": "0", "priority": 1, "metadata": {"take": 2}}])
        self.assertEqual((byuri[0]["priority"], byuri[0]["metadata"]), (1, {"take": 2}))
        self.assertEqual(len(s.find("Task WHERE metadata.take=2", entityid=transfer["id"])), 1)

    def test_an_equal_task_is_retried_or_refused(self):
        s, transfer = self.session, self.download()
        same = {"source": "share=myproject/delivery/TRAILER_screening_v003.mov"}
        same["destination"] = str(LOCAL["admin"] / "from_client" / "TRAILER_screening_v003.mov")
        s.create("Task", {"tasks": same}, entityid=transfer["id"])
        self.assertEqual(len(s.find("Task", entityid=transfer["id"])), 1)
        for form in (same, [same]):
            self.refused(".", s.create, "Task", {"tasks": form}, transfer["id"], allow_duplicates=False)

    def test_several_tasks_are_a_list(self):
        s, transfer = self.session, self.download()
        tasks = [
            {
                "source": "share=myproject/delivery/%s.mov" % name,
                "destination": str(LOCAL["admin"] / "m" / name),
            }
            for name in ("a", "b")
        ]
        made = s.create("Task", {"tasks": tasks}, entityid=transfer["id"])
        self.assertEqual([task["uri"] for task in made], ["1", "2"])
        self.refused(".", s.delete_one, "Task", made[0]["id"])
        edit = [{"id": made[0]["id"], "destination": "elsewhere"}]
        self.refused("destination", s.update_many, "Task", transfer["id"], edit)

    def test_bare_paths_mirror(self):
        s = self.session
        site = s.create("site", {"code": "stockholm", "name": "Stockholm"})
        server = s.find_one("server WHERE code=stockholm-1")
        s.update("client", server["id"], {"site": site["id"]})
        volume = s.find_one("volume WHERE code=storage")
        s.assign("share", volume["id"], server["id"])
        self.assertIn(server["id"], s.dump(s.assignments("volume", volume["id"])))
        path = stored("mirrored/one.mov")
        job = s.create("Transfer", {"source": path, "destination": "site=stockholm", "status": "paused"})
        self.assertEqual(job["destination"], "site:" + site["id"])
        self.assertTrue(s.find_one("Transfer WHERE destination=stockholm"))
        answer = s.create("Task", {"tasks": [stored("mirrored/creatures_showreel_2018.mov")]}, job["id"])
        self.assertEqual(answer, {"success": True})
        tasks = s.find("Task", entityid=job["id"])
        self.assertEqual(
            [task["destination"]["path"] for task in tasks],
            ["mirrored/one.mov", "mirrored/creatures_showreel_2018.mov"],
        )
        self.refused(".", s.delete, "site", site["id"])
        s.delete("Transfer", job["id"])
        s.deassign("volume", volume["id"], server["id"])
        self.assertNotIn(server["id"], s.dump(s.assignments("volume", volume["id"])))
        # Where files do not go to the same place, a bare path says too little.
        other = self.download()
        self.refused(".", s.create, "Task", {"tasks": ["share=myproject/delivery/a.mov"]}, other["id"])


class Forms(Script):
    """The forms in which a job is asked for."""

    def test_every_form_of_tasks(self):
        s = session("admin")
        for name in ("a", "b"):
            stored("forms/" + name)
        to = at("admin", "forms")
        tasks = [{"source": "forms/" + name, "destination": "%s/%s" % (to, name)} for name in ("a", "b")]
        forms = [tasks, tasks[0], {"first": tasks[0], "second": tasks[1]}]
        for form in forms:
            job = s.create("Transfer", {"tasks": form, "status": "paused", "metadata": {"shot": "A1"}})
            made = s.find("Task", entityid=job["id"])
            self.assertEqual(len(made), 1 if form is tasks[0] else 2)
            self.assertEqual((job["name"], job["metadata"]), ("a", {"shot": "A1"}))
            if form is forms[2]:
                self.assertEqual(sorted(task["uri"] for task in made), ["first", "second"])

    def test_append_goes_to_the_latest_job_with_the_same_parties(self):
        s = session("admin")
        both = []
        for name in ("c", "d"):
            stored("forms/" + name)
            both.append(
                s.create(
                    "Transfer",
                    {
                        "source": "forms/" + name,
                        "destination": at("admin", "append/"),
                        "append": bool(both),
                    },
                )
            )
            self.assertNotEqual(both[-1]["status"], "init" if len(both) > 1 else None)
            wait(s, both[-1], "done")
        self.assertEqual(both[0]["id"], both[1]["id"])

    def test_an_upload(self):
        s = session("lisa")
        path = local("lisa", "shots/A001 ä.mov", "camera")
        self.refused(".", s.create, "Transfer", {"source": path, "destination": "volume=storage/in/"})
        a = session("admin")
        volume = a.find_one("volume WHERE code=storage")
        a.grant(EMAIL["lisa"], volume["id"], read=True, write=True)
        job = s.create("Transfer", {"source": path, "destination": "volume=storage/in/", "queue": "high"})
        self.assertTrue(job["uri"].startswith("high"))
        wait(s, job, "done")
        self.assertEqual((STORAGE / "in/A001 ä.mov").read_text(), "camera")
        a.revoke(a.access("entity=" + EMAIL["lisa"])[0]["id"])
