import t from "tap";
import { checkCel, parseCel } from "../../lib/cel/index.js";
import {
  BOOL,
  DOUBLE,
  DYN,
  INT,
  listOf,
  mapOf,
  nameType,
  objectOf,
  orNull,
  STRING,
  type CelType,
} from "../../lib/cel/index.js";

const MODE: CelType = { kind: "string", values: ["fast", "slow"] };
const variables: Record<string, CelType> = {
  n: INT,
  ratio: DOUBLE,
  s: STRING,
  flag: BOOL,
  any: DYN,
  mode: MODE,
  modes: listOf(MODE),
  names: listOf(STRING),
  numbers: listOf(INT),
  unknowns: listOf(DYN),
  maybe: orNull(INT),
  unsure: orNull(BOOL),
  labels: mapOf(STRING, STRING),
  node: objectOf({ name: STRING, index: INT }),
};
const check = (source: string) => checkCel(parseCel(source), { variables, absent: {} });

t.test("the type that an expression gives", async (t) => {
  const table: [string, string][] = [
    ["-n", "int"],
    ["-ratio", "double"],
    ["-any", "dyn"],
    ["any && flag", "bool"],
    ["s < 'b'", "bool"],
    ["names + names", "list<string>"],
    ["numbers + unknowns", "list"],
    ["'fast' == mode", "bool"],
    ["1 in any", "bool"],
    ["'a' in labels", "bool"],
    ["any in node", "bool"],
    ["'slow' in modes", "bool"],
    ["any in modes", "bool"],
    ["names[any]", "string"],
    ["unknowns[n]", "dyn"],
    ["any[n]", "dyn"],
    ["labels[s]", "string"],
    ["labels[any]", "string"],
    ["node[s]", "dyn"],
    ["node.map(key, key)", "list<string>"],
    ["labels.filter(key, key != 'a')", "list<string>"],
    ["any.map(x, x)", "list"],
    ["flag ? n : null", "int or null"],
    ["flag ? null : n", "int or null"],
    ["flag ? maybe : n", "int or null"],
    ["flag ? any : null", "dyn"],
    ["flag ? n : ratio", "dyn"],
    ["flag ? -n : n", "int"],
    ["flag ? ratio : -ratio", "double"],
    ["flag ? mode : s", "string"],
    ["flag ? [n] : numbers", "list<int>"],
    ["flag ? names : numbers", "list"],
    ["flag ? labels : {s: 'a'}", "map"],
    ["flag ? node : {'name': 'a'}", "dyn"],
    ["flag ? flag : s", "dyn"],
    ["flag ? flag : n > 1", "bool"],
    ["flag ? flag : unsure", "bool or null"],
    ["[]", "list"],
    ["null", "null"],
    ["any.optMap(x, x)", "optional"],
    ["optional.of(n).optMap(x, x)", "optional<int>"],
    ["optional.of(n).optFlatMap(x, optional.of(s))", "optional<string>"],
    ["names.transformMapEntry(i, name, {name: i})", "map"],
    ["names.transformMapEntry(i, name, any)", "dyn"],
    ["any.getHours()", "int"],
    ["unknowns.sum()", "dyn"],
    ["[?any]", "list"],
    ["[?optional.of(n)]", "list<int>"],
    ["size(node)", "int"],
    ["numbers.indexOf(any)", "int"],
  ];
  for (const [source, name] of table) {
    const { type, faults } = check(source);
    t.same(faults, [], source);
    t.equal(nameType(type), name, source);
  }
});

t.test("what may be only known in the run is not refused before", async (t) => {
  for (const source of ["(flag ? labels : {s: 'a'})[s] == 'a'", "(flag ? node : labels).zz", "dyn(n) == s"]) {
    t.same(check(source).faults, [], source);
  }
});

t.test("what is wrong, where, and what to write", async (t) => {
  const table: [string, number, RegExp, RegExp?][] = [
    ["'fsat' == mode", 0, /none of the values/, /did you mean "fast"/],
    ["'quick' in modes", 0, /none of the values/, /there are: fast, slow/],
    ["1 in n", 5, /wants a list or a map, and this is int/],
    ["n in labels", 0, /the map's keys are text, and this is int/],
    ["(flag ? mode : 'odd') == 'od'", 25, /none of the values/, /did you mean "odd"/],
    ["maybe ? 1 : 2", 0, /this is int or null/],
    [
      "names.map(1 + x)",
      6,
      /map\(\) is not called like this/,
      /there is: LIST\.map\(NAME, any\): list; LIST/,
    ],
    ["any.all(x)", 4, /all\(\) is not called like this/, /LIST\.all\(NAME, bool\)/],
    ["names.exists(x, true, 1)", 6, /exists\(\) is not/, /LIST\.exists\(NAME, bool\): bool/],
    ["has(n)", 0, /has\(\) is not called like this/, /has\(VALUE\.NAME\): bool/],
    ["has(node.name, n)", 0, /has\(\) is not called like this/],
    ["cel.bind(x, 1)", 4, /bind\(\) is not called like this/, /cel\.bind\(NAME, any, any\): any/],
    ["n.bind(n, n, n)", 2, /there is no method bind\(\)/],
    ["map(names, n)", 0, /there is no function map\(\)/],
    ["n.optMap(x, 1) == any", 0, /an optional is wanted here, and this is int/],
    ["s in {1: s}", 0, /the map's keys are int, and this is string/],
    ["n + 1u", 0, /there is no int \+ uint/, /int\(…\)/],
    ["n + flag", 0, /there is no int \+ bool/],
    ["flag + n", 0, /there is no bool \+ int/],
    ["ratio % ratio", 0, /there is no double % double/],
    ["[?n] == any", 2, /an optional is wanted here, and this is int/, /leave the question mark out/],
    ["numbers.indexOf(s)", 8, /there is no list<int>\.indexOf\(string\)/],
  ];
  for (const [source, offset, message, suggestion] of table) {
    const { type, faults } = check(source);
    t.equal(faults.length, 1, source);
    t.match(faults[0], { offset, message }, source);
    if (suggestion !== undefined) t.match(faults[0]?.suggestion, suggestion, source);
    t.ok(["bool", "dyn", "int"].includes(type.kind), "no mistake follows from it");
  }
});
