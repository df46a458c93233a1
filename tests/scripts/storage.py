"""Volumes, folders, homes, collections, and who may use them."""

from cast import EMAIL, LOCAL, STORAGE, Script, at, session, stored, until, wait

SHARE = (
    "code name created creator description email id metadata modified modifier parent parent_hr path queue"
)
SHARE += " status status_hr inactive"
ACL = (
    "entity target entity_hr target_hr path read write notify message acknowledged role status token created"
)
ACL += " creator description id"


class Storage(Script):
    def setUp(self):
        self.admin = session("admin")
        self.volume = self.admin.find_one("volume WHERE code=storage")
        self.addCleanup(self.clear)
        self.clear()

    def clear(self):
        for acl in self.admin.access():
            self.admin.revoke(acl["id"])
        for kind in ("collection", "home", "folder"):
            for each in self.admin.find(kind) + self.admin.find(kind, inactive=True):
                self.admin.delete(kind, each["id"], force=True)

    def folder(self, name, **more):
        path = "shows/" + name.lower().replace(" ", "-")
        (STORAGE / path).mkdir(parents=True, exist_ok=True)
        return self.admin.create("folder", {"name": name, "parent": self.volume["id"], "path": path, **more})


class Volumes(Storage):
    def test_have_paths_servers_and_one_default(self):
        volume = self.volume
        self.assertHas(volume, SHARE.split() + ["default", "paths", "path", "server", "siteservers"])
        self.assertEqual(
            (volume["default"], volume["path"], volume["status"]), (True, str(STORAGE), "enabled")
        )
        place = STORAGE.parent / "projects"
        made = self.admin.create(
            "volume",
            {"name": "Projects", "server": volume["server"], "path": str(place), "metadata": {"raid": 6}},
        )
        self.assertEqual((made["code"], made["default"], made["path"]), ("projects", False, str(place)))
        self.assertTrue(place.is_dir())
        self.assertEqual(self.admin.find("volume WHERE metadata.raid=6")[0]["id"], made["id"])
        self.assertTrue(self.admin.update("volume", made["id"], {"default": True})["default"])
        self.assertEqual(
            [each["code"] for each in self.admin.find("volume WHERE default=true")], ["projects"]
        )
        self.refused("(?i)default", self.admin.delete, "volume", made["id"])
        self.admin.update("volume", volume["id"], {"default": True})
        again = {"code": "projects", "path": str(place), "server": volume["server"]}
        self.refused("code", self.admin.create, "volume", again)

        written = place / "shots" / "a.mov"
        written.parent.mkdir()
        written.write_text("a")
        folder = self.admin.create("folder", {"name": "Shots", "parent": made["id"], "path": "shots"})
        self.admin.grant(EMAIL["tommy"], folder["id"])
        job = self.admin.create(
            "Transfer",
            {
                "source": "volume=projects/shots/a.mov",
                "destination": at("admin", "v"),
                "status": "paused",
            },
        )
        self.assertTrue(self.admin.delete("volume", made["id"]))
        self.assertEqual(self.admin.get_entity("Transfer", job["id"])["status"], "aborted")
        self.assertIsNone(self.admin.get_entity("folder", folder["id"]))
        self.assertEqual(self.admin.access(), [])
        self.assertTrue(written.exists(), "files stay")

    def test_standard_users_know_of_none(self):
        tommy = session("tommy")
        self.assertEqual(tommy.find("volume"), [])
        self.assertEqual(session("lisa").find("volume"), [])
        self.admin.grant(EMAIL["lisa"], self.volume["id"], read=True)
        self.assertEqual([each["code"] for each in session("lisa").find("volume")], ["storage"])
        self.refused(".", session("lisa").update, "volume", self.volume["id"], {"name": "mine"})
        self.refused(".", session("lisa").create, "volume", {"name": "mine", "path": "/tmp/mine"})


