import { runbook, type BrokenCase } from "./cases.js";

const INPUTS = `inputs:
  count: {type: integer, default: 4}
  ratio: {type: number, required: true}
  name: {type: string, required: true}
  maybe: {type: string}
  flag: {type: boolean, default: true}
  unsure: {type: boolean}
  list: {type: array, items: {type: string}, default: []}
  sizes: {type: array, items: {type: size}, default: []}
  time: {type: duration, default: 1s}
  mode: {type: string, enum: [fast, slow, odd], default: fast}
  token: {type: string, secret: true, required: true}
`;
const WAIT = "uses: time/wait, with: {duration: 1s}";
const BEFORE = `  - {id: made, uses: text/make, outputs: {first: "\${{ result.lines[0] }}", open: "\${{ dyn(1) }}"}}
  - {id: many, uses: text/make, strategy: {matrix: {n: [1, 2], where: ["a", "b"]}}, with: {count: "\${{ matrix.n }}"}}
  - {id: bg, background: true, ${WAIT}}
`;
/** An expression as a condition of a step behind others. */
const when = (cel: string): string =>
  runbook(
    `${INPUTS}steps:\n${BEFORE}  - id: a\n    uses: time/wait\n    with: {duration: 1s}\n    if: \${{ ${cel} }}`,
  );
/** An expression as a value of `with`. */
const given = (key: string, value: string): string =>
  runbook(`${INPUTS}steps:\n${BEFORE}  - id: a\n    uses: text/make\n    with:\n      ${key}: ${value}`);
const command = (words: string, on = "node/a"): string =>
  runbook(`${INPUTS}steps:\n${BEFORE}  - {id: a, run: ${words}, on: ${on}}`);
const check = (outcome: string): string =>
  runbook(`${INPUTS}steps:\n${BEFORE}checks:\n  - id: c\n    outcomes:\n      - ${outcome}`);
const finding = (cel: string): string => check(`pass: {if: "\${{ ${cel} }}", message: m}`);

