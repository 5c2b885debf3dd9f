import t from "tap";
import { escapeMarkdown, escapeMarkdownCode, escapeMarkup, visible } from "../../lib/report/index.js";
import { fc } from "../fixtures/property.js";

const anyText = fc.string({ unit: "binary", maxLength: 120 });

t.test("visible spells out what a terminal would obey or hide", async (t) => {
  t.equal(visible("a\u001b[2J\r\n\tb"), "a\\x1b[2J\\x0d\\x0a\\x09b");
  t.equal(visible("x\u202ey\u200bz\u0000\u009b"), "x\\u202ey\\u200bz\\x00\\x9b");
  t.equal(visible("\ud800"), "\\ud800");
  t.equal(visible("日本 é → 4–50 µs"), "日本 é → 4–50 µs");
  t.equal(visible("é → 4–50 µs “x”", { ascii: true }), '\\xe9 -> 4-50 us "x"');
  t.equal(visible("abcdef", { maxChars: 3 }), "abc… (3 more)");
  fc.assert(fc.property(anyText, (text) => !/[\p{C}\p{Zl}\p{Zp}]/u.test(visible(text))));
  fc.assert(fc.property(anyText, (text) => /^[ -~]*$/.test(visible(text, { ascii: true }))));
});

t.test("markup", async (t) => {
  t.equal(escapeMarkup(`<a href="x" id='y'>&\``), "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;&#96;");
  fc.assert(
    fc.property(anyText, (text) => !/[<>"'`]|&(?!amp;|lt;|gt;|quot;|#39;|#96;)/.test(escapeMarkup(text))),
  );
});

t.test("Markdown", async (t) => {
  t.equal(
    escapeMarkdown("[x](javascript:1) | *b* <i> @team"),
    "\\[x\\]\\(javascript:1\\) \\| \\*b\\* &lt;i\\> &#64;team",
  );
  t.equal(escapeMarkdown("1. a"), "1\\. a");
  t.notMatch(escapeMarkdown("http://evil.example www.evil.example"), /http:\/\/|www\./);
  t.equal(escapeMarkdownCode("a`b``c|d"), "``` a`b``c¦d ```");
  t.equal(escapeMarkdownCode(""), '""');
  fc.assert(
    fc.property(anyText, (text) => {
      const code = escapeMarkdownCode(text);
      const fence = /^`+/.exec(code)?.[0];
      return (
        fence === undefined ||
        !code.slice(fence.length, -fence.length).match(new RegExp(`(?<!\`)${fence}(?!\`)`))
      );
    }),
  );
});
