"""Users: inviting, roles, setting aside, deleting, coming back."""

from cast import EMAIL, LOCAL, Script, local, session, until, wait

USER = (
    "code created creator description id logged_in metadata modified modifier name queue role status inactive"
)
NORA = EMAIL["nora"]


def user(email):
    return session("admin").find_one("user WHERE code=" + email)


class Invited(Script):
    """Somebody with a key, who is no member until invited."""

    def setUp(self):
        self.admin = session("admin")
        self.tearDown()

    def tearDown(self):
        for flags in ({}, {"inactive": True}):
            for each in self.admin.find("User WHERE code=" + NORA, **flags):
                self.admin.delete("user", each["id"])

    def invite(self, **more):
        return self.admin.create("user", {"code": NORA, "role": "standard", "mail": False, **more})

    def test_a_key_works_as_soon_as_its_account_is_a_member(self):
        self.refused(".", session, "nora")
        nora = self.invite(name="Nora N.", message="Welcome", metadata={"badge": 7}, description="freelance")
        self.assertHas(nora, USER.split())
        self.assertEqual((nora["code"], nora["role"], nora["status"]), (NORA, "standard", "enabled"))
        self.assertEqual((nora["name"], nora["metadata"]), ("Nora N.", {"badge": 7}))
        self.assertEqual((nora["creator"], nora["inactive"]), (EMAIL["admin"], False))
        self.assertEqual(nora["modified"], nora["created"])
        self.assertIn(nora["queue"], (None, ""))
        mine = session("nora")
        self.assertEqual((mine.role, mine.user_id), ("standard", nora["id"]))
        self.assertIsNotNone(user(NORA)["logged_in"])
        self.refused("(?i)nora|exist|already", self.invite)

    def test_a_deleted_and_invited_user_keeps_its_keys(self):
        self.invite()
        first = session("nora")
        self.assertTrue(self.admin.delete("user", first.user_id))
        self.refused(".", session, "nora")
        self.refused(".", first.find, "user")
        self.assertIsNone(self.admin.get_entity("user", first.user_id))
        self.invite(role="employee")
        again = session("nora")
        self.assertEqual(again.role, "employee")
        self.assertNotEqual(again.user_id, first.user_id)

    def test_a_disabled_user_cannot_log_in(self):
        nora = self.invite()
        mine = session("nora")
        changed = self.admin.update("user", nora["id"], {"status": "disabled"})
        self.assertEqual((changed["status"], changed["modifier"]), ("disabled", EMAIL["admin"]))
        self.refused(".", session, "nora")
        self.refused(".", mine.find, "Transfer")
        self.admin.update_one("user", nora["id"], {"status": "enabled"})
        self.assertEqual(mine.find("Transfer"), [])

    def test_set_aside_and_brought_back_with_home_and_access(self):
        nora = self.invite(create_home_share=True)
        mine = session("nora")
        self.assertEqual(len(mine.find("home")), 1)
        volume = self.admin.find_one("volume WHERE default=true")
        folder = self.admin.create("folder", {"name": "For Nora", "parent": volume["id"], "path": "for-nora"})
        self.admin.grant(NORA, folder["id"])
        self.assertTrue(self.admin.deactivate("user", nora["id"]))
        self.refused(".", session, "nora")
        self.assertEqual(self.admin.find("user WHERE code=" + NORA), [])
        aside = self.admin.find("user WHERE code=" + NORA, inactive=True)
        self.assertEqual([each["inactive"] for each in aside], [True])
        self.assertEqual(self.admin.access("entity=" + NORA), [])
        self.assertIsNone(self.admin.find_one("user WHERE code=" + NORA))
        self.assertEqual(self.admin.get_entity("user", nora["id"])["id"], nora["id"])
        self.assertTrue(self.admin.activate("user", NORA))
        back = session("nora")
        self.assertEqual(back.user_id, nora["id"])
        self.assertEqual([each["id"] for each in back.find("folder")], [folder["id"]])
        self.assertEqual(len(back.find("home")), 1)
        self.admin.delete("folder", folder["id"])

    def test_deleting_takes_jobs_and_home_along(self):
        nora = self.invite(role="employee", create_home_share=True, give_default_volume_access=True)
        mine = session("nora")
        home = mine.find_one("home")
        self.assertEqual(len(mine.find("volume")), 1)
        self.online()
        source = local("nora", "take.mov")
        job = mine.create("Transfer", {"source": source, "destination": "~/", "status": "paused"})
        self.refused("(?i)job|transfer", self.admin.deactivate, "user", nora["id"])
        self.assertTrue(self.admin.delete("user", nora["id"]))
        self.assertIsNone(self.admin.get_entity("home", home["id"]))
        self.assertEqual(self.admin.get_entity("Transfer", job["id"])["status"], "aborted")

    def test_the_agent_comes_back_with_its_user(self):
        self.invite()
        self.online()
        self.admin.delete("user", user(NORA)["id"])
        self.assertEqual(self.admin.find("client WHERE code=nora-pc AND status=online"), [])
        self.invite()
        self.online()

    def online(self):
        return until(lambda: self.admin.find_one("client WHERE code=nora-pc AND status=online"), bool)

    def test_a_changed_role_revokes_access(self):
        self.invite(role="employee", give_all_volumes_access=True)
        self.assertTrue(self.admin.access("entity=" + NORA))
        changed = self.admin.update("user", user(NORA)["id"], {"role": "standard"})
        self.assertEqual(changed["role"], "standard")
        self.assertEqual(self.admin.access("entity=" + NORA), [])
        mine = session("nora")
        self.assertEqual((mine.role, mine.find("folder")), ("standard", []))

    def test_chosen_volumes_at_creation(self):
        volume = self.admin.find_one("volume WHERE code=storage")
        self.invite(role="employee", volumes=[volume["id"]])
        self.assertEqual([each["id"] for each in session("nora").find("volume")], [volume["id"]])

    def test_the_email_is_taken_in_any_case(self):
        self.admin.create("user", {"code": "Nora@Example.COM", "role": "standard", "mail": False})
        self.assertEqual(user(NORA)["code"], NORA)
        self.assertEqual(session("nora").role, "standard")


