"""A pipeline at night: hundreds of jobs, thousands of tasks, found, changed and cleared again."""

from concurrent.futures import ThreadPoolExecutor

from cast import EMAIL, LOCAL, STORAGE, Script, at, session, stored, wait

JOBS, TASKS, WORKERS = 500, 2000, 4


class Pipeline(Script):
    def test_thousands_of_jobs(self):
        s = session("admin")
        stored("night/plate.exr")

        def make(i):
            body = {
                "source": "night/plate.exr",
                "destination": at("admin", "night/%d" % i),
                "name": "SH%04d plates" % i,
                "status": "paused",
                "metadata": {"shot": "SH%04d" % i, "batch": i // 100},
            }
            return s.create("Transfer", body)["id"]

        # Like the workers of a pipeline: at the same time.
        with ThreadPoolExecutor(WORKERS) as workers:
            made = list(workers.map(make, range(JOBS)))
        self.assertEqual(len(set(made)), JOBS)
        found = s.find('Transfer WHERE name="SH* plates"', attributes=["id"])
        self.assertEqual(len(found), JOBS)
        self.assertEqual(len(s.find("Transfer WHERE metadata.batch=2 AND status=paused")), 100)
        page = s.find("Transfer WHERE metadata.batch=1", limit=100, skip=50)
        self.assertEqual(len(page), 50)
        self.assertEqual(s.find_one("Transfer WHERE metadata.shot=SH0042")["id"], made[42])
        for each in s.find("Transfer WHERE metadata.batch=0 AND name=SH000*", attributes=["id"]):
            s.update("Transfer", each["id"], {"status": "aborted"})
        self.assertEqual(len(s.find("Transfer WHERE metadata.batch=0")), 90)
        self.assertEqual(len(s.find("Transfer WHERE status=aborted AND metadata.batch=0", finished=True)), 10)

    def test_thousands_of_tasks_in_one_call(self):
        s = session("admin")
        for i in range(TASKS):
            (STORAGE / "shots").mkdir(exist_ok=True)
            (STORAGE / "shots" / ("plate.%05d.exr" % i)).write_text(str(i))
        to = LOCAL["admin"] / "shots"
        tasks = [
            {
                "source": "volume=storage/shots/plate.%05d.exr" % i,
                "destination": str(to / ("plate.%05d.exr" % i)),
                "metadata": {"frame": i},
            }
            for i in range(TASKS)
        ]
        job = s.create("Transfer", {"name": "all plates", "tasks": tasks, "status": "paused"})
        self.assertEqual(len(s.find("Task", entityid=job["id"], attributes=["id"])), TASKS)
        # Again: nothing is added, all are there.
        again = s.create("Task", {"tasks": tasks}, entityid=job["id"])
        self.assertEqual(len(again), TASKS)
        ids = [each["id"] for each in again]
        held = s.update_many("Task", job["id"], [{"id": each, "status": "excluded"} for each in ids[500:]])
        self.assertEqual(len(held), TASKS - 500)
        s.update("Transfer", job["id"], {"status": "waiting"})
        done = wait(s, job, "done", 90)
        self.assertEqual(len(list(to.iterdir())), 500)
        self.assertEqual((to / "plate.00499.exr").read_text(), "499")
        self.assertEqual(done["user_hr"].split("[")[0], "user:" + EMAIL["admin"])
