import re

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from bathyscope.errors import AccessError
from bathyscope.workbench.auth import Access, cookie_name, cookie_value
from workbench.served import ORIGIN, OWNER, SOCKET, TOKEN, VIEWER, VIEWER_TOKEN, error_of

PRIVATE = (
    ("GET", "/api/recording"),
    ("GET", "/api/tables/samples?columns=label"),
    ("GET", "/api/tables/course?sample=1"),
    ("GET", "/api/tables/results/performance/abc/metrics"),
    ("GET", "/api/media/1?size=32"),
    ("POST", "/api/run/performance"),
    ("POST", "/api/jobs/abc/cancel"),
    ("GET", "/api/decisions"),
    ("GET", "/api/modules/abc.js"),
    ("POST", "/api/decide"),
    ("POST", "/api/state"),
    ("GET", "/"),
)
PUBLIC = ("/api/status", "/plain.css", "/favicon.svg", "/favicon.ico", "/assets/none.js")
COOKIE = {"cookie": f"{cookie_name('127.0.0.1:8400')}={cookie_value(TOKEN)}"}
HOW_TO = "shows an address that ends in <code>?token=…</code>"


def ask(client: TestClient, method: str, path: str, **headers: str):
    body = {"content": b"{}"} if method == "POST" else {}
    kind = {"content-type": "application/json"} if method == "POST" else {}
    return client.request(method, path, headers={**kind, **headers}, follow_redirects=False, **body)


def test_the_lists_of_these_tests_cover_every_route(stranger):
    def shape(path):
        return re.sub(r"\{[^}]*\}", "*", path)

    listed = {path.partition("?")[0] for _, path in PRIVATE} | set(PUBLIC)
    examples = {
        "/api/media/1": "/api/media/*",
        "/api/modules/abc.js": "/api/modules/*",
        "/api/run/performance": "/api/run/*",
        "/api/jobs/abc/cancel": "/api/jobs/*/cancel",
        "/api/tables/results/performance/abc/metrics": "/api/tables/results/*/*/*",
        "/assets/none.js": "/assets",
    }
    there = {shape(route.path) for route in stranger.app.routes} - {"/api/events"}
    assert {examples.get(path, path) for path in listed} == there


@pytest.mark.parametrize(("method", "path"), PRIVATE)
def test_nothing_private_is_given_without_a_token(stranger, method, path):
    answer = ask(stranger, method, path, origin=ORIGIN)
    assert answer.status_code == 401
    if path.startswith("/api/"):
        assert answer.json() == {"error": {"type": "AccessError", "message": "No valid token came with this request."}}
    else:
        assert HOW_TO in answer.text


@pytest.mark.parametrize("path", PUBLIC)
def test_the_program_of_the_page_is_public(stranger, path):
    assert stranger.get(path).status_code in (200, 204, 404)


@pytest.mark.parametrize(
    "wrong",
    [{"authorization": "token wrong"}, {"authorization": f"Basic {TOKEN}"}, {"cookie": f"bathyscope-8400={TOKEN}"},
     {"cookie": f"bathyscope-8401={cookie_value(TOKEN)}"}, {"authorization": "token "}, {"cookie": "bathyscope-8400="}],
)  # fmt: skip
def test_a_wrong_key_opens_nothing(stranger, wrong):
    assert stranger.get("/api/recording", headers=wrong).status_code == 401