class Roles(Script):
    def test_each_sees_whom_it_may(self):
        everybody = {EMAIL[name] for name in ("admin", "lisa", "tommy")}
        seen = {
            name: {each["code"] for each in session(name).find("User")} for name in ("admin", "lisa", "tommy")
        }
        self.assertEqual(seen["admin"] & everybody, everybody)
        self.assertEqual(seen["lisa"] & everybody, {EMAIL["lisa"], EMAIL["tommy"]})
        self.assertEqual(seen["tommy"], {EMAIL["tommy"]})

    def test_others_are_absent_whatever_is_asked(self):
        lisa, tommy, boss = session("lisa"), session("tommy"), user(EMAIL["admin"])
        for client in (lisa, tommy):
            self.assertIsNone(client.get_entity("user", boss["id"]))
            self.assertEqual(client.find("User WHERE code=" + EMAIL["admin"]), [])
            self.assertEqual(client.find("User WHERE role=admin"), [])
            gone = self.refused(".", client.update, "user", boss["id"], {"name": "x"})
            never = self.refused(".", client.update, "user", "0" * 24, {"name": "x"})
            self.assertEqual(str(gone).replace(boss["id"], "ID"), str(never).replace("0" * 24, "ID"))

    def test_what_may_be_read_but_not_done_is_refused_in_words(self):
        lisa, tommy = session("lisa"), session("tommy")
        self.refused(".", tommy.create, "user", {"code": "x@example.com", "role": "standard"})
        self.refused(".", lisa.create, "user", {"code": "x@example.com", "role": "admin"})
        self.refused(".", lisa.update, "user", lisa.user_id, {"role": "admin"})
        self.refused(".", tommy.update, "user", tommy.user_id, {"role": "admin"})
        self.refused(".", tommy.update, "user", tommy.user_id, {"status": "disabled"})
        self.assertEqual(session("lisa").role, "employee")
        renamed = tommy.update("user", tommy.user_id, {"name": "Tommy T."})
        self.assertEqual(renamed["name"], "Tommy T.")

    def test_entity_types_and_attributes_are_of_the_role(self):
        types = {name: set(session(name).find("entitytypes")) for name in ("admin", "lisa", "tommy")}
        self.assertTrue({"transfer", "task", "user", "folder", "home", "collection", "acl"} <= types["tommy"])
        self.assertTrue({"delivery", "request", "stream"} <= types["tommy"])
        self.assertTrue({"workspace", "queue", "site", "server", "volume"} <= types["lisa"])
        self.assertFalse({"queue", "site", "workspace", "volume"} & types["tommy"])
        admin = session("admin")
        self.assertHas(dict.fromkeys(admin.find("attributes WHERE entitytype=user")), USER.split())
        create = admin.find("attributes WHERE entitytype=user", create=True)
        given = "create_home_share give_all_volumes_access give_default_volume_access volumes message mail"
        self.assertHas(dict.fromkeys(create), ["code", "role", "name", *given.split()])
        update = admin.find("attributes WHERE entitytype=user", update=True)
        self.assertNotIn("code", update)
        self.assertIn("role", update)
        self.assertNotIn("role", session("tommy").find("attributes WHERE entitytype=user", update=True))
        self.refused("unicorn", admin.find, "attributes WHERE entitytype=unicorn")

    def test_parcels_keep_their_place(self):
        names = "id code name status public user user_hr created creator modified modifier"
        names += " parent size metadata expires"
        for role in ("admin", "lisa", "tommy"):
            found = session(role).find("attributes WHERE entitytype=delivery")
            self.assertHas(dict.fromkeys(found), names.split())
            self.assertFalse({"data", "config"} & set(found))
        for entitytype in ("delivery", "request", "stream"):
            self.refused("(?i)not available", session("admin").create, entitytype, {"name": "x"})

    def test_keys_are_not_given_out(self):
        self.refused(".", session("admin").get_api_key)

    def test_clients_are_own_and_of_standard_users(self):
        def codes(name):
            return {each["code"] for each in session(name).find("client")}

        self.assertTrue({"desk", "lisa-mac", "tommy-pc"} <= codes("admin"))
        self.assertIn("tommy-pc", codes("lisa"))
        self.assertIn("lisa-mac", codes("lisa"))
        self.assertNotIn("desk", codes("lisa"))
        self.assertEqual(codes("tommy"), {"tommy-pc"})
        until(lambda: session("tommy").find_one("app WHERE status=online"), bool)


class Waiting(Script):
    def test_jobs_of_a_disabled_user_wait_and_go_on(self):
        admin, tommy = session("admin"), session("tommy")
        home = admin.create("home", {"user": EMAIL["tommy"]})
        path = local("tommy", "waits/a.mov")
        try:
            job = tommy.create("Transfer", {"source": path, "destination": "~/", "status": "paused"})
            admin.update("user", tommy.user_id, {"status": "disabled"})
            self.refused(".", session, "tommy")
            admin.update("Transfer", job["id"], {"status": "waiting"})
            look = lambda: admin.get_entity("Transfer", job["id"])
            until(look, lambda found: "J051" in str(found) and found["status"] == "waiting")
            self.assertIn("J051", admin.report("Transfer", job["id"]))
        finally:
            admin.update("user", tommy.user_id, {"status": "enabled"})
        wait(admin, job, "done")
        admin.delete("home", home["id"], force=True)
