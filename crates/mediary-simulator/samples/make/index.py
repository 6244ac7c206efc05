"""Writes index.json: what each sample is, measured from the files themselves."""

import hashlib
import json
import subprocess

from PIL import Image

from paths import OUT

OPUS = "audio/ogg; codecs=opus"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# Name, file, type, WhatsApp's kind, and what the file was called where it came from.
SAMPLES = [
    ("mugs", "mugs.jpg", "image/jpeg", "image", "IMG_2041.jpg"),
    ("parcel-damaged", "parcel-damaged.jpg", "image/jpeg", "image", "IMG_20260317_083811.jpg"),
    ("parcel-label", "parcel-label.jpg", "image/jpeg", "image", "IMG_20260317_083902.jpg"),
    ("receipt", "receipt.jpg", "image/jpeg", "image", "recibo.jpg"),
    ("whiteboard", "whiteboard.jpg", "image/jpeg", "image", "plan fête.jpg"),
    ("parking-sketch", "parking-sketch.jpg", "image/jpeg", "image", "IMG_7733.jpg"),
    ("cake", "cake.jpg", "image/jpeg", "image", "gâteau essai.jpg"),
    ("bike", "bike.jpg", "image/jpeg", "image", "IMG_2052.jpg"),
    ("stool", "stool.jpg", "image/jpeg", "image", "Hocker.jpg"),
    ("harbour", "harbour.jpg", "image/jpeg", "image", "شرفة المقهى.jpg"),
    ("tracking-screenshot", "tracking-screenshot.png", "image/png", "image", "Screenshot_20260317-110131.png"),
    ("voice-en", "voice-en.ogg", OPUS, "audio", None),
    ("voice-es", "voice-es.ogg", OPUS, "audio", None),
    ("voice-de", "voice-de.ogg", OPUS, "audio", None),
    ("voice-ar", "voice-ar.ogg", OPUS, "audio", None),
    ("voice-hi", "voice-hi.ogg", OPUS, "audio", None),
    ("jingle", "jingle.mp3", "audio/mpeg", "audio", "Wimbo wa sherehe.mp3"),
    ("wheel", "wheel.mp4", "video/mp4", "video", "VID_20260317_112904.mp4"),
    ("candles", "candles.mp4", "video/mp4", "video", "anniversaire Léo.mp4"),
    ("invoice", "invoice.pdf", "application/pdf", "document", "Rechnung 2026-0417 – Tischlerei Weiß & Söhne.pdf"),
    ("order-list", "order-list.xlsx", XLSX, "document", "قائمة الطلبات.xlsx"),
    ("quote-request", "quote-request.docx", DOCX, "document", "見積依頼書.docx"),
    ("price-list", "price-list.csv", "text/csv", "document", "価格表 2026.csv"),
    ("order-confirmation", "order-confirmation.html", "text/html", "document", "订单确认.html"),
    ("sticker-thanks", "sticker-thanks.webp", "image/webp", "sticker", None),
    ("sticker-teacup", "sticker-teacup.webp", "image/webp", "sticker", None),
]


def measured(path, kind):
    """Width and height of pictures and videos, the length of sounds and videos."""
    if kind in ("image", "sticker"):
        with Image.open(path) as picture:
            return {"width": picture.width, "height": picture.height}
    if kind == "document":
        return {}
    told = json.loads(
        subprocess.run(
            ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_format", str(path)], check=True, capture_output=True
        ).stdout
    )
    size = next(
        ({"width": stream["width"], "height": stream["height"]} for stream in told["streams"] if stream["codec_type"] == "video"), {}
    )
    return {**size, "durationMs": round(float(told["format"]["duration"]) * 1000)}


def main():
    index = []
    for name, file, mime_type, kind, file_name in SAMPLES:
        content = (OUT / file).read_bytes()
        entry = {
            "name": name,
            "file": file,
            "mimeType": mime_type,
            "kind": kind,
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            **measured(OUT / file, kind),
        }
        if file_name:
            entry["fileName"] = file_name
        index.append(entry)
    lines = ",\n".join("  " + json.dumps(entry, ensure_ascii=False) for entry in index)
    (OUT / "index.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{len(index)} samples, {sum(entry['bytes'] for entry in index)} bytes")


if __name__ == "__main__":
    main()
