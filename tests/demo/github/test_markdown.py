"""Comments as GitHub would show them, and nothing in them that could run."""

from __future__ import annotations

import pytest

from deploy.demo.github.pages.markdown import comment_html, document_html
from deploy.demo.github.pages.sanitize import sanitize


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("| a | b |\n|---|--:|\n| 1 | 2 |", "<td>1</td>"),
        (
            "<details><summary>More</summary>\n\n- `x`\n</details>",
            "<details><summary>More</summary>\n<ul>\n<li><code>x</code></li>",
        ),
        ("- [x] done\n- [ ] not", '<li class="task-item"><input type="checkbox" disabled checked> done</li>'),
        ("- [ ] not", '<input type="checkbox" disabled> not'),
        ("```sql\nSELECT 1;\n```", '<pre class="highlight"><code><span class="k">SELECT</span>'),
        ("```mermaid\ngraph TD;\n```", '<pre class="highlight"><code>graph TD;'),
        ("```\n<b>\n```", "<code>&lt;b&gt;"),
        ("one\ntwo", "one<br>\ntwo"),
        ("~~old~~", "<s>old</s>"),
        (
            "see https://example.org/a_b?c=1&d=2, yes",
            'href="https://example.org/a_b?c=1&amp;d=2" rel="nofollow noopener"',
        ),
        ("`https://example.org`", "<code>https://example.org</code>"),
        ("thanks @bob and @acme", '<span class="mention">@bob</span> and <span class="mention">@acme</span>'),
        ("mail bob@example.org", "mail bob@example.org"),
        ("> [!WARNING]\n> Careful", '<blockquote class="alert alert-warning">'),
        ("<sub>small</sub> H<sub>2</sub>O", "<sub>small</sub> H<sub>2</sub>O"),
        ("text\n\n<!-- marker:1 -->", "<p>text</p>\n"),
        ("a <!-- hidden --> b", "<p>a  b</p>"),
    ],
)
def test_markdown_is_shown_as_on_github(text, html):
    assert html in str(comment_html(text))


def test_a_file_joins_lines_and_finds_its_neighbours():
    shown = document_html(
        "one\ntwo [next](01-next.md) [top](/x) [web](https://example.org) [here](#a)", "/acme/shop/blob/main/docs/"
    )
    assert "one\ntwo" in shown
    for address in ("/acme/shop/blob/main/docs/01-next.md", "/x", "https://example.org", "#a"):
        assert f'href="{address}"' in shown


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        '<a href="java\tscript:alert(1)">x</a>',
        '<a href="data:text/html,alert(1)">x</a>',
        "<iframe src=http://127.0.0.1/></iframe>",
        "<style>body{background:url(alert(1))}</style>",
        "<svg onload=alert(1)><script>alert(1)</script></svg>",
        '<b style="background:url(javascript:alert(1))">b</b>',
        '<form action="/x"><input name=alert(1) type=submit></form>',
        '<details ontoggle="alert(1)" open>x</details>',
        "<math><mtext></mtext><script>alert(1)</script></math>",
        '<p class="state merged alert(1)">x</p>',
    ],
)
def test_nothing_in_a_comment_can_run(attack):
    html = str(comment_html(attack)).lower()
    for harmful in (
        "<script",
        "onerror",
        "onload",
        "ontoggle",
        "javascript:",
        "data:",
        "<iframe",
        "<style",
        "style=",
        "<form",
        'alert(1)"',
        "<svg",
    ):
        assert harmful not in html.replace("(javascript:alert(1))", "")


def test_tags_left_open_are_closed_and_stray_ends_are_dropped():
    assert sanitize("<div><b>x</div></i>") == "<div><b>x</b></div>"
    assert sanitize("<table><tr><td>x") == "<table><tr><td>x</td></tr></table>"
    assert sanitize("a &lt;b&gt; &amp; <unknown>c</unknown>") == "a &lt;b&gt; &amp; c"
