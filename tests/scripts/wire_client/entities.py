"""Finding, making and changing entities."""

import json
import re

from .dates import to_wire


class Entities:
    def find(
        self,
        query,
        entityid=None,
        finished=None,
        inactive=None,
        archived=None,
        limit=None,
        skip=None,
        attributes=None,
        create=False,
        update=False,
        single=False,
    ):
        """A list of entities; for `entitytypes` and `attributes WHERE entitytype=...` a list of names."""
        entitytype, expression = split(query)
        if entitytype.lower() == "entitytypes":
            return self.event("GET", "entitytypes", {})["result"]
        if entitytype.lower() == "attributes":
            named = expression.split("=")[-1].strip()
            data = {"entitytype": named, "create": create, "update": update}
            return self.event("GET", "attributes", data)["result"]
        data = {
            "finished": finished,
            "inactive": inactive,
            "archived": archived,
            "limit": limit,
            "skip": skip,
            "attributes": attributes,
        }
        data = {key: value for key, value in data.items() if value is not None}
        if single:
            data["single_entity_query"] = True
        if entitytype.lower() == "acl":
            return self.event("GET", "acl/find", data, query=query.lower())["result"]
        if entityid is not None:
            data["parent"] = entityid
        return self.event("GET", entitytype + "/find", data, query=expression)["result"]

    def find_one(self, query, **options):
        """The first that is found, or None; jobs also among those that are finished."""
        found = self.find(query, single=True, **options)
        return found[0] if found else None

    def get_entity(self, entitytype, entityid):
        """The entity whatever its state, or None."""
        found = self.event("GET", entitytype + "/find", {}, entityid)["result"]
        return found[0] if found else None

    def create(self, entitytype, data, entityid=None, allow_duplicates=True):
        """The new entity; a list where several were made."""
        is_job = entitytype.lower() in ("transfer", "job", "task")
        payload = {**data, "allow_duplicates": allow_duplicates} if is_job else data
        answer = self.event("POST", entitytype + "/create", payload, entityid)
        return unwrapped(answer["result"]) if "result" in answer else answer

    def update(self, entitytype, entityid, data):
        return unwrapped(self.event("PUT", entitytype + "/edit", data, entityid)["result"])

    def update_one(self, entitytype, entityid, data):
        return self.update(entitytype, entityid, data)

    def update_many(self, entitytype, entityid, data):
        """Changes several entities beneath `entityid` (the tasks of a job): a list of objects."""
        if not isinstance(data, list):
            raise Exception("Several are changed by a list")
        return self.event("PUT", entitytype + "/edit", data, entityid)["result"]

    def activate(self, entitytype, code_or_id):
        if re.fullmatch("[0-9a-f]{24}", code_or_id):
            return self.event("POST", entitytype + "/activate", {}, code_or_id)["result"]
        return self.event("POST", entitytype + "/activate", {}, query=code_or_id)["result"]

    def deactivate(self, entitytype, entityid):
        return self.event("DELETE", entitytype + "/deactivate", {}, entityid)["result"]

    def delete(self, entitytype, entityid, force=None):
        data = {} if force is None else {"force": force}
        return self.event("DELETE", entitytype + "/delete", data, entityid)["result"]

    def delete_one(self, entitytype, entityid, **options):
        return self.delete(entitytype, entityid, **options)

    def report(self, entitytype, entityid):
        answer = self.event("GET", entitytype + "/report", {}, entityid)
        return answer["report"] if "report" in answer else answer["result"]["report"]

    def metrics(self, entitytype, entityid, attributes=None, time=None):
        data = {"attributes": attributes or ["speed"], "time": time}
        return self.event("GET", entitytype + "/metrics", data, entityid)["result"]

    def dump(self, value):
        """The entity as text, indented."""
        return json.dumps(value, indent=4, sort_keys=True, default=to_wire)


def split(query):
    """`Transfer WHERE a=b`: the entity type as it was written, and the expression in lower case or None."""
    parts = re.split(r"\s+where\s+", query.strip(), maxsplit=1, flags=re.IGNORECASE)
    return parts[0], parts[1].lower() if len(parts) == 2 else None


def unwrapped(result):
    return result[0] if isinstance(result, list) and len(result) == 1 else result