/** What is wrong with an expression: its syntax, its names, its types. */
export const EXPRESSION_CASES: readonly BrokenCase[] = [
  [
    "an end too early",
    "expression-syntax",
    when("1 + ").replace("1 +  }}", "1 +  »}}").replace("»}}", "»}}"),
    /ends too early/,
  ],
  ["two values side by side", "expression-syntax", when("true »true")],
  ["an unknown character", "expression-syntax", when("inputs.flag »§ x"), /no place for "§"/],
  [
    "a comment in an expression",
    "wrong-form",
    when("inputs.flag # x").replace("${{ inputs", "»${{ inputs"),
    /put the value in quotes/,
  ],
  [
    "a colon in an expression",
    "yaml-syntax",
    when("true ? true : false").replace("${{ true", "»${{ true"),
    /put the whole value in quotes/,
  ],
  ["a lonely equals sign", "expression-syntax", when("inputs.count »= 4")],
  ["a lonely ampersand", "expression-syntax", when("inputs.flag »& true")],
  ["a quote without end", "expression-syntax", when("x").replace("${{ x }}", "»${{ 'x }}"), /has no }}/],
  ["an expression without end", "expression-syntax", given("text", '"x »${{ run.id"'), /has no }}/],
  ["an empty expression", "expression-syntax", when("").replace("${{  }}", "${{»  }}"), /is empty/],
  ["a reserved word", "expression-syntax", when("»for == 1"), /reserved/],
  ["a message", "expression-syntax", when("Pod»{} == 1"), /write a map/],
  ["an unsigned number against a signed one", "expression-type", when("»1u == 1"), /make both of one type/],
  [
    "a double against a whole number",
    "expression-type",
    when("»1.5 > 1 && 1.0 == 1").replace("»1.5 > 1 && ", "1.5 > 1 && »"),
    /double/,
  ],
  ["a number too large", "out-of-range", when("»9223372036854775808 == 1")],
  [
    "an expression too long",
    "expression-syntax",
    when(`»${"true && ".repeat(600)}true`).replace("${{ »", "${{» "),
    /more than 4096/,
  ],
  ["a loop without a name", "unknown-function", when("inputs.list.»exists(1, true)")],
  ["nesting in an expression", "expression-syntax", when(`${"(".repeat(64)}»true${")".repeat(64)}`)],
  [
    "two expressions for a condition",
    "expression-form",
    when("true").replace("${{ true }}", "»${{ true }}${{ true }}"),
  ],
  [
    "text beside a condition",
    "expression-form",
    when("true").replace("${{ true }}", "»${{ true }} and ${{ true }}"),
  ],

  ["an unknown root", "unknown-variable", when("»input.flag"), /did you mean inputs/],
  ["a root like no other", "unknown-variable", when("»quux.flag"), /there are: inputs/],
  ["the environment of a shell", "unknown-variable", when("»env.HOME == 'a'")],
  ["a name without a prefix", "unknown-variable", when("»count > 3")],
  ["a loop's name behind the loop", "unknown-variable", when("inputs.list.all(x, true) && »x == 'a'")],
  ["an unknown input", "unknown-input", when("inputs.»falg"), /did you mean "flag"/],
  ["an unknown input by index", "unknown-input", when("inputs[»'falg']")],
  ["an unknown input that is asked for", "unknown-input", when("has(inputs.»falg)")],
  ["an unknown step", "unknown-step", when("steps.»mde.outputs.ok"), /did you mean "made"/],
  ["an unknown step by index", "unknown-step", when("steps[»'zz'].outputs.ok")],
  ["the step itself", "later-step", when("steps.»a.outputs.ok"), /has not run by then[^]*change their order/],
  [
    "a later step",
    "later-step",
    runbook(`steps:\n  - {id: a, if: "\${{ steps.»b.outputs.x }}", ${WAIT}}\n  - {id: b, ${WAIT}}`),
  ],
  [
    "a step of finally",
    "later-step",
    runbook(`steps:\n  - {id: a, if: "\${{ steps.»b.outputs.x }}", ${WAIT}}\nfinally:\n  - {id: b, ${WAIT}}`),
  ],
  ["a step that still runs", "background-step", when("has(steps.»bg)"), /wait for it before/],
  ["a step's output without outputs", "unknown-property", when("steps.made.»ok"), /write \.outputs\.NAME/],
  ["an unknown output", "unknown-output", when("steps.made.outputs.»cuont > 1"), /did you mean "count"/],
  [
    "an output of what has none",
    "unknown-output",
    runbook(`steps:\n  - {id: a, ${WAIT}}\n  - {id: b, if: "\${{ steps.a.outputs.»done }}", ${WAIT}}`),
  ],
  [
    "a matrix step's output at once",
    "expression-type",
    when("steps.many.outputs.»count > 1"),
    /take one item/,
  ],
  [
    "an unknown property of a matrix step",
    "unknown-property",
    when("steps.many.outputs[0].»state == 'done'"),
    /"status"/,
  ],
  [
    "an unknown output of a matrix step",
    "unknown-output",
    when("steps.many.outputs.exists(o, o.outputs.»lnies == [])"),
    /"lines"/,
  ],
  ["an unknown name of a matrix step", "unknown-matrix-name", when("steps.many.outputs[0].matrix.»m == 1")],
  ["an unknown property", "unknown-property", when("steps.made.outputs.info.»nod == 'a'"), /"node"/],
  [
    "an unknown property of an item",
    "unknown-property",
    when("steps.made.outputs.info.hops[0].»rol == 'nic'"),
  ],
  [
    "an unknown property in a loop",
    "unknown-property",
    when("steps.made.outputs.info.hops.all(h, h.»idx > 0)"),
  ],
  ["an unknown property of the cluster", "unknown-property", when("cluster.»nam == 'a'"), /"name"/],
  ["an unknown property of the run", "unknown-property", when("run.»name == 'a'"), /there are: id, runbook/],
  ["a property of text", "expression-type", when("inputs.name.»size == 1"), /string has no "size"/],
  ["a prototype", "unknown-property", when("run.»__proto__ == 1")],
  ["a constructor", "unknown-property", when("run.»constructor == 1")],
  ["a matrix where there is none", "unknown-variable", when("»matrix.n == 1"), /no strategy\.matrix/],
  [
    "a matrix in itself",
    "unknown-variable",
    runbook(`steps:\n  - {id: a, strategy: {matrix: {n: ["\${{ »matrix.n }}"]}}, ${WAIT}}`),
  ],
  [
    "an unknown matrix name",
    "unknown-matrix-name",
    runbook(`steps:\n  - {id: a, strategy: {matrix: {node: [1]}}, if: "\${{ matrix.»nod == 1 }}", ${WAIT}}`),
    /"node"/,
  ],
  [
    "an unknown input within a matrix value",
    "unknown-input",
    runbook(
      `${INPUTS}steps:\n  - {id: a, strategy: {matrix: {at: [null, {pod: "\${{ inputs.»nmae }}"}]}}, ${WAIT}}`,
    ),
    /"name"/,
  ],
  [
    "an unknown name of a matrix value",
    "unknown-property",
    runbook(
      `steps:\n  - {id: a, strategy: {matrix: {at: [{pod: a}]}}, if: "\${{ matrix.at.»pdo == 'a' }}", ${WAIT}}`,
    ),
    /"pod"/,
  ],
  ["a result outside of outputs", "unknown-variable", when("»result.count > 1"), /only in a step's outputs/],
  [
    "an unknown property of the result",
    "unknown-property",
    runbook('steps:\n  - {id: a, uses: text/make, outputs: {x: "${{ result.»cuont }}"}}'),
    /"count"/,
  ],
  ["findings in a step", "unknown-variable", when("»findings.flows.size() > 0"), /only in checks/],

  ["an unknown function", "unknown-function", when("»len(inputs.list) > 0"), /there are: /],
  ["a function misspelt", "unknown-function", when("»durations('3s') > 1"), /did you mean duration\(\)/],
  [
    "an unknown method",
    "unknown-function",
    when("inputs.name.»startswith('a')"),
    /did you mean startsWith\(\)/,
  ],
  ["a method that is a function", "unknown-function", when("inputs.name.»int() > 1")],
  [
    "too many arguments",
    "unknown-function",
    when("inputs.name.»contains('a', 'b')"),
    /string\.contains\(string\): bool/,
  ],
  ["too few arguments", "unknown-function", when("inputs.name.»contains()")],
  [
    "an argument of another type",
    "unknown-function",
    when("inputs.name.»contains(5)"),
    /there is no string\.contains\(int\)/,
  ],
  ["a size of a number", "unknown-function", when("»size(inputs.count) > 1"), /there is no size\(int\)/],
  ["a method of a number", "unknown-function", when("inputs.count.»size() > 1")],
  ["join of numbers", "unknown-function", when("inputs.sizes.»join(',') == ''"), /list<int>\.join/],
  ["a loop through a number", "expression-type", when("»inputs.count.all(x, true)"), /a list is wanted here/],
  ["a loop's condition", "expression-type", when("inputs.list.all(x, »x)"), /true or false is wanted/],
  ["a duration without a unit", "expression-value", when("inputs.time > duration(»'30')"), /with units/],
  ["an address that is none", "expression-value", when("ip(»'10.0.0.256').isLoopback()"), /no IP address/],
  ["a time of no form", "expression-value", when("timestamp(»'today') > timestamp(0)"), /RFC 3339/],
  ["a pattern that is none", "expression-value", when("inputs.name.matches(»'(')"), /no regular expression/],
  ["a pattern with a lookahead", "expression-value", when("inputs.name.matches(»'a(?=b)')"), /no lookahead/],

  ["text against a number", "expression-type", when("»inputs.name == 5"), /never equal/],
  ["a number against text", "expression-type", when("»inputs.count != '4'")],
  ["a list against text", "expression-type", when("»inputs.list == 'a'")],
  [
    "a duration against text",
    "expression-type",
    when("»inputs.time > '30s'"),
    /there is no duration > string/,
  ],
  ["a list of numbers against texts", "expression-type", when("»inputs.sizes == ['a']")],
  ["an order of lists", "expression-type", when("»inputs.list < inputs.list")],
  ["text plus a number", "expression-type", when("»inputs.name + inputs.count == 'a'"), /string\(…\)/],
  ["a boolean plus one", "expression-type", when("»inputs.flag + 1 == 2")],
  ["text times two", "expression-type", when("»inputs.name * 2 == 'aa'")],
  ["text minus text", "expression-type", when("»inputs.name - 'a' == ''")],
  ["minus text", "expression-type", when("-»inputs.name == 1")],
  ["not a number", "expression-type", when("!»inputs.count"), /true or false is wanted/],
  ["and of a number", "expression-type", when("inputs.flag && »inputs.count")],
  ["or of text", "expression-type", when("»inputs.name || inputs.flag")],
  ["a question that is a number", "expression-type", when("»inputs.count ? true :false")],
  ["in text", "expression-type", when("'a' in »inputs.name"), /contains/],
  ["a number in texts", "expression-type", when("»5 in inputs.list"), /never in/],
  ["a number as a key", "expression-type", when("»5 in run")],
  ["an item by text", "expression-type", when("inputs.list[»'a'] == 'b'")],
  ["a property by number", "expression-type", when("run[»0] == 'b'")],
  ["an item of a number", "expression-type", when("»inputs.count[0] == 1")],
  ["a map's key that is a double", "expression-type", when("{»1.5:'a'} == {}")],
  ["a value that cannot occur", "expression-value", when("inputs.mode == »'fsat'"), /did you mean "fast"/],
  [
    "a value that cannot occur, in a list",
    "expression-value",
    when("inputs.mode in ['fast', »'quick']"),
    /there are: fast, slow, odd/,
  ],
  ["an output that cannot occur", "expression-value", when("steps.made.outputs.mode == »'odd'")],
  ["a status that cannot occur", "expression-value", when("steps.many.outputs.all(o, o.status != »'ok')")],
  [
    "a condition that is a number",
    "expression-type",
    when("1 + 1").replace("${{ 1", "»${{ 1"),
    /this gives int/,
  ],
  [
    "a condition that is text",
    "expression-type",
    when("inputs.name").replace("${{ inputs.name", "»${{ inputs.name"),
    /this gives string/,
  ],
  [
    "a condition that may be null",
    "expression-type",
    when("inputs.unsure").replace("${{ inputs", "»${{ inputs"),
    /give it a default/,
  ],
  ["and of what may be null", "expression-type", when("inputs.flag && »inputs.unsure"), /bool or null/],
  [
    "a condition of a declared output",
    "expression-type",
    when("steps.made.outputs.first").replace("${{ steps", "»${{ steps"),
  ],

  [
    "text for a number",
    "expression-type",
    given("count", "»${{ inputs.name }}"),
    /"count" takes int, and this is string/,
  ],
  ["text around a number", "expression-type", given("count", "1»${{ inputs.count }}")],
  ["a number for text", "expression-type", given("text", "»${{ inputs.count }}")],
  ["a list for text", "expression-type", given("text", "»${{ inputs.list }}")],
  ["text for a list", "expression-type", given("names", "»${{ inputs.name }}")],
  [
    "a list of numbers for texts",
    "expression-type",
    given("names", "»${{ inputs.sizes }}"),
    /takes list<string>, and this is list<int>/,
  ],
  ["a number for an item", "expression-type", given("names", '[a, "»${{ inputs.count }}"]')],
  ["a number for a boolean", "expression-type", given("flag", "»${{ inputs.count }}")],
  [
    "a choice that the kind does not know",
    "expression-type",
    given("mode", "»${{ inputs.mode }}"),
    /"fast" or "slow", and this may be "odd"/,
  ],
  ["text within a mapping", "expression-type", given("inner", '{size: "»${{ inputs.name }}"}')],
  ["a number for any key", "expression-type", given("labels", '{a: "»${{ inputs.count }}"}')],
  [
    "null where something is needed",
    "expression-type",
    runbook(
      `${INPUTS}permissions: {exec: [runtime/pods]}\nsteps:\n  - id: a\n    uses: path/discover\n    with:\n      from: »\${{ inputs.maybe }}`,
    ),
    /may be null/,
  ],
  [
    "a boolean for a duration",
    "expression-type",
    runbook(
      `${INPUTS}steps:\n  - id: a\n    uses: time/wait\n    with:\n      duration: »\${{ inputs.flag }}`,
    ),
  ],
  ["a mapping for a word", "expression-type", command('[ls, "»${{ steps.made.outputs.info }}"]')],
  ["a list for a place", "expression-type", command("[ls]", '"»${{ inputs.list }}"')],
  ["null for a place", "expression-type", command("[ls]", '"»${{ inputs.maybe }}"'), /has to be given/],
  [
    "a list for a variable",
    "expression-type",
    runbook(`${INPUTS}steps:\n  - {id: a, script: ./a.ts, env: {A: "»\${{ inputs.list }}"}}`),
  ],
  [
    "a matrix of a number",
    "expression-type",
    runbook(`${INPUTS}steps:\n  - {id: a, strategy: {matrix: {n: "»\${{ inputs.count }}"}}, ${WAIT}}`),
    /a matrix needs a list/,
  ],
  [
    "a matrix value for text",
    "expression-type",
    runbook(
      `steps:\n  - {id: a, strategy: {matrix: {n: [1, 2]}}, uses: text/make, with: {text: "»\${{ matrix.n }}"}}`,
    ),
  ],
  [
    "an item of a list input for a number",
    "expression-type",
    runbook(
      `${INPUTS}steps:\n  - {id: a, strategy: {matrix: {n: "\${{ inputs.list }}"}}, uses: text/make, with: {count: "»\${{ matrix.n }}"}}`,
    ),
  ],
  [
    "an error on the third line of a block",
    "unknown-input",
    given("text", "|\n        one\n        two ${{ run.id }}\n        three ${{ inputs.»nam }}"),
  ],
  [
    "an error in a folded text",
    "unknown-input",
    given("text", ">-\n        one\n        ${{ run.id +\n        inputs.»nam }}"),
  ],
  ["an error behind an escaped quote", "unknown-input", given("text", '"\\"a\\" ${{ inputs.»nam }}"')],
  ["an error behind a doubled quote", "unknown-input", given("text", "'it''s ${{ inputs.»nam }}'")],
  [
    "an error in a single-quoted expression",
    "expression-value",
    given("flag", "'${{ inputs.mode == »''fsat'' }}'"),
  ],
  [
    "an error in the second expression",
    "unknown-input",
    given("text", '"${{ inputs.name }} ${{ inputs.»nam }}"'),
  ],

  ["findings misspelt", "unknown-property", finding("findings.»flow.size() > 0"), /did you mean "flows"/],
  [
    "a flow's verdict misspelt",
    "unknown-property",
    finding("findings.flows.exists(f, f.»verdikt.status == 'lost')"),
  ],
  [
    "a status that there is not",
    "expression-value",
    finding("findings.flows.exists(f, f.verdict.status == »'lots')"),
    /did you mean "lost"/,
  ],
  [
    "a count against text",
    "expression-type",
    finding("findings.flows.all(f, »f.hops[0].request.packets == 'x')"),
  ],
  ["a method of a list as a property", "expression-type", finding("findings.flows.»size > 0")],
  ["a check of an unknown step", "unknown-step", finding("steps.»b.outputs.x == 1")],
  ["a message of an unknown input", "unknown-input", check('pass: {message: "n ${{ inputs.»z }}"}')],
  ["a matrix in a check", "unknown-variable", finding("»matrix.n == 1")],
  [
    "a condition of a check that is a list",
    "expression-type",
    check('pass: {if: "»${{ findings.flows }}", message: m}'),
  ],
  [
    "a check's id twice",
    "duplicate-id",
    runbook(
      "checks:\n  - {id: c, outcomes: [{pass: {message: m}}]}\n  - {id: »c, outcomes: [{pass: {message: m}}]}",
    ),
  ],
  ["a check without outcomes", "out-of-range", runbook("checks:\n  - {id: c, outcomes: »[]}")],
  ["two answers in one", "out-of-range", check("»{pass: {message: m}, fail: {message: n}}")],
  ["an answer that is none", "unknown-key", check("{»passed: {message: m}}"), /"pass"/],
  ["an answer without a message", "missing-key", check('{»pass: {if: "${{ true }}"}}')],
  ["an address that is none", "wrong-form", check("{pass: {message: m, uri: »javascript:alert(1)}}")],
  [
    "an expression in an address",
    "expression-misplaced",
    check('{pass: {message: m, uri: »"https://example.org/${{run.id}}"}}'),
  ],
];