def test_the_token_in_the_address_becomes_a_cookie_and_a_clean_address(stranger):
    answer = stranger.get(f"/?token={TOKEN}&page=2", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/?page=2"
    assert answer.headers["cache-control"] == "no-store"
    cookie = answer.headers["set-cookie"]
    assert cookie == f"bathyscope-8400={cookie_value(TOKEN)}; HttpOnly; Path=/; SameSite=strict"
    assert TOKEN not in cookie
    assert stranger.get("/api/recording").status_code == 200


def test_the_cookie_is_named_after_the_port_the_browser_sees(stranger):
    answer = stranger.get(f"/?token={TOKEN}", headers={"host": "localhost:9000"}, follow_redirects=False)
    assert answer.headers["set-cookie"].startswith("bathyscope-9000=")


@pytest.mark.parametrize("wrong", ["", "wrong", TOKEN[:-1], TOKEN + "x", "%00%ff", "<script>"])
def test_a_wrong_token_gets_a_page_that_says_where_the_right_one_is(stranger, wrong):
    answer = stranger.get(f"/?token={wrong}", follow_redirects=False)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>This address needs its token</h1>" in answer.text
    assert HOW_TO in answer.text
    assert "style=" not in answer.text
    assert "<script" not in answer.text


def test_a_link_clicked_on_another_page_still_opens_the_workbench(serve_path, recording_path, tmp_path):
    (tmp_path / "index.html").write_text("the built page")
    client = serve_path(recording_path, page=tmp_path)
    # The browser keeps a strict cookie back along the redirect of such a click; only the bare page may come.
    assert client.get("/", headers={"sec-fetch-site": "cross-site"}).text == "the built page"
    assert client.get("/api/recording", headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert client.get("/").status_code == 401


FORGED = (
    "evil.example", "evil.example:8400", "127.0.0.1.evil.example:8400", "127.0.0.1@evil.example", "localhost.evil",
    "127.0.0.1:8400:8400", "127.0.0.1:port", "127.0.0.1/evil", "", "[::1", "192.168.1.7:8400", "0.0.0.0:8400",
)  # fmt: skip


@pytest.mark.parametrize("host", FORGED)
@pytest.mark.parametrize("path", ["/", "/api/recording", "/api/status", "/assets/x.js", f"/?token={TOKEN}"])
def test_a_forged_host_gets_nothing(stranger, host, path):
    answer = stranger.get(path, headers={"host": host, **OWNER}, follow_redirects=False)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "127.0.0.1" not in answer.headers["content-security-policy"]


def test_the_message_about_a_host_says_what_to_do(stranger):
    assert error_of(stranger.get("/api/recording", headers={"host": "evil.example", **OWNER})) == (
        403,
        "AccessError",
        "This server does not answer to the host name 'evil.example'. Open it under the address it printed when it "
        "started, or start it with that name among its allowed hosts.",
    )


@pytest.mark.parametrize("host", ["127.0.0.1:8400", "localhost:8400", "LOCALHOST:9000", "[::1]:8400", "localhost"])
def test_the_names_of_this_machine_are_answered_at_any_port(stranger, host):
    assert stranger.get("/api/recording", headers={"host": host, **OWNER}).status_code == 200


def test_a_server_for_other_machines_answers_to_numbers_and_its_names_only():
    access = Access(TOKEN, hosts=frozenset({"lab.example"}), any_address=True)
    assert access.knows_host("lab.example:8400")
    assert access.knows_host("192.168.1.7:8400")
    assert not access.knows_host("evil.example:8400")


@pytest.mark.parametrize(
    ("origin", "site"),
    [
        ("http://evil.example", None), ("http://127.0.0.1:8401", None), ("https://127.0.0.1:8400", None),
        ("http://localhost:8400", None), ("null", None), (None, None), (ORIGIN, "cross-site"), (ORIGIN, "same-site"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", [path for method, path in PRIVATE if method == "POST"])
def test_a_post_from_anywhere_but_our_page_is_refused(stranger, path, origin, site):
    headers = {**COOKIE, **({"origin": origin} if origin else {}), **({"sec-fetch-site": site} if site else {})}
    status, kind, message = error_of(ask(stranger, "POST", path, **headers))
    assert (status, kind) == (403, "AccessError")
    assert "itself may send it" in message or "own page may send it" in message


def test_a_post_from_our_page_and_one_from_a_program_are_taken(stranger):
    for headers in ({**COOKIE, "origin": ORIGIN, "sec-fetch-site": "same-origin"}, OWNER):
        assert ask(stranger, "POST", "/api/run/performance", **headers).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_data_is_not_given_to_other_pages(owner, site):
    assert owner.get("/api/recording", headers={"sec-fetch-site": site}).status_code == 403


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "", "application/js"]
)
@pytest.mark.parametrize("path", [path for method, path in PRIVATE if method == "POST"])
def test_a_post_must_say_that_it_is_json(owner, path, kind):
    answer = owner.post(path, content=b"{}", headers={"content-type": kind})
    assert error_of(answer) == (
        415,
        "RequestError",
        f"The request's content type is {kind!r}; application/json is expected.",
    )


def refused(client: TestClient, url: str = SOCKET, **headers: str) -> int:
    with pytest.raises(WebSocketDenialResponse) as denial, client.websocket_connect(url, headers=headers):
        pass
    assert "content-security-policy" in denial.value.headers
    return denial.value.status_code


def test_a_socket_needs_key_origin_and_host(stranger):
    assert refused(stranger, origin=ORIGIN) == 401
    assert refused(stranger, **COOKIE) == 403
    assert refused(stranger, **COOKIE, origin="http://evil.example") == 403
    assert refused(stranger, **COOKIE, origin="http://127.0.0.1:8401") == 403
    assert refused(stranger, **COOKIE, origin="http://127.0.0.1:8400/") == 403
    assert refused(stranger, **COOKIE, origin=ORIGIN, **{"sec-fetch-site": "cross-site"}) == 403
    assert refused(stranger, "ws://evil.example:8400/api/events", **COOKIE, origin="http://evil.example:8400") == 403
    for headers in ({**COOKIE, "origin": ORIGIN}, {**OWNER}):
        with stranger.websocket_connect(SOCKET, headers=headers) as socket:
            assert socket.receive_json()["type"] == "hello"


def test_no_other_socket_is_there(owner):
    with pytest.raises(WebSocketDisconnect), owner.websocket_connect("ws://127.0.0.1:8400/api/other"):
        pass


POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; "
    "connect-src 'self' ws://127.0.0.1:8400 wss://127.0.0.1:8400; worker-src 'self' blob:; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'none'"
)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/", {}, 401), ("GET", "/", OWNER, 503), ("GET", "/api/recording", OWNER, 200),
        ("GET", "/api/nothing", OWNER, 404), ("GET", "/nothing", OWNER, 404), ("DELETE", "/api/recording", OWNER, 405),
        ("POST", "/api/decide", {**COOKIE, "origin": "http://evil.example"}, 403), ("GET", "/plain.css", {}, 200),
        ("GET", f"/?token={TOKEN}", {}, 303), ("GET", "/assets/none.js", {}, 404), ("GET", "/api/media/1", OWNER, 200),
        ("OPTIONS", "/api/recording", {**OWNER, "origin": "http://evil.example"}, 403),
    ],
)  # fmt: skip
def test_every_answer_carries_the_security_headers_and_none_opens_cors(stranger, method, path, headers, status):
    answer = ask(stranger, method, path, **headers)
    assert answer.status_code == status
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_an_unexpected_error_is_readable_and_keeps_the_headers(owner, monkeypatch, caplog):
    def explode(*_):
        raise ZeroDivisionError("secret /home/someone/data.csv")

    monkeypatch.setattr("bathyscope.workbench.routes.recording_summary", explode)
    answer = owner.get("/api/recording")
    assert error_of(answer) == (
        500,
        "UnexpectedError",
        "Something went wrong inside Bathyscope (ZeroDivisionError). The terminal or notebook that runs the server "
        "shows the details.",
    )
    assert answer.headers["content-security-policy"] == POLICY
    assert "secret /home/someone/data.csv" in caplog.text