class Folders(Storage):
    def test_are_made_beneath_volumes(self):
        folder = self.folder("My Show", description="Season 1", metadata={"season": 1})
        self.assertHas(folder, SHARE.split())
        self.assertEqual((folder["name"], folder["parent"]), ("My Show", self.volume["id"]))
        self.assertRegex(folder["code"], r"(?i)^my.?show$")
        self.assertEqual(
            (folder["path"], folder["status"], folder["inactive"]), ("shows/my-show", "enabled", False)
        )
        self.assertIn("storage", folder["parent_hr"])
        self.assertEqual((folder["creator"], folder["modified"]), (EMAIL["admin"], folder["created"]))
        again = self.folder("My Show")
        self.assertNotEqual(again["code"], folder["code"])
        self.refused(".", self.folder, "Another", code=folder["code"])
        self.refused(".", self.folder, "Escape", path="../outside")
        self.refused("colour", self.admin.update, "folder", folder["id"], {"colour": "red"})
        self.refused(".", self.admin.update, "folder", folder["id"], {"id": "0" * 24})
        renamed = self.admin.update("folder", folder["id"], {"code": "series"})
        self.assertEqual(renamed["code"], "series")
        # By its old name, and by anything that names it.
        for query in ("Share WHERE code=series", "folder WHERE parent=storage AND code=series"):
            self.assertEqual([each["id"] for each in self.admin.find(query)], [folder["id"]])
        self.assertEqual(self.admin.get_entity("Share", folder["id"])["id"], folder["id"])

    def test_set_aside_takes_the_acls_along(self):
        folder = self.folder("Aside")
        self.admin.grant(EMAIL["tommy"], folder["id"])
        tommy = session("tommy")
        self.assertEqual(len(tommy.find("folder")), 1)
        self.assertTrue(self.admin.deactivate("folder", folder["id"]))
        self.assertEqual((tommy.find("folder"), tommy.access(), self.admin.access()), ([], [], []))
        self.assertEqual(self.admin.find("folder WHERE code=" + folder["code"]), [])
        aside = self.admin.find("folder WHERE code=" + folder["code"], inactive=True)
        self.assertEqual([each["inactive"] for each in aside], [True])
        self.assertTrue(self.admin.activate("folder", folder["code"]))
        self.assertEqual((len(tommy.find("folder")), len(tommy.access())), (1, 1))
        self.assertTrue(self.admin.delete("folder", folder["id"]))
        self.assertEqual((tommy.find("folder"), self.admin.access()), ([], []))
        self.assertTrue((STORAGE / "shows/aside").is_dir(), "files stay")

    def test_jobs_of_a_disabled_folder_wait(self):
        folder = self.folder("Closed")
        stored("shows/closed/a.mov")
        self.admin.update("folder", folder["id"], {"status": "disabled"})
        job = self.admin.create(
            "Transfer", {"source": "folder=closed/a.mov", "destination": at("admin", "closed/")}
        )
        look = lambda: self.admin.get_entity("Transfer", job["id"])
        until(look, lambda found: found["status"] == "waiting" and "closed" in str(found).lower())
        self.admin.update("folder", folder["id"], {"status": "enabled"})
        wait(self.admin, job, "done")


class Access(Storage):
    def test_a_standard_user_sees_what_was_granted(self):
        folder, other = self.folder("Granted"), self.folder("Other")
        tommy = session("tommy")
        self.assertEqual(tommy.find("folder"), [])
        acl = self.admin.grant(EMAIL["tommy"], folder["id"], read=True, write=False, message="Have a look")
        self.assertHas(acl, ACL.split())
        self.assertEqual((acl["entity"], acl["target"]), ("user:" + tommy.user_id, "share:" + folder["id"]))
        self.assertEqual((acl["path"], acl["read"], acl["write"]), ("/", True, False))
        self.assertIn(EMAIL["tommy"], acl["entity_hr"])
        self.assertIn(folder["code"], acl["target_hr"])
        self.assertEqual([each["id"] for each in tommy.find("folder")], [folder["id"]])
        self.assertIsNone(tommy.get_entity("folder", other["id"]))
        self.assertEqual([each["id"] for each in tommy.access()], [acl["id"]])
        for expression in (
            "entity=" + EMAIL["tommy"],
            "target=share:" + folder["id"],
            "entity=" + acl["entity"],
        ):
            self.assertEqual([each["id"] for each in self.admin.access(expression)], [acl["id"]])
        self.assertEqual([each["id"] for each in self.admin.find("acl WHERE read=true")], [acl["id"]])
        self.assertTrue(self.admin.revoke(acl["id"]))
        self.assertEqual((tommy.find("folder"), tommy.access()), ([], []))

    def test_another_path_is_added_to_the_acl(self):
        folder = self.folder("Paths")
        first = self.admin.grant(EMAIL["tommy"], folder["id"], read=True, path="/in")
        self.assertEqual(first["path"], "/in")
        more = self.admin.grant(EMAIL["tommy"], folder["id"], read=False, write=True, path="/out")
        self.assertIs(more, True)
        (acl,) = self.admin.access("target=share:" + folder["id"])
        self.assertEqual((acl["path"], acl["read"], acl["write"]), ("/in", True, False))
        self.assertEqual(sorted(each["path"] for each in acl["paths"]), ["/in", "/out"])

    def test_what_cannot_be_granted(self):
        folder, tommy = self.folder("Refusals"), EMAIL["tommy"]
        self.refused(".", self.admin.grant, tommy, folder["id"], read=False, write=False)
        self.refused(".", self.admin.grant, tommy, "0" * 24)
        self.refused(".", self.admin.grant, "not an email", folder["id"])
        self.refused(".", self.admin.grant, tommy, folder["id"], path="/../up")
        self.refused(".", self.admin.grant, "unknown@example.com", folder["id"], invite=False)
        self.refused(".", session("tommy").grant, EMAIL["tommy"], folder["id"])
        self.refused(".", session("lisa").grant, EMAIL["tommy"], folder["id"])
        self.refused("(?i)standard|folder", self.admin.grant, tommy, self.volume["id"])
        self.assertEqual(self.admin.access(), [])

    def test_an_unknown_email_is_invited(self):
        folder = self.folder("Invited")
        self.admin.grant(EMAIL["nora"], folder["id"])
        nora = session("nora")
        self.assertEqual(nora.role, "standard")
        self.assertEqual([each["id"] for each in nora.find("folder")], [folder["id"]])
        self.admin.delete("user", nora.user_id)

    def test_employees_share_beneath_their_volumes(self):
        lisa = session("lisa")
        body = {"name": "Lisas", "parent": self.volume["id"], "path": "shows/lisas"}
        (STORAGE / "shows/lisas").mkdir(parents=True, exist_ok=True)
        self.refused(".", lisa.create, "folder", body)
        self.assertEqual(lisa.find("folder"), [])
        self.admin.grant(EMAIL["lisa"], self.volume["id"], read=True, write=True)
        folder = lisa.create("folder", body)
        self.assertEqual(folder["creator"], EMAIL["lisa"])
        lisa.grant(EMAIL["tommy"], folder["id"], read=True)
        self.assertEqual([each["id"] for each in session("tommy").find("folder")], [folder["id"]])
        self.assertEqual(len(lisa.access("entity=" + EMAIL["tommy"])), 1)
        self.assertEqual(lisa.access("entity=" + EMAIL["admin"]), [])


