"""Who may use what: servers of volumes, ACLs, recipients, collections."""

from .entities import unwrapped


class Access:
    def assign(self, entitytype, entityid, client):
        """Lets a server serve a volume, too."""
        return self.event("PUT", entitytype + "/server", {"client": client}, entityid)["result"]

    def deassign(self, entitytype, entityid, client):
        return self.event("DELETE", entitytype + "/server", {"client": client}, entityid)["result"]

    def assignments(self, entitytype, entityid):
        return self.event("GET", entitytype + "/servers", {}, entityid)["result"]

    def grant(self, user, share, read=True, write=False, path=None, notify=None, message=None, invite=None):
        """`user` is an id or an email, `share` an id. The ACL, or True where one was there already."""
        data = {"entity": "user:" + user, "target": "share:" + share, "read": read, "write": write}
        more = {"path": path, "notify": notify, "message": message, "invite": invite}
        data.update({key: value for key, value in more.items() if value is not None})
        return unwrapped(self.event("POST", "acl/create", data)["result"])

    def access(self, expression=None, recursive=None):
        """The ACLs that an expression finds, or all."""
        query = "acl" if expression is None else "acl WHERE " + expression
        data = {} if recursive is None else {"recursive": recursive}
        return self.event("GET", "acl/find", data, query=query.lower())["result"]

    def revoke(self, entityid):
        return self.event("DELETE", "acl/delete", {}, entityid)["result"]

    def recipients(self, entitytype, entityid):
        return self.event("GET", entitytype + "/recipients", {}, entityid)["result"]

    def add_recipient(self, entitytype, entityid, recipient, invite=None):
        data = {"recipient": recipient} if invite is None else {"recipient": recipient, "invite": invite}
        return self.event("PUT", entitytype + "/recipient/add", data, entityid)["result"]

    def remove_recipient(self, entitytype, entityid, recipient):
        return self.event("DELETE", entitytype + "/recipient", {"recipient": recipient}, entityid)["result"]

    def collection_files(self, entityid):
        return self.event("GET", "file/find", {"parent": entityid})["result"]

    def add_files(self, entityid, files):
        return self.event("POST", "file/add", {"files": files}, entityid)["result"]

    def remove_files(self, entityid, files):
        return self.event("DELETE", "collection/file/remove", {"files": files}, entityid)["result"]