def test_a_viewer_looks_and_changes_nothing(stranger):
    assert stranger.get("/api/recording", headers=VIEWER).json()["capabilities"] == {
        "run": False, "decide": False, "media": True,
    }  # fmt: skip
    assert error_of(ask(stranger, "POST", "/api/run/performance", **VIEWER)) == (
        403,
        "AccessError",
        "This workbench is read-only for you. It was not run before with these parameters; ask the person who "
        "started it.",
    )
    decision = {"id": "1b4e28ba-2fa1-41d2-883f-0016d3cca427", "kind": "tag", "payload": {}}
    assert stranger.post("/api/decide", json=decision, headers=VIEWER).status_code == 403
    assert ask(stranger, "POST", "/api/jobs/abc/cancel", **VIEWER).status_code == 403
    assert stranger.get("/api/recording", headers=OWNER).json()["capabilities"]["decide"] is True


def test_a_page_hears_under_whose_name_it_decides(stranger, owner, serve_path, recording_path):
    told = owner.get("/api/recording").json()
    assert told["author"] == "ada"
    decision = {"id": "1b4e28ba-2fa1-41d2-883f-0016d3cca427", "kind": "tag", "payload": {}}
    assert owner.post("/api/decide", json=decision).status_code == 200
    assert owner.get("/api/decisions").json()["decisions"][-1]["author"] == told["author"]
    # A name is nobody's business who cannot decide under it.
    seen = stranger.get("/api/recording", headers=VIEWER).json()
    assert "author" not in seen
    reading = serve_path(recording_path, headers=OWNER, read_only=True)
    assert "author" not in reading.get("/api/recording").json()
    # Nor what else lies in the folder of the recording, which only who may run an analysis can compare with.
    assert isinstance(told["beside"], list)
    assert "beside" not in seen


def test_a_viewer_gets_stored_results(owner, recording):
    from bathyscope.analyses import Performance

    recording.run(Performance())
    answer = ask(owner, "POST", "/api/run/performance", **VIEWER)
    assert answer.json()["state"] == "done"


def test_read_only_makes_a_viewer_of_the_owner(serve_path, recording_path):
    client = serve_path(recording_path, headers=OWNER, read_only=True)
    assert client.get("/api/recording").json()["capabilities"] == {"run": False, "decide": False, "media": True}
    assert ask(client, "POST", "/api/run/performance").status_code == 403
    assert Access(TOKEN, viewer_token=VIEWER_TOKEN, read_only=True).role_of(TOKEN) == "viewer"
    assert Access(TOKEN, read_only=True).role_of("wrong") is None


def test_tokens_are_compared_in_constant_time(monkeypatch):
    compared = []
    monkeypatch.setattr("hmac.compare_digest", lambda given, key: compared.append((given, key)) or given == key)
    access = Access(TOKEN, viewer_token=VIEWER_TOKEN)
    assert access.role_of(TOKEN) == "owner"
    assert access.role_of("x") is None
    assert len(compared) == 4  # every key every time, whichever fits


def test_a_short_token_is_refused():
    with pytest.raises(AccessError) as error:
        Access("hunter2")
    assert str(error.value) == (
        "The token has 7 characters; it guards everything the server can do. Give at least 16 random ones, or none to "
        "have one made."
    )
    assert "hunter2" not in repr(Access("hunter2hunter2hunter2"))
