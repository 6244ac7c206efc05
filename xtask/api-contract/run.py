"""Makes an API key for the demo, waits until it has something to show, checks live events, and starts schemathesis."""

import json
import os
import pathlib
import subprocess
import sys
import threading
import time

import jsonschema_rs
import requests

HERE = pathlib.Path(__file__).parent
URL = os.environ["MEDIARY_URL"].rstrip("/")
SEED = os.environ.get("API_CONTRACT_SEED", "1")
# Cases of one operation in the fuzzing phase; the coverage phase has as many as the document has limits.
EXAMPLES = os.environ.get("API_CONTRACT_EXAMPLES", "15")
FURNISHED_WITHIN_S = 60
EVENT_WITHIN_S = 20


def admin_key():
    """An API key of the demo's admin."""
    browser = requests.Session()
    browser.headers["Origin"] = URL
    person = {"email": os.environ["MEDIARY_EMAIL"], "password": os.environ["MEDIARY_PASSWORD"]}
    browser.post(f"{URL}/api/auth/login", json=person).raise_for_status()
    made = browser.post(f"{URL}/api/api-keys", json={"name": "API contract", "role": "admin"})
    made.raise_for_status()
    return made.json()


def program(key):
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {key['key']}"
    return session


def known_ids(api):
    """Ids of records that are there, once the demo has played some messages."""
    deadline = time.monotonic() + FURNISHED_WITHIN_S
    while True:
        media = [file for file in api.get(f"{URL}/api/media").json()["items"] if file["url"]]
        stored = [file for file in media if file["downloadStatus"] == "completed"]
        if len(stored) >= 2:
            break
        if time.monotonic() > deadline:
            sys.exit("the demo has no stored media")
        time.sleep(0.2)
    return {
        "conversations": [file["conversationId"] for file in stored],
        "messages": [file["messageId"] for file in stored],
        "media": [file["id"] for file in stored],
        "whatsapp": [file["providerMediaId"] for file in stored if file["providerMediaId"]],
        "users": [user["id"] for user in api.get(f"{URL}/api/users").json()["items"]],
        "accounts": [one["id"] for one in api.get(f"{URL}/api/whatsapp-accounts").json()["items"]],
        "token": api.post(f"{URL}/api/media/{stored[0]['id']}/signed-url", json={}).json()["url"].rsplit("/", 1)[1],
    }


def check_events(api, document, conversation):
    """A live event is what the document says of it. Its stream has no end, so schemathesis cannot look at it."""
    content = document["paths"]["/api/events"]["get"]["responses"]["200"]["content"]
    schema = {**content["text/event-stream"]["schema"], "components": document["components"]}
    validator = jsonschema_rs.Draft202012Validator(schema)
    unauthorized = requests.get(f"{URL}/api/events")
    assert unauthorized.status_code == 401, unauthorized.text
    for last, expected in [("1", "resync"), (None, "conversation.updated")]:
        headers = {"Last-Event-ID": last} if last else {}
        with api.get(f"{URL}/api/events", headers=headers, stream=True, timeout=EVENT_WITHIN_S) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream"), stream.headers
            mark_read = f"{URL}/api/conversations/{conversation}/read"
            threading.Timer(0.5, lambda: program({"key": api.headers["Authorization"][7:]}).post(mark_read)).start()
            event = {}
            for line in stream.iter_lines(decode_unicode=True):
                name, _, value = line.partition(":")
                if name in ("id", "event", "data"):
                    event[name] = value.strip()
                elif not line and event.get("event"):
                    event["data"] = json.loads(event["data"])
                    validator.validate(event)
                    if event["event"] == expected:
                        break
                    event = {}
    print("Live events are as described.", flush=True)


def main():
    key = admin_key()
    api = program(key)
    ids = known_ids(api)
    document = api.get(f"{URL}/api/openapi.json").json()
    check_events(api, document, ids["conversations"][0])
    command = [
        str(pathlib.Path(sys.executable).with_name("schemathesis")),
        "--config-file", str(HERE / "schemathesis.toml"),
        "run", f"{URL}/api/openapi.json",
        "--seed", SEED, "--max-examples", EXAMPLES, "--no-color",
        *sys.argv[1:],
    ]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(HERE),
        "PYTHONDONTWRITEBYTECODE": "1",
        "API_CONTRACT_IDS": json.dumps(ids),
        "API_CONTRACT_KEY": key["key"],
        "API_CONTRACT_KEY_ID": str(key["id"]),
    }
    # It keeps notes for `schemathesis replay` where it runs.
    notes = HERE.parent.parent / "target" / "api-contract"
    sys.exit(subprocess.run(command, env=environment, cwd=notes, check=False).returncode)


if __name__ == "__main__":
    main()
