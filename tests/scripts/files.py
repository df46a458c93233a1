"""Operations on files through the server that serves them."""

from datetime import datetime

from cast import EMAIL, STORAGE, Script, at, session, stored

SHOW = "volume=storage/files"


def setUpModule():
    stored("files/a.mov", "a" * 10)
    stored("files/sub/b.MOV", "b" * 20)
    stored("files/sub/deep/c.txt", "c" * 30)
    admin = session("admin")
    volume = admin.find_one("volume WHERE code=storage")
    folder = admin.create(
        "folder", {"code": "shared", "name": "Shared", "parent": volume["id"], "path": "files/shared"}
    )
    for path in ("in/one.txt", "out/two.txt", "secret/three.txt"):
        stored("files/shared/" + path, path)
    admin.grant(EMAIL["tommy"], folder["id"], read=True, path="/in/one.txt")
    admin.grant(EMAIL["tommy"], folder["id"], read=False, write=True, path="/out")


def names(listing):
    return sorted(each["filename"] for each in listing)


class Listing(Script):
    def setUp(self):
        self.admin = session("admin")

    def test_shows_names_sizes_and_dates(self):
        listing = {each["filename"]: each for each in self.admin.ls(SHOW)}
        self.assertEqual(sorted(listing), ["a.mov", "shared", "sub"])
        self.assertEqual((listing["a.mov"]["type"], listing["a.mov"]["size"]), (1, 10))
        self.assertEqual(listing["sub"]["type"], 0)
        self.assertIsInstance(listing["a.mov"]["modified"], datetime)
        self.assertNotIn("files", listing["sub"])
        self.assertEqual(names(self.admin.ls(SHOW, files_only=True)), ["a.mov"])
        self.assertEqual(names(self.admin.ls(SHOW, directories_only=True)), ["shared", "sub"])
        sizes = {each["filename"]: each["size"] for each in self.admin.ls(SHOW, getsize=True)}
        self.assertEqual((sizes["a.mov"], sizes["sub"]), (10, 50))

    def test_goes_down(self):
        (sub,) = [each for each in self.admin.ls(SHOW, recursive=True) if each["filename"] == "sub"]
        self.assertEqual(names(sub["files"]), ["b.MOV", "deep"])
        (deep,) = [each for each in sub["files"] if each["filename"] == "deep"]
        self.assertEqual(names(deep["files"]), ["c.txt"])
        (sub,) = [
            each for each in self.admin.ls(SHOW, recursive=True, maxdepth=1) if each["filename"] == "sub"
        ]
        self.assertFalse(sub.get("files"))

    def test_is_filtered(self):
        self.assertEqual(names(self.admin.ls(SHOW + "/sub", include="*.mov")), ["b.MOV"])
        self.assertEqual(names(self.admin.ls(SHOW + "/sub", exclude="deep")), ["b.MOV"])
        self.assertEqual(names(self.admin.ls(SHOW + "/sub", include="re('B.*')")), ["b.MOV"])
        self.assertEqual(names(self.admin.ls(SHOW + "/sub", include="re('B.*mov', 'I')")), [])

    def test_is_the_same_in_every_notation(self):
        for path in (
            "files",
            str(STORAGE / "files"),
            "volume=(default)/files",
            "share=storage/files",
            "hq:volume=storage/files",
            "studio:files",
            "site=hq:files",
        ):
            self.assertEqual(names(self.admin.ls(path)), ["a.mov", "shared", "sub"], path)
        self.assertEqual(names(self.admin.ls("folder=shared")), ["in", "out", "secret"])
        self.assertEqual(names(self.admin.ls("share=shared/in")), ["one.txt"])

    def test_takes_several_paths(self):
        both = self.admin.ls([SHOW + "/sub", SHOW + "/sub/deep"])
        self.assertEqual([each["path"] for each in both], [SHOW + "/sub", SHOW + "/sub/deep"])
        self.assertEqual([names(each["result"]) for each in both], [["b.MOV", "deep"], ["c.txt"]])
        sizes = self.admin.getsize([SHOW + "/a.mov", SHOW + "/sub"])
        self.assertEqual([each["result"] for each in sizes], [10, 50])
        there = self.admin.exists([SHOW + "/a.mov", SHOW + "/nothing"])
        self.assertEqual([each["result"] for each in there], [True, False])

    def test_several_hundred_paths_go_into_one_call(self):
        paths = ["%s/a.mov" % SHOW if i % 2 else "%s/%s-%d" % (SHOW, "n" * 150, i) for i in range(400)]
        there = self.admin.exists(paths)
        self.assertEqual([each["result"] for each in there], [i % 2 == 1 for i in range(400)])

    def test_what_leads_out_or_nowhere_is_an_error(self):
        for path in (
            "volume=storage/../etc",
            "volume=nowhere/x",
            "volume=storage/files/a\0b",
            "",
            None,
            7,
        ):
            for call in (self.admin.ls, self.admin.getsize, self.admin.exists):
                self.refused(".", call, path)
        self.refused("nothing", self.admin.ls, SHOW + "/nothing")
        self.refused("nothing", self.admin.getsize, SHOW + "/nothing")

    def test_symbolic_links_lead_nowhere(self):
        link = STORAGE / "files" / "sub" / "out"
        link.symlink_to("/etc")
        try:
            self.refused(".", self.admin.ls, SHOW + "/sub/out")
            self.refused(".", self.admin.getsize, SHOW + "/sub/out/passwd")
            self.refused(".", self.admin.exists, SHOW + "/sub/out/passwd")
        finally:
            link.unlink()


