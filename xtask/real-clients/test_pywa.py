"""pywa. What is set: phone number id, token, app secret, and the HTTP client, since Graph's address is fixed in it."""

import base64
import hashlib
import http.server
import logging
import os
import pathlib
import re
import threading
import unittest
import urllib.parse

import httpx
from pywa import WhatsApp, types
from pywa.errors import WhatsAppError

SAMPLES = pathlib.Path(__file__).parent / "../../crates/mediary-simulator/samples"
URL = httpx.URL(os.environ["SIMULATOR_URL"])
TOKEN = os.environ["SIMULATOR_TOKEN"]
VERIFY_TOKEN = "word-of-the-handshake"
CUSTOMER = "15550100001"
CAPTION = "Grüße aus Zürich 🚲"
FILES = {
    "image": ("bike.jpg", "image/jpeg"),
    "voice": ("voice-en.ogg", "audio/ogg"),
    "document": ("invoice.pdf", "application/pdf"),
}
DEADLINE_S = 10


class ToTheSimulator(httpx.HTTPTransport):
    """Takes what is meant for Graph to the simulator."""

    def handle_request(self, request):
        request.url = request.url.copy_with(scheme=URL.scheme, host=URL.host, port=URL.port)
        return super().handle_request(request)


def control(path, body=None, method=None):
    method = method or ("GET" if body is None else "POST")
    answer = httpx.request(method, f"{os.environ['SIMULATOR_CONTROL']}/{path}", json=body, timeout=40)
    assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json()


PHONE_ID = control("accounts")[0]["phoneNumberId"]


def incoming(**message):
    """A customer's message, of which the webhook was acknowledged if anybody listens."""
    customer = {"waId": CUSTOMER, "name": "Zoë"}
    return control("messages?wait=true", {"customer": customer, **message})["messages"][0]


def sha256(content):
    return hashlib.sha256(content).hexdigest()


class Webhooks:
    """Listens for webhooks and has pywa check and read them; `read` keeps what its handlers were given."""

    def __init__(self, client):
        self.read, self.failures, self.arrived = [], [], threading.Condition()
        client.on_message(lambda _, message: self.note(self.read, message))
        client.on_message_status(lambda _, status: self.note(self.read, status))
        handler = type("Handler", (WebhookHandler,), {"client": client, "webhooks": self})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever).start()
        control("options", {"webhooks": {"retryWaitsMs": []}}, "PATCH")
        url = f"http://127.0.0.1:{self.server.server_port}/"
        control("webhook-url", {"url": url, "verifyToken": VERIFY_TOKEN}, "PUT")

    def note(self, where, what):
        with self.arrived:
            where.append(what)
            self.arrived.notify_all()

    def of(self, message_id, wanted=1):
        """What pywa read of a message, once there is as much of it."""

        def found():
            return [update for update in self.read if update.id == message_id]

        with self.arrived:
            ended = self.arrived.wait_for(lambda: self.failures or len(found()) >= wanted, DEADLINE_S)
        assert ended and not self.failures, f"{self.failures or found()} instead of {wanted} updates"
        return found()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class WebhookHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        answer = self.client.webhook_challenge_handler(query.get("hub.verify_token"), query.get("hub.challenge"))
        self.answer(*answer)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signature = self.headers["X-Hub-Signature-256"]
        changed = body.replace(b"whatsapp", b"whatsupp")
        if not self.client.webhook_update_validator(changed, signature):
            self.webhooks.note(self.webhooks.failures, "a body that was not signed so is taken")
        refused = self.client.webhook_update_validator(body, signature)
        if refused:
            self.webhooks.note(self.webhooks.failures, refused)
        self.answer(*(refused or self.client.webhook_update_handler(body)))

    def answer(self, text, status):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


