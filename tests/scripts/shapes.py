"""What answers look like on the wire, whoever asks."""

import re
from datetime import datetime

from cast import EMAIL, Script, at, local, session, stored, until, wait

EMAIL_SHAPE = re.compile("[^@ ]+@[^@ ]+")
JOBS = ("transfer", "task", "delivery", "request", "stream")


def setUpModule():
    """Something of every kind, seen by everybody who may."""
    admin, tommy = session("admin"), session("tommy")
    volume = admin.find_one("volume WHERE default=true")
    admin.grant(EMAIL["lisa"], volume["id"], read=True, write=True)
    stored("shapes/a.mov")
    folder = admin.create(
        "folder", {"code": "shapes", "name": "Shapes", "parent": volume["id"], "path": "shapes"}
    )
    admin.grant(EMAIL["tommy"], folder["id"], read=True, write=True)
    files = admin.create("collection", {"code": "chosen", "name": "Chosen", "files": ["folder=shapes/a.mov"]})
    admin.grant(EMAIL["tommy"], files["id"])
    admin.create("home", {"user": EMAIL["tommy"]})
    path = local("tommy", "shapes/b.mov")
    tommy.create(
        "Transfer", {"source": path, "destination": "folder=shapes/", "status": "paused", "name": "shapes"}
    )


class Answers(Script):
    def test_hold_exactly_the_attributes_of_the_role(self):
        for name in ("admin", "lisa", "tommy"):
            client, seen = session(name), set()
            for entitytype in client.find("entitytypes"):
                if entitytype in ("task", "file"):
                    continue
                names = client.find("attributes WHERE entitytype=" + entitytype)
                for each in client.find(entitytype):
                    self.assertEqual(sorted(each), sorted(names), "%s for %s" % (entitytype, name))
                    seen.add(entitytype)
            self.assertTrue({"transfer", "user", "folder", "collection", "home", "acl", "app"} <= seen, seen)

    def test_of_tasks_and_files_too(self):
        for name in ("admin", "lisa", "tommy"):
            client = session(name)
            job = client.find_one("Transfer WHERE name=shapes")
            names = client.find("attributes WHERE entitytype=task")
            self.assertEqual(
                [sorted(each) for each in client.find("Task", entityid=job["id"])], [sorted(names)]
            )
            chosen = client.find_one("collection WHERE code=chosen")
            if chosen is not None:
                names = client.find("attributes WHERE entitytype=file")
                self.assertEqual(
                    [sorted(each) for each in client.collection_files(chosen["id"])], [sorted(names)]
                )

    def test_creators_and_modifiers_are_emails_but_of_jobs(self):
        admin = session("admin")
        for entitytype in admin.find("entitytypes"):
            if entitytype in ("task", "file"):
                continue
            for each in admin.find(entitytype):
                for key in ("creator", "modifier"):
                    value = each.get(key)
                    if value:
                        shape = "[0-9a-f]{24}" if entitytype in JOBS else EMAIL_SHAPE
                        self.assertRegex(value, shape, "%s of %s" % (key, entitytype))
                if "created" in each:
                    self.assertIsInstance(each["created"], datetime)
                    self.assertIsInstance(each["modified"], datetime)
        (job,) = admin.find("Transfer WHERE name=shapes")
        self.assertRegex(job["user"], "^[0-9a-f]{24}$")

    def test_are_lists_of_one_or_true(self):
        admin = session("admin")
        made = admin.event("POST", "queue/create", {"code": "shapes"})["result"]
        self.assertEqual([each["code"] for each in made], ["shapes"])
        changed = admin.event("PUT", "queue/edit", {"name": "S"}, made[0]["id"])["result"]
        self.assertEqual([each["name"] for each in changed], ["S"])
        self.assertIs(admin.event("DELETE", "queue/delete", {}, made[0]["id"])["result"], True)
        folder = admin.find_one("folder WHERE code=shapes")
        self.assertIs(admin.deactivate("folder", folder["id"]), True)
        self.assertIs(admin.activate("folder", "SHAPES"), True)
        self.assertIs(admin.set_setting("shapes", "1"), True)
        self.assertIs(admin.remove_setting("shapes"), True)
        self.assertIs(admin.mkdir("folder=shapes/new"), True)
        self.assertIs(admin.rm("folder=shapes/new"), True)

    def test_reports_and_figures(self):
        admin = session("admin")
        job = admin.find_one("Transfer WHERE name=shapes")
        answer = admin.event("GET", "transfer/report", {}, job["id"])
        self.assertIsInstance(answer["report"], str)
        for time in (None, datetime(2026, 1, 1)):
            self.assertIsInstance(admin.metrics("transfer", job["id"], attributes=["speed"], time=time), dict)


