import assert from "node:assert/strict";
import type { RootContent } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import t from "tap";
import { escapeMarkdown, escapeMarkdownCode, escapeMarkup, visible } from "../../lib/report/index.js";
import { anyCharacter, fc } from "../fixtures/property.js";

const anyText = fc.string({ unit: anyCharacter, maxLength: 120 });

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

/** As GitHub reads it, but for links that are made of what text looks like afterwards: no escape hides a mail address from that. */
const fromGfm = gfmFromMarkdown().map((extension) => ({ ...extension, transforms: [] }));

const parse = (text: string): RootContent[] =>
  fromMarkdown(text, { extensions: [gfm()], mdastExtensions: fromGfm }).children;

/** The words of a block that has nothing but words; what else it has stands between angles. */
function wordsOf(node: RootContent | undefined): string {
  if (node === undefined) return "<nothing>";
  if (node.type === "text") return node.value;
  return "children" in node && ["paragraph", "heading", "strong", "tableCell"].includes(node.type)
    ? node.children.map(wordsOf).join("")
    : `<${node.type}>`;
}

const MARKUP = [
  ..."*_`[]()<>#+-!|~$&@:.\\/= \t\n1a",
  "www.",
  "://",
  "mailto:",
  "&amp;",
  "- ",
  "1. ",
  "**",
  "a@b.c",
];
const anyMarkup = fc.oneof(
  anyText,
  fc.array(fc.constantFrom(...MARKUP), { maxLength: 24 }).map((all) => all.join("")),
);

t.test("Markdown: what it needs at its place, and no more", async (t) => {
  const kept = "node-b, cali9d8b_6a/x.y: 10.0.0.1:80 → (tunnel) + 4 of 4 requests, 33.3 % {x} a > b!";
  t.equal(escapeMarkdown(kept), kept);
  t.equal(
    escapeMarkdown("[x](javascript:1) | *b* <i> @team"),
    "\\[x]\\(javascript:1) \\| \\*b\\* &#x3C;i> &#x40;team",
  );
  t.equal(escapeMarkdown("1. a"), "1&#x2E; a");
  t.notMatch(escapeMarkdown("http://evil.example www.evil.example"), /http:\/\/|www\./);
});

t.test("Markdown: no text becomes anything but text", async () => {
  fc.assert(
    fc.property(anyMarkup, (text) => {
      const escaped = escapeMarkdown(text);
      const trimmed = visible(text);
      const [paragraph, ...others] = parse(escaped === "" ? "x" : escaped);
      const [heading] = parse(`## a ${escaped} b`);
      const [item] = parse(`- ${escaped === "" ? "x" : escaped}`);
      const [table] = parse(`| h | i |\n| --- | --- |\n| a ${escaped} b | j |`);
      const cells = table?.type === "table" ? (table.children[1]?.children ?? []) : [];
      const [strong] = parse(`**a ${escaped} b**`);
      const within = `a ${trimmed} b`;
      assert.doesNotMatch(escaped, /<|\n|@|:\/\//);
      assert.deepStrictEqual(
        [escaped === "" || wordsOf(paragraph), others, wordsOf(heading), item?.type, wordsOf(strong)],
        [escaped === "" || trimmed, [], within, "list", within],
      );
      assert.deepStrictEqual(cells.map(wordsOf), [within, "j"]);
    }),
  );
});

t.test("Markdown: code", async (t) => {
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
