"""Code of others: what may be registered, how it is served, and that nothing but Python brings any in."""

import hashlib
import json
from pathlib import Path

import anywidget
import pytest
import traitlets

from bathyscope.errors import ParameterError
from bathyscope.workbench.modules import Modules
from workbench.served import VIEWER, error_of

CODE = "export default { render({ el }) { el.textContent = 'hello'; } };"
HASH = hashlib.sha256(CODE.encode()).hexdigest()


class Counter(anywidget.AnyWidget):
    _esm = CODE
    _css = "b { color: red }"
    value = traitlets.Int(3).tag(sync=True)
    names = traitlets.List(["a"]).tag(sync=True)
    own = traitlets.Int(9)
    raw = traitlets.Bytes(b"1").tag(sync=True)


def test_a_module_is_served_by_its_content_to_whoever_may_see_the_page(owner):
    modules = owner.app.state.session.modules
    assert owner.get("/api/recording").json()["modules"] == []
    modules.register_module("hello", CODE, css="b { color: red }")
    style = hashlib.sha256(b"b { color: red }").hexdigest()
    told = {"name": "hello", "kind": "anywidget", "code": HASH, "style": style, "traits": {}}
    assert owner.get("/api/recording").json()["modules"] == [told]
    for headers in ({}, VIEWER):
        answer = owner.get(f"/api/modules/{HASH}.js", headers=headers)
        assert answer.text == CODE
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "immutable" in answer.headers["cache-control"]
    assert owner.get(f"/api/modules/{style}.css").headers["content-type"] == "text/css; charset=utf-8"


def test_without_a_token_there_is_no_code(stranger):
    stranger.app.state.session.modules.register_module("hello", CODE)
    assert error_of(stranger.get(f"/api/modules/{HASH}.js"))[0] == 401


@pytest.mark.parametrize("file", [f"{'0' * 64}.js", "..%2F..%2Froutes.py", f"{HASH}.css", HASH, "hello.js"])
def test_there_is_nothing_but_what_was_registered(owner, file):
    owner.app.state.session.modules.register_module("hello", CODE)
    assert owner.get(f"/api/modules/{file}").status_code == 404


def test_no_request_registers_anything(owner):
    origin = {"origin": "http://127.0.0.1:8400"}
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = owner.request(method, f"/api/modules/{HASH}.js", json={"code": CODE}, headers=origin)
        assert answer.status_code == 405
    assert owner.get("/api/recording").json()["modules"] == []


def test_a_new_version_takes_the_name_and_pages_hear_of_it():
    heard = []
    modules = Modules(lambda: heard.append(len(modules.summary())))
    first = modules.register_module("hello", CODE)
    second = modules.register_module("hello", CODE.replace("hello", "again"))
    assert heard == [1, 1]
    assert [module["code"] for module in modules.summary()] == [second.code_hash]
    # A page that is open may still ask for the earlier one.
    assert modules.file(f"{first.code_hash}.js") == (CODE.encode(), "text/javascript; charset=utf-8")


def test_paths_texts_and_anywidgets_are_all_taken(tmp_path):
    file = tmp_path / "hello.js"
    file.write_text(CODE, encoding="utf-8")
    modules = Modules()
    for source in (file, str(file), CODE, CODE + "\n"):
        assert modules.register_module("hello", source).code.decode().strip() == CODE
    class_ = modules.register_module("counter", Counter)
    assert (class_.code.decode(), class_.style.decode()) == (CODE, "b { color: red }")
    assert class_.traits == {"value": 3, "names": ["a"]}
    assert modules.register_module("counter", Counter(value=7)).traits["value"] == 7
    fresh = type("FromFile", (anywidget.AnyWidget,), {"_esm": file})
    assert modules.register_module("file", fresh).code.decode() == CODE


def test_a_component_takes_the_name_of_its_file(tmp_path):
    file = tmp_path / "spread.js"
    file.write_text("export default { title: 't', mount() {} };", encoding="utf-8")
    modules = Modules()
    module = modules.register_component(file)
    assert (module.name, module.kind) == ("spread", "component")
    with pytest.raises(ParameterError) as error:
        modules.register_component(CODE)
    assert str(error.value) == "A component was given as text, which has no name. Give one: name='histogram'."
    assert modules.register_component(CODE, name="text").name == "text"


NO_NAME = (
    "A module was given the name {!r}. Use up to 64 letters, digits, dots, dashes and underscores, beginning with a "
    "letter or digit."
)
IMPORTS = (
    "The module imports {!r}, and a page loads nothing but the module itself. Bundle it into one file first, for "
    "instance with: npx esbuild widget.js --bundle --format=esm --outfile=bundled.js"
)
NO_EXPORT = (
    "The module exports nothing. It should be an ES module with a default export; if a path was meant, it should end "
    "in .js."
)


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        ("", CODE, NO_NAME.format("")),
        ("../x", CODE, NO_NAME.format("../x")),
        ("<script>", CODE, NO_NAME.format("<script>")),
        ("x", 'import * as d3 from "https://esm.sh/d3";\n' + CODE, IMPORTS.format("https://esm.sh/d3")),
        ("x", f'import "./other.js";\n{CODE}', IMPORTS.format("./other.js")),
        ("x", f'import{{a}}from"d3";{CODE}', IMPORTS.format("d3")),
        ("x", f"{CODE}\nexport * from './other.js';", IMPORTS.format("./other.js")),
        ("x", "let x = 1;\n", NO_EXPORT),
        ("x", "widgets/hello", NO_EXPORT),
        (
            "x",
            "https://esm.sh/widget.js",
            "A module was given by its address, 'https://esm.sh/widget.js'. Pages run no code from elsewhere: "
            "download the file, look at it, and give its path.",
        ),
        ("x", 7, "A module was given as int. Give the path of a .js file, its text, or an anywidget."),
        (
            "x",
            Path("nowhere.js"),
            "The module nowhere.js cannot be read: No such file or directory. Give the path of a .js file.",
        ),
    ],
)
def test_what_a_page_could_not_run_is_refused_with_a_sentence(name, source, message):
    with pytest.raises(ParameterError) as error:
        Modules().register_module(name, source)
    assert str(error.value) == message


def test_words_that_look_like_imports_are_no_imports():
    code = 'export default { render() { const x = "import y from \'z\'"; import("./later.js"); } };\nimport.meta.url;\n'
    assert Modules().register_module("x", code).code.decode() == code


def test_traits_are_told_as_plain_data_only():
    class Odd(anywidget.AnyWidget):
        _esm = CODE
        number = traitlets.Float(float("nan")).tag(sync=True)
        text = traitlets.Unicode("</script>").tag(sync=True)

    assert json.dumps(Modules().register_module("odd", Odd).to_json()["traits"]) == '{"text": "</script>"}'
