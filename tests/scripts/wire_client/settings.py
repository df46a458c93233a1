"""Settings, of the workspace unless an entity is named; keys and integrations."""


class Settings:
    def get_setting(self, name=None, entitytype=None, entityid=None, **options):
        """One value, or all as an object. Options: upstream, omit_defaults, recursive, share, integration."""
        data = {"entitytype": entitytype, "name": name, **options}
        return self.event("GET", "setting", data, entityid)["result"]

    def set_setting(self, name, value, entitytype=None, entityid=None, **options):
        data = {"entitytype": entitytype, "name": name, "value": value, **options}
        return self.event("PUT", "setting", data, entityid)["result"]

    def remove_setting(self, name, entitytype=None, entityid=None, **options):
        data = {"entitytype": entitytype, "name": name, **options}
        return self.event("DELETE", "setting", data, entityid)["result"]

    def get_api_key(self):
        return self.event("GET", "user/api_key", {})["api_key"]

    def integration(self, name, operation, data=None):
        uri = "workspace/integration/%s/utility" % name
        return self.event("PUT", uri, {"operation": operation, "data": data})["result"]