class Pywa(unittest.TestCase):
    def setUp(self):
        self.client = self.connect(TOKEN)

    def connect(self, token):
        session = httpx.Client(mounts={"https://graph.facebook.com": ToTheSimulator()})
        self.addCleanup(session.close)
        secret = os.environ["SIMULATOR_SECRET"]
        return WhatsApp(PHONE_ID, token, session=session, app_secret=secret, verify_token=VERIFY_TOKEN)

    def upload(self, kind):
        """The id that an uploaded file has, and its bytes."""
        name, mime_type = FILES[kind]
        content = (SAMPLES / name).read_bytes()
        return self.client.upload_media(content, mime_type=mime_type, filename=name).id, content

    def listen(self):
        webhooks = Webhooks(self.client)
        self.addCleanup(webhooks.close)
        return webhooks

    def understood(self, message_id):
        """What the simulator understood of a sent message, whose id has WhatsApp's form."""
        self.assertRegex(message_id, r"^wamid\.[A-Za-z0-9+/]+=*$")
        self.assertIn(CUSTOMER.encode(), base64.b64decode(message_id.removeprefix("wamid.")))
        return next(message for message in control("sent") if message["id"] == message_id)

    def refused(self, code, subcode, call, *arguments):
        with self.assertRaises(WhatsAppError) as caught:
            call(*arguments)
        self.assertEqual((caught.exception.code, caught.exception.subcode), (code, subcode))

    def test_files_come_back_byte_for_byte(self):
        for kind, (_, mime_type) in FILES.items():
            media_id, content = self.upload(kind)
            self.assertTrue(re.fullmatch(r"\d{15,}", media_id), media_id)
            media = self.client.get_media_url(media_id)
            found = (media.id, media.mime_type, media.sha256, media.file_size)
            self.assertEqual(found, (media_id, mime_type, sha256(content), len(content)))
            self.assertEqual(sha256(media.get_bytes()), sha256(content))

    def test_text_is_sent(self):
        message = self.understood(self.client.send_message(CUSTOMER, CAPTION).id)
        found = (message["type"], message["to"], message["body"]["text"]["body"])
        self.assertEqual(found, ("text", CUSTOMER, CAPTION))

    def test_files_are_sent_by_their_ids(self):
        uploaded = {kind: self.upload(kind) for kind in FILES}
        ids = {kind: media_id for kind, (media_id, _) in uploaded.items()}
        name = "Rechnung März.pdf"
        messages = {
            "image": self.client.send_image(CUSTOMER, ids["image"], caption=CAPTION),
            "voice": self.client.send_voice(CUSTOMER, ids["voice"]),
            "document": self.client.send_document(CUSTOMER, ids["document"], filename=name),
        }
        messages = {kind: self.understood(message.id) for kind, message in messages.items()}
        for kind, (media_id, content) in uploaded.items():
            media = messages[kind]["media"]
            found = (media["id"], media["sha256"], media["fileSize"])
            self.assertEqual(found, (media_id, sha256(content), len(content)))
        self.assertEqual(messages["image"]["body"]["image"]["caption"], CAPTION)
        self.assertIs(messages["voice"]["body"]["audio"]["voice"], True)
        self.assertEqual(messages["document"]["body"]["document"]["filename"], name)

    def test_messages_are_marked_as_read(self):
        self.listen()
        first, second = (incoming(type="text", text=text)["id"] for text in ("Hello", "Are you there?"))
        self.assertTrue(self.client.mark_message_as_read(first))
        self.assertTrue(self.client.indicate_typing(second))
        typing = {receipt["messageId"]: receipt["typing"] for receipt in control("reads")}
        self.assertEqual((typing[first], typing[second]), (False, True))

    def test_deleted_files_are_gone(self):
        media_id, _ = self.upload("image")
        self.assertTrue(self.client.delete_media(media_id))
        self.refused(100, 33, self.client.get_media_url, media_id)
        self.refused(100, 33, self.client.delete_media, media_id)
        self.refused(100, None, self.client.send_image, CUSTOMER, media_id)

    def test_tokens_that_nobody_gave_out_are_refused(self):
        stranger = self.connect("another-token")
        self.refused(190, None, stranger.send_message, CUSTOMER, "Hello")
        self.refused(190, None, stranger.upload_media, (SAMPLES / "bike.jpg").resolve())

    def test_webhooks_are_signed_and_read(self):
        webhooks = self.listen()
        image = incoming(type="image", caption=CAPTION, media={"sample": "mugs"})
        voice = incoming(type="audio", voice=True, media={"sample": "voice-en"})
        [picture] = webhooks.of(image["id"])
        [note] = webhooks.of(voice["id"])
        found = (picture.type, picture.caption, picture.from_user.wa_id, picture.from_user.name)
        self.assertEqual(found, (types.MessageType.IMAGE, CAPTION, CUSTOMER, "Zoë"))
        self.assertEqual((picture.image.id, picture.image.mime_type), (image["mediaId"], "image/jpeg"))
        self.assertEqual((note.audio.voice, note.audio.mime_type), (True, "audio/ogg; codecs=opus"))
        for media in (picture.image, note.audio):
            # By the webhook's own URL, and by the one that Graph gives. The hash is base64 here, and hexadecimal there.
            content = self.client.get_media_bytes(media.url)
            resolved = self.client.get_media_url(media.id)
            self.assertEqual(content, resolved.get_bytes())
            self.assertEqual(base64.b64decode(media.sha256).hex(), sha256(content))
            self.assertEqual(resolved.sha256, sha256(content))

    def test_statuses_follow_by_webhook(self):
        webhooks = self.listen()
        message = self.client.send_message(CUSTOMER, "Hello", tracker="order-7")
        statuses = webhooks.of(message.id, 3)
        found = [(status.status.value, status.from_user.wa_id, status.tracker) for status in statuses]
        self.assertEqual(found, [(word, CUSTOMER, "order-7") for word in ("sent", "delivered", "read")])


if __name__ == "__main__":
    # Each webhook is also tried with a body that was changed, of which pywa warns.
    logging.disable(logging.WARNING)
    unittest.main()
