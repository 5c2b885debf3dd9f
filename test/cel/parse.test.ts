import t from "tap";
import { parseCel } from "../../lib/cel/index.js";

t.test("what is no expression", async (t) => {
  const table: [string, number, RegExp][] = [
    ["'\\ud800'", 1, /\\ud800 is no character/],
    ["'\\U00110000'", 1, /\\U00110000 is no character/],
    ["b'\\u0041'", 2, /bytes have no escapes/],
    ["'\\q'", 1, /there is no escape \\q/],
    ["1 # 2", 2, /there is no place for "#" here/],
    ["1 😀", 2, /there is no place for "😀" here/],
    ["rr'a'", 2, /there is no place for "a" here/],
    ["'a", 0, /the text has no end/],
    ["'a\nb'", 0, /the text has no end/],
    ["(1 2", 3, /"\)" is wanted here, and this is "2"/],
    ["(1", 2, /the expression ends too early/],
    ["a.+", 2, /there is no place for "\+" here/],
    ["a.true", 2, /there is no place for "true" here/],
    ["a.", 2, /the expression ends too early/],
    ["size(1,)", 7, /there is no place for "\)" here/],
    ["a{}", 1, /there are no messages here/],
    ["a.b{}", 3, /there are no messages here/],
    ["-9223372036854775809", 1, /the number 9223372036854775809 is too large/],
    ["9223372036854775808", 0, /the number 9223372036854775808 is too large/],
    [`a${".a".repeat(64)}`, 0, /nests deeper than 64/],
    [`[${"1,".repeat(1000)}1]`, 2001, /more than 1000 parts/],
  ];
  for (const [source, offset, message] of table)
    t.throws(() => parseCel(source), { offset, message }, source);
});

t.test("what is one", async (t) => {
  t.match(parseCel("'''a\nb'''"), { kind: "literal", value: "a\nb" });
  t.match(parseCel("-9223372036854775808"), { kind: "literal", value: -(2n ** 63n), start: 0 });
  t.match(parseCel("-1.5"), { kind: "literal", value: -1.5 });
  t.match(parseCel("a[?b]"), { kind: "index", isOptional: true, start: 0, end: 5 });
});