class Changing(Script):
    def setUp(self):
        self.admin = session("admin")

    def test_directories_and_files(self):
        self.assertTrue(self.admin.mkdir("volume=storage/work/one"))
        self.assertTrue((STORAGE / "work/one").is_dir())
        self.assertIs(self.admin.exists("volume=storage/work/one"), True)
        stored("work/one/a.txt", "a")
        self.assertTrue(self.admin.rename("volume=storage/work/one/a.txt", "volume=storage/work/one/b.txt"))
        self.assertTrue((STORAGE / "work/one/b.txt").exists())
        self.refused(".", self.admin.rename, "volume=storage/work/one/b.txt", "volume=storage/work/b.txt")
        self.assertTrue(self.admin.mv("volume=storage/work/one/b.txt", "volume=storage/work/b.txt"))
        self.assertEqual((STORAGE / "work/b.txt").read_text(), "a")
        stored("work/one/c.txt")
        self.refused(".", self.admin.mv, "volume=storage/work/b.txt", "volume=storage/work/one/c.txt")
        self.refused("(?i)force|empty", self.admin.rm, "volume=storage/work/one")
        self.assertTrue(self.admin.rm("volume=storage/work/one", force=True))
        self.assertFalse((STORAGE / "work/one").exists())
        self.assertTrue(self.admin.rm("volume=storage/work/b.txt"))
        self.assertIs(self.admin.exists("volume=storage/work/b.txt"), False)
        self.refused(".", self.admin.rm, "volume=storage/work/b.txt")
        self.refused(".", self.admin.rm, "volume=storage/")
        self.assertTrue(STORAGE.is_dir())


class Vendor(Script):
    """Somebody with the role standard, who may read one file and write to one directory."""

    def setUp(self):
        self.tommy = session("tommy")

    def test_sees_the_way_to_what_may_be_read_and_nothing_else(self):
        self.assertEqual(names(self.tommy.ls("folder=shared")), ["in"])
        self.assertEqual(names(self.tommy.ls("folder=shared/in")), ["one.txt"])
        self.assertEqual(names(self.tommy.ls("folder=shared", recursive=True)[0]["files"]), ["one.txt"])
        self.assertEqual(self.tommy.getsize("folder=shared/in/one.txt"), len("in/one.txt"))
        self.assertIs(self.tommy.exists("folder=shared/in/one.txt"), True)

    def test_hears_the_same_of_what_is_hidden_and_of_what_is_not_there(self):
        for call in (self.tommy.ls, self.tommy.getsize, self.tommy.exists):
            hidden = self.refused(".", call, "folder=shared/secret")
            absent = self.refused(".", call, "folder=shared/nobody")
            self.assertEqual(str(hidden).replace("secret", "X"), str(absent).replace("nobody", "X"))
            hidden = self.refused(".", call, "volume=storage/files/sub")
            absent = self.refused(".", call, "volume=storage/files/nobody")
            self.assertEqual(str(hidden).replace("sub", "X"), str(absent).replace("nobody", "X"))

    def test_may_put_where_it_may_write(self):
        self.refused(".", self.tommy.ls, "folder=shared/out")
        self.assertTrue(self.tommy.mkdir("folder=shared/out/new"))
        self.assertTrue((STORAGE / "files/shared/out/new").is_dir())
        self.assertTrue(self.tommy.rename("folder=shared/out/new", "folder=shared/out/newer"))
        self.assertTrue(self.tommy.rm("folder=shared/out/newer", force=True))
        self.refused(".", self.tommy.mkdir, "folder=shared/in/new")
        self.refused(".", self.tommy.rm, "folder=shared/in/one.txt")
        self.refused(".", self.tommy.mv, "folder=shared/in/one.txt", "folder=shared/out/one.txt")
        self.assertTrue((STORAGE / "files/shared/in/one.txt").exists())


class Tasks(Script):
    def test_the_ends_of_a_task_are_paths_too(self):
        admin = session("admin")
        for path in ("folder=shared/in/one.txt", SHOW + "/a.mov"):
            job = admin.create("Transfer", {"source": path, "destination": at("admin", "x"), "status": "paused"})
            (task,) = admin.find("Task", entityid=job["id"])
            self.assertIs(admin.exists(task["source"]), True)
            self.assertEqual(admin.getsize([task["source"]])[0]["result"], 10)
            admin.delete("Transfer", job["id"])
