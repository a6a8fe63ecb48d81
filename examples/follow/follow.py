"""Follows a configuration on `holdfast serve` with nothing but the standard library.

HOLDFAST_SERVER and HOLDFAST_TOKEN say where and as whom.
"""

import json
import os
import time
from http.client import HTTPException
from urllib.request import Request, urlopen

BASE = os.environ.get("HOLDFAST_SERVER", "http://127.0.0.1:7420") + "/api/v1/namespaces/default"
TOKEN = os.environ["HOLDFAST_TOKEN"]


def get(path, **headers):
    headers["Authorization"] = "Bearer " + TOKEN
    return urlopen(Request(BASE + path, headers=headers), timeout=60)  # a stream has a heartbeat every 15 s


def read():
    """Reads the whole configuration, and tells which version it is."""
    with get("/config") as answer:
        config = json.load(answer)
    print("log_level is", config["server"]["log_level"], flush=True)
    return answer.headers["Holdfast-Version"]


def events(last_id):
    """Every event after the one with this id, as (id, name, data), until the stream ends."""
    with get("/watch", **{"Last-Event-ID": last_id}) as stream:
        event = {}
        for line in stream:
            line = line.decode().rstrip("\n")
            if line:
                field, _, value = line.partition(": ")
                event[field] = value
                continue
            if "id" in event:
                yield event["id"], event.get("event"), json.loads(event.get("data", "null"))
            event = {}


last_id = None
while True:
    try:
        last_id = last_id or read()
        for event_id, name, data in events(last_id):
            if name == "change":
                version = data["version"]
                keys = [change["section"] + "." + change["key"] for change in data["changes"]]
                print(f"version {version['id']} by {version['createdBy']}: {', '.join(keys)}", flush=True)
            if name in ("change", "reset"):  # reset: the versions between cannot be told any more, only what is now
                read()
            last_id = event_id  # only now: had it failed before, the event would come again
    except (OSError, HTTPException) as problem:
        print("going on with what there is:", problem, flush=True)
    time.sleep(1)
