"""Files on storage, through the server that serves it."""


class Files:
    def ls(
        self,
        path,
        recursive=False,
        maxdepth=None,
        getsize=False,
        files_only=False,
        directories_only=False,
        include=None,
        exclude=None,
    ):
        data = {
            "op": "ls",
            "path": path,
            # Means nothing to the server; clients send it.
            "download": True,
            "recursive": recursive,
            "maxdepth": maxdepth,
            "getsize": getsize,
            "files_only": files_only,
            "directories_only": directories_only,
            "include": include,
            "exclude": exclude,
        }
        return self.event("GET", "workspace/file", data)["result"]

    def getsize(self, path, include=None, exclude=None):
        data = {"op": "getsize", "path": path, "include": include, "exclude": exclude}
        return self.event("GET", "workspace/file", data)["result"]

    def exists(self, path):
        return self.event("GET", "workspace/file", {"op": "exists", "path": path})["result"]

    def mkdir(self, path):
        return self.event("POST", "workspace/file", {"op": "mkdir", "path": path})["result"]

    def rename(self, path, path_to):
        data = {"op": "rename", "path": path, "path_to": path_to}
        return self.event("PUT", "workspace/file", data)["result"]

    def mv(self, path, path_to):
        data = {"op": "move", "path": path, "path_to": path_to}
        return self.event("PUT", "workspace/file", data)["result"]

    def rm(self, path, force=None):
        data = {"op": "delete", "path": path, "force": force}
        return self.event("POST", "workspace/file", data)["result"]

    def prepublish(self, files, size=None):
        return self.event("PUT", "workspace/publish/preprocess", {"files": files, "size": size})["result"]