class Homes(Storage):
    def test_everybody_has_one_at_most(self):
        tommy = session("tommy")
        self.assertEqual(tommy.find("home"), [])
        home = self.admin.create("home", {"user": EMAIL["tommy"]})
        self.assertHas(home, SHARE.split())
        self.assertEqual([each["id"] for each in tommy.find("home")], [home["id"]])
        self.refused(".", self.admin.create, "home", {"user": EMAIL["tommy"]})
        path = STORAGE / home["path"]
        path.mkdir(parents=True, exist_ok=True)
        (path / "notes.txt").write_text("mine")
        self.assertIn("notes.txt", [each["filename"] for each in tommy.ls("~")])
        job = tommy.create("Transfer", {"source": "~/notes.txt", "destination": at("tommy", "home/")})
        wait(tommy, job, "done")
        self.assertEqual((LOCAL["tommy"] / "home/notes.txt").read_text(), "mine")
        self.admin.grant(EMAIL["lisa"], self.volume["id"])
        self.assertEqual([each["id"] for each in session("lisa").find("home")], [home["id"]])

    def test_those_of_admins_are_hidden_from_employees(self):
        self.admin.grant(EMAIL["lisa"], self.volume["id"])
        self.admin.create("home", {"user": self.admin.user_id})
        self.assertEqual(session("lisa").find("home"), [])
        self.assertEqual(session("tommy").find("home"), [])
        self.assertEqual(len(self.admin.find("home")), 1)


class Collections(Storage):
    def test_hold_chosen_files_of_several_shares(self):
        stored("shows/picked/a.mov", "aa")
        stored("stills/b.jpg", "bbb")
        self.folder("Picked")
        files = ["folder=picked/a.mov", "volume=storage/stills"]
        made = self.admin.create("collection", {"name": "Best of", "files": files})
        self.assertHas(made, SHARE.split())
        self.assertNotIn("files", made)
        listed = self.admin.collection_files(made["id"])
        self.assertEqual(len(listed), 2)
        for each in listed:
            self.assertRegex(each["id"], "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
            self.assertIn("path", each)
        stored("stills/c.jpg", "c")
        more = self.admin.add_files(made["id"], ["volume=storage/stills/c.jpg"])
        self.assertIn("c.jpg", self.admin.dump(more))
        self.assertEqual(len(self.admin.collection_files(made["id"])), 3)
        tommy = session("tommy")
        self.assertEqual(tommy.find("collection"), [])
        self.admin.grant(EMAIL["tommy"], made["id"])
        names = {each["filename"] for each in tommy.ls("collection=" + made["code"])}
        self.assertEqual(names, {"a.mov", "stills", "c.jpg"})
        self.assertEqual(
            [each["filename"] for each in tommy.ls("collection=%s/stills" % made["code"], include="b*")],
            ["b.jpg"],
        )
        to = LOCAL["tommy"] / "picked"
        job = tommy.create(
            "Transfer", {"source": "collection=%s/a.mov" % made["code"], "destination": str(to / "a.mov")}
        )
        wait(tommy, job, "done")
        self.assertEqual((to / "a.mov").read_text(), "aa")
        self.refused(".", tommy.ls, "folder=picked")
        self.refused(".", tommy.add_files, made["id"], ["volume=storage/stills/b.jpg"])
        self.admin.remove_files(made["id"], [more[-1]["id"] if isinstance(more, list) else listed[0]["id"]])
        self.assertEqual(len(self.admin.collection_files(made["id"])), 2)

    def test_never_hold_absolute_paths(self):
        stored("stills/d.jpg")
        for files in (
            [str(STORAGE / "stills/d.jpg")],
            ["/etc/passwd"],
            ["volume=storage/../d"],
            ["volume=nowhere/d"],
        ):
            self.refused(".", self.admin.create, "collection", {"name": "Wrong", "files": files})
        self.assertEqual(self.admin.find("collection"), [])
