import t from "tap";
import { evaluateCel, parseCel } from "../../lib/cel/index.js";

const env = {
  data: { a: 1, b: undefined },
  list: [1, 2],
  text: "x".repeat(600_000),
  hostile: JSON.parse('{"__proto__": 1}') as unknown,
};

/** What an expression gives; a regular expression stands for the error. */
const TABLE: Readonly<Record<string, readonly (readonly [string, unknown])[]>> = {
  access: [
    ["[5, 6][1u]", 6],
    ["[5][5u]", /No such key: item 5 of a list of 1/],
    ["{'a': 1}[5u]", /No such key: 5$/],
    ["list[1.0]", 2],
    ["list[[]]", /No such key: item list of a list of 2/],
    ["list.a", /No such key: a, of list/],
    ["(1).a", /No such key: a, of int/],
    ["(1)[0]", /No such key: 0, of int/],
    ["data[?'zz'].hasValue()", false],
  ],
  arithmetic: [
    ["5 % -1", 0],
    ["dyn(-9223372036854775808) % -1", /int overflow/],
    ["-5.0 % 2.0", /there is no double % double/],
    ["-duration('1s')", "-1s"],
  ],
  order: [
    ["'😀' > '\\uffff'", true],
    ["'\\ue000' < '\\uffff'", true],
    ["'😀' < '😁'", true],
    ["'a' < 'b'", true],
  ],
  "values as data": [
    ["[data]", [{ a: 1, b: undefined }]],
    ["{'a': null}", { a: null }],
    ["{true: 1, 2u: 2}", { true: 1, 2: 2 }],
    ["optional.none()", null],
    ["optional.of(1)", 1],
    ["[optional.none()]", [null]],
    ["-0.0", 0],
    ["1.5", 1.5],
    ["hostile.transformMap(key, value, value)", /the key "__proto__" is not allowed/],
  ],
  optional: [
    ["[?optional.of(1), ?optional.none()]", [1]],
    ["[?1]", /an optional is wanted here, not int/],
    ["optional.ofNonZeroValue(0u).hasValue()", false],
    ["optional.ofNonZeroValue(duration('0s')).hasValue()", false],
    ["optional.ofNonZeroValue({}).hasValue()", false],
    ["optional.none().value()", /the optional has no value/],
  ],
  loops: [
    ["{'a': null}.transformList(key, value, value)", [null]],
    ["data.transformList(key, value, value)", [1, null]],
    ["['x'].transformMapEntry(index, name, data)", { a: 1, b: null }],
    ["[1, 1].transformMapEntry(index, item, {'a': item})", /the key "a" is there twice/],
    ["[1].transformMapEntry(index, item, item)", /a map is wanted here, not int/],
    ["[1].all(index, item, true, 1)", /there is no index here/],
  ],
  "calls that there are not": [
    ["'a'.size(1)", /there is no function string\.size\(int\)/],
    ["size(1, 2)", /there is no function size\(int, int\)/],
  ],
};

for (const [name, rows] of Object.entries(TABLE)) {
  t.test(name, async (t) => {
    for (const [source, expected] of rows) {
      if (expected instanceof RegExp)
        t.throws(() => evaluateCel(parseCel(source), env), { message: expected }, source);
      else t.same(evaluateCel(parseCel(source), env), expected, source);
    }
  });
}

t.test("no text is looked for that is too long, and none made", async (t) => {
  t.throws(() => evaluateCel(parseCel("text.indexOf(text)"), env), {
    message: /takes too long/,
    rule: "out-of-range",
  });
  t.throws(() => evaluateCel(parseCel("text.replace('x', 'yy')"), env), {
    message: /the text would have 1800002 characters/,
    rule: "out-of-range",
  });
});
