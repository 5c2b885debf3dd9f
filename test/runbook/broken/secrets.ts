import { runbook, type BrokenCase } from "./cases.js";

/** The inputs, and what follows them. */
const secret = (rest: string): string =>
  runbook(`inputs:
  token: {type: string, secret: true, required: true}
  pins: {type: array, items: {type: string}, secret: true, default: []}
  name: {type: string, default: web}
${rest}`);
const make = (value: string, key = "text"): string =>
  secret(`steps:\n  - {id: a, uses: text/make, with: {${key}: "${value}"}}`);
const WAIT = "uses: time/wait, with: {duration: 1s}";

/** A secret input that goes to where its value can be seen. */
export const SECRET_CASES: readonly BrokenCase[] = [
  [
    "a word of a command",
    "exposed-secret",
    secret('steps:\n  - {id: a, on: node/a, run: [curl, "${{ »inputs.token }}"]}'),
    /would be seen[\s\S]*give it to a script, in its env/,
  ],
  [
    "a part of a word",
    "exposed-secret",
    secret(
      'steps:\n  - {id: a, on: node/a, run: [curl, "--header=${{ inputs.name }}:${{ »inputs.token }}"]}',
    ),
  ],
  [
    "the place of a command",
    "exposed-secret",
    secret('steps:\n  - {id: a, on: "node/${{ »inputs.token }}", run: [ls]}'),
  ],
  ["what a kind is given", "exposed-secret", make("${{ »inputs.token }}")],
  ["a list that a kind is given", "exposed-secret", make("${{ »inputs.pins }}", "names")],
  [
    "deep in what a kind is given",
    "exposed-secret",
    secret('steps:\n  - {id: a, uses: text/make, with: {any: [1, {b: "${{ »inputs.token }}"}]}}'),
  ],
  ["by index", "exposed-secret", make("${{ »inputs['token'] }}")],
  ["by a name that is computed", "exposed-secret", make("${{ »inputs[inputs.name] }}", "any")],
  ["all inputs", "exposed-secret", make("${{ »inputs }}", "any")],
  ["under another name", "exposed-secret", make("${{ cel.bind(t, »inputs.token, t + 'x') }}")],
  ["in a list", "exposed-secret", make("${{ ['a', »inputs.token] }}", "names")],
  ["in a map", "exposed-secret", make("${{ {'a': {'b': »inputs.token}} }}", "any")],
  ["an item", "exposed-secret", make("${{ »inputs.pins[0] }}")],
  ["made of it", "exposed-secret", make("${{ 'x' + »inputs.token.upperAscii() }}")],
  ["how long it is", "exposed-secret", make("${{ size(»inputs.pins) }}", "count")],
  ["less than nothing of it", "exposed-secret", make("${{ -size(»inputs.pins) }}", "count")],
  ["where it is there", "exposed-secret", make("${{ inputs.token == '' ? 'none' : »inputs.token }}")],
  [
    "the values of a matrix",
    "exposed-secret",
    secret(`steps:\n  - {id: a, strategy: {matrix: {pin: "\${{ »inputs.pins }}"}}, ${WAIT}}`),
  ],
  [
    "a value of a matrix",
    "exposed-secret",
    secret(`steps:\n  - {id: a, strategy: {matrix: {pin: [a, "\${{ »inputs.token }}"]}}, ${WAIT}}`),
  ],
  [
    "an output",
    "exposed-secret",
    secret('steps:\n  - {id: a, script: ./a.ts, outputs: {x: "${{ »inputs.token }}"}}'),
  ],
  [
    "a message",
    "exposed-secret",
    secret('checks:\n  - {id: c, outcomes: [{pass: {message: "with ${{ »inputs.token }}"}}]}'),
  ],
  [
    "a step of finally",
    "exposed-secret",
    secret(
      `steps: [{id: z, ${WAIT}}]\nfinally:\n  - {id: a, on: node/a, run: [ls, "\${{ »inputs.token }}"]}`,
    ),
  ],
  [
    "beside what does not parse",
    "expression-syntax",
    make("${{ inputs.token + » }}").replace("+ » }}", "+ »}}"),
  ],
];
