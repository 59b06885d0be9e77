import io
import threading
import time

import numpy as np
import pytest
from PIL import Image

from bathyscope.recording import Recording, RecordingWriter
from bathyscope.recording.media import encode_png
from bathyscope.workbench.thumbnails import Thumbnails, cache_folder
from workbench.served import OWNER, error_of


def encoded(picture: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


RED = Image.new("RGB", (200, 100), (255, 0, 0))
PICTURES = {
    "png": encoded(RED, "PNG"),
    "jpeg": encoded(RED, "JPEG"),
    "cmyk": encoded(RED.convert("CMYK"), "JPEG"),
    "tiff": encoded(RED, "TIFF"),
    "webp": encoded(RED, "WEBP"),
    "gif": encoded(RED, "GIF", save_all=True, append_images=[RED.rotate(90)]),
    "truncated": encoded(RED.resize((900, 900)), "PNG")[:200],
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "html": b"<html><script>alert(1)</script></html>",
    "empty": b"",
    "absent": None,
    "bomb": encode_png(np.zeros((1, 1), np.uint8)).replace(b"\0\0\0\1\0\0\0\1", b"\0\1\0\0\0\1\0\0"),
}
READABLE = ("png", "jpeg", "cmyk", "tiff", "webp", "gif")


@pytest.fixture
def gallery(tmp_path) -> Recording:
    with RecordingWriter.create(tmp_path / "gallery", kind="image", classes=["a"]) as writer:
        with writer.samples() as samples:
            media = [{"bytes": content, "path": name} for name, content in PICTURES.items()]
            samples.write(list(PICTURES), labels=[0] * len(media), media=media)
    return Recording(tmp_path / "gallery")


@pytest.fixture
def client(serve_path, gallery):
    return serve_path(gallery.path, headers=OWNER)


def index(name: str) -> int:
    return list(PICTURES).index(name)


def opened(answer) -> Image.Image:
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content))


@pytest.mark.parametrize("name", READABLE)
def test_a_thumbnail_is_a_small_webp(client, name):
    answer = client.get(f"/api/media/{index(name)}?size=50")
    picture = opened(answer)
    assert answer.headers["content-type"] == "image/webp"
    assert (picture.format, picture.size) == ("WEBP", (50, 25))
    assert picture.convert("RGB").getpixel((25, 12))[0] > 240


@pytest.mark.parametrize(
    ("name", "kind"),
    [("png", "image/png"), ("jpeg", "image/jpeg"), ("gif", "image/gif"), ("webp", "image/webp"),
     ("tiff", "image/webp")],
)  # fmt: skip
def test_without_a_size_the_picture_comes_as_recorded(client, name, kind):
    answer = client.get(f"/api/media/{index(name)}")
    assert answer.headers["content-type"] == kind
    assert opened(answer).size == (200, 100)
    assert (answer.content == PICTURES[name]) == (name != "tiff")


@pytest.mark.parametrize("name", [name for name in PICTURES if name not in READABLE])
def test_an_unreadable_picture_says_why_and_is_no_server_error(client, name):
    for query in ("", "?size=96"):
        status, kind, message = error_of(client.get(f"/api/media/{index(name)}{query}"))
        assert (status, kind) == (422, "MediaError")
        assert message.startswith(f"The image of sample '{name}' ")


def test_the_reason_of_an_unreadable_picture_in_full(client):
    assert error_of(client.get(f"/api/media/{index('svg')}?size=96"))[2] == (
        "The image of sample 'svg' is in no format that can be shown (71 bytes)."
    )


@pytest.mark.parametrize("size", ["0", "15", "1025", "-1", "NaN", "1e9", "999999999999", "", "٣٢"])
def test_sizes_are_bounded(client, size):
    assert error_of(client.get(f"/api/media/0?size={size}")) == (
        400,
        "RequestError",
        f"{size!r} is no picture size; pixels from 16 to 1024 are expected, or none.",
    )


def test_a_browser_asks_again_unless_the_address_names_the_recording(client):
    plain = client.get("/api/media/0?size=32")
    assert plain.headers["cache-control"] == "private, no-cache"
    tag = plain.headers["etag"]
    again = client.get("/api/media/0?size=32", headers={"if-none-match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get("/api/media/1?size=32").headers["etag"] != tag
    assert client.get("/api/media/0?size=33").headers["etag"] != tag
    version = client.get("/api/recording").json()["media_version"]
    pinned = client.get("/api/media/0", params={"size": 32, "v": version})
    assert pinned.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert client.get("/api/media/0?size=32&v=other").headers["cache-control"] == "private, no-cache"


def thumbnails(recording: Recording, folder, **options) -> Thumbnails:
    return Thumbnails(recording, threading.RLock(), "identity", folder=folder, **options)


def test_a_thumbnail_is_made_once_and_found_by_the_next_server(gallery, tmp_path, monkeypatch):
    first = thumbnails(gallery, tmp_path / "cache")
    content = first.thumbnail(0, 48)
    first.close()
    monkeypatch.setattr("bathyscope.workbench.thumbnails.thumbnail", lambda *_: pytest.fail("made again"))
    assert thumbnails(gallery, tmp_path / "cache").thumbnail(0, 48) == content
    assert not [path for path in gallery.path.rglob("*") if "thumb" in path.name or path.suffix == ".sqlite"]


def test_the_cache_keeps_within_its_bound_and_drops_the_oldest(recording, tmp_path):
    one = len(thumbnails(recording, tmp_path / "a").thumbnail(0, 32))
    bounded = thumbnails(recording, tmp_path / "b", max_bytes=20 * one)
    for sample_index in range(60):
        bounded.thumbnail(sample_index, 32)
    cache = bounded._cache
    assert cache._total() <= 20 * one
    assert cache._total() == cache._bytes
    assert cache.get(59, 32) is not None
    assert cache.get(0, 32) is None


def test_without_a_place_for_the_cache_pictures_still_come(gallery, tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    assert thumbnails(gallery, blocked).thumbnail(0, 48)


def test_a_damaged_cache_is_thrown_away(gallery, tmp_path):
    first = thumbnails(gallery, tmp_path / "cache")
    content = first.thumbnail(0, 48)
    first.close()
    (file,) = (tmp_path / "cache").glob("*.sqlite")
    file.write_bytes(b"not a database" * 1000)
    second = thumbnails(gallery, tmp_path / "cache")
    assert second.thumbnail(0, 48) == content
    assert second._cache.get(0, 48) == content


def test_many_threads_get_the_right_pictures_and_read_in_turn(recording, tmp_path, monkeypatch):
    made = thumbnails(recording, tmp_path / "cache")
    expected = [recording.thumbnail(sample_index, 32) for sample_index in range(60)]
    wrong, inside, read = [], [], recording.media

    def media(sample_index):
        inside.append(sample_index)
        time.sleep(0.001)
        if len(inside) > 1:
            wrong.append("two at once")
        inside.remove(sample_index)
        return read(sample_index)

    monkeypatch.setattr(recording, "media", media)

    def look(start):
        for step in range(60):
            sample_index = (start + 7 * step) % 60
            if made.thumbnail(sample_index, 32) != expected[sample_index]:
                wrong.append(sample_index)

    threads = [threading.Thread(target=look, args=(start,)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_cache_folder_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("BATHYSCOPE_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