class Acls(Script):
    def test_of_what_lies_beneath_come_along(self):
        admin = session("admin")
        volume = admin.find_one("volume WHERE code=storage")
        expression = "target=share:" + volume["id"]
        plain = {each["target"] for each in admin.access(expression)}
        beneath = {each["target"] for each in admin.access(expression, recursive=True)}
        folder = admin.find_one("folder WHERE code=shapes")
        self.assertEqual(plain, {"share:" + volume["id"]})
        self.assertTrue({"share:" + volume["id"], "share:" + folder["id"]} <= beneath)


class Jobs(Script):
    def test_tasks_are_found_whatever_their_jobs_state(self):
        admin = session("admin")
        body = {"source": "folder=shapes/a.mov", "destination": at("admin", "shapes.mov")}
        job = admin.create("Transfer", body)
        wait(admin, job, "done")
        self.assertEqual([each["status"] for each in admin.find("Task", entityid=job["id"])], ["done"])
        self.assertEqual(len(admin.find("Task WHERE status=done", entityid=job["id"])), 1)
        (one,) = admin.find("Task WHERE job.id=" + job["id"])
        self.assertEqual((one["size"], one["job"]), (1, job["id"]))
        self.assertIsInstance(one["finished"], datetime)

    def test_what_is_on_hold_pauses_the_job_and_goes_on_by_itself(self):
        admin = session("admin")
        tasks = [
            {"source": "folder=shapes/a.mov", "destination": at("admin", "hold/" + name), "status": status}
            for name, status in (("a", "queued"), ("b", "onhold"))
        ]
        job = admin.create("Transfer", {"tasks": tasks})
        wait(admin, job, "paused")
        (held,) = admin.find("Task WHERE status=onhold", entityid=job["id"])
        admin.update_many("Task", job["id"], [{"id": held["id"], "status": "queued"}])
        wait(admin, job, "done")

    def test_new_tasks_revive_a_finished_job_that_shows_waiting(self):
        admin = session("admin")
        job = admin.create(
            "Transfer", {"source": "folder=shapes/a.mov", "destination": at("admin", "revive/a")}
        )
        wait(admin, job, "done")
        for name in ("b", "c"):
            task = {"source": "folder=shapes/a.mov", "destination": at("admin", "revive/" + name)}
            admin.create("Task", {"tasks": task}, entityid=job["id"])
            self.assertEqual(admin.get_entity("Transfer", job["id"])["status"], "waiting")
        self.assertEqual(wait(admin, job, "done")["progress"], 100)
        again = admin.update("Transfer", job["id"], {"status": "waiting"})
        self.assertEqual(again["status"], "waiting")
        wait(admin, job, "done")

    def test_metadata_and_name_are_changed_by_those_who_may(self):
        admin, tommy = session("admin"), session("tommy")
        (job,) = tommy.find("Transfer WHERE name=shapes")
        changed = tommy.update(
            "Transfer", job["id"], {"metadata": {"note": "Ünïcode ✓", "deep": {"list": [1]}}}
        )
        self.assertEqual(changed["metadata"], {"note": "Ünïcode ✓", "deep": {"list": [1]}})
        self.assertEqual(changed["modifier"], tommy.user_id)
        self.assertEqual(len(admin.find('Transfer WHERE metadata.note="ünïcode ✓"')), 1)
        for data in (
            {"source": "x"},
            {"progress": 100},
            {"status": "running"},
            {"colour": 1},
            {"metadata": "text"},
        ):
            self.refused(".", tommy.update, "Transfer", job["id"], data)
        until(lambda: admin.get_entity("Transfer", job["id"])["size"], lambda size: size == 1)
