import { CEL_FUNCTIONS, MACROS } from "../cel/index.js";
import { CEL_DIFFERENCES } from "./cel-differences.js";

interface ReferenceEntry {
  /** A variable's name, or a function with what it takes and gives. */
  readonly signature: string;
  /** One line, without a full stop. */
  readonly means: string;
}

interface ReferenceExample extends ReferenceEntry {
  /** An expression and the value it gives. */
  readonly example: readonly [string, unknown];
}

/** All that `${{ … }}` can be written with, for the generated documentation. */
export const EXPRESSION_REFERENCE: {
  /** `where`: the places of a runbook that see it. */
  readonly variables: readonly (ReferenceEntry & { readonly where: string })[];
  readonly functions: readonly ReferenceExample[];
  readonly macros: readonly ReferenceExample[];
  readonly operators: readonly ReferenceExample[];
  /** One sentence each: how data and expressions fit together. */
  readonly notes: readonly string[];
  /** One sentence each. */
  readonly differences: readonly string[];
} = {
  variables: [
    {
      signature: "inputs.NAME",
      means:
        "An input; null where it is neither given nor has a default. Of the type integer an int, of number a double, of duration a duration, of size an int (its bytes)",
      where: "everywhere",
    },
    {
      signature: "steps.ID.outputs.NAME",
      means: "An output of a step that has ended by then",
      where: "everywhere",
    },
    {
      signature: "steps.ID.outputs[I]",
      means:
        "Of a matrix step, for each combination: {matrix, status: done|failed|skipped, outputs: the outputs or null}; null where the step was not run",
      where: "everywhere",
    },
    { signature: "cluster.name", means: "Name of the cluster", where: "everywhere" },
    {
      signature: "cluster.nodes",
      means: "Names of its nodes that are known beforehand",
      where: "everywhere",
    },
    { signature: "run.id", means: "The run's id", where: "everywhere" },
    { signature: "run.runbook", means: "Name of the runbook", where: "everywhere" },
    {
      signature: "matrix.NAME",
      means: "The value of this combination",
      where: "a step with strategy.matrix, its matrix itself aside",
    },
    { signature: "result", means: "What the step's kind gave", where: "outputs" },
    { signature: "findings", means: "findings.json of this run", where: "checks" },
  ],
  functions: CEL_FUNCTIONS.flatMap(({ signatures, means, example }) =>
    joinSignatures(signatures.map(({ text }) => text)).map((signature) => ({ signature, means, example })),
  ),
  macros: MACROS,
  operators: [
    { signature: "==  !=", means: "The same value, deep", example: ["[1, 2] == [1, 2]", true] },
    {
      signature: "<  <=  >  >=",
      means: "Order of two numbers, texts, bytes, booleans, durations or timestamps",
      example: ["2 < 10", true],
    },
    {
      signature: "+",
      means:
        "Sum of numbers or durations; texts, bytes or lists one behind the other; a timestamp and a duration",
      example: ["'a' + 'b'", "ab"],
    },
    {
      signature: "-",
      means: "Difference of numbers, durations or timestamps",
      example: ["duration('2m') - duration('30s')", "90s"],
    },
    {
      signature: "*  /  %",
      means: "Of two numbers of one type; of whole numbers / leaves the fraction out",
      example: ["7 / 2", 3],
    },
    {
      signature: "in",
      means: "Whether an item is in a list, or a key in a map",
      example: ["2 in [1, 2]", true],
    },
    { signature: "!  &&  ||", means: "Not, and, or", example: ["!true || true", true] },
    { signature: "A ? B : C", means: "B where A is true, else C", example: ["1 < 2 ? 'a' : 'b'", "a"] },
    {
      signature: "A.NAME  A['NAME']  A[0]",
      means: "Property of a map, item of a list; an error where it is not there",
      example: ["[5, 6][1]", 6],
    },
    {
      signature: "A.?NAME  A[?'NAME']  A[?0]",
      means: "The same as an optional, which has a value where it is there",
      example: ["{'a': 1}.?b.orValue(0)", 0],
    },
    {
      signature: "[?A]  {?'NAME': A}",
      means: "An item or entry that is there where the optional has a value",
      example: ["[1, ?{'a': 2}.?b]", [1]],
    },
  ],
  notes: [
    "int and uint have 64 bits, and what does not fit is an error; 1 is an int, 1u a uint and 1.0 a double, and there is no arithmetic of two types: write double(n) / 2.0.",
    "Of data whose type is known (inputs, outputs of step kinds, findings.json) integer is int and number is double; of other data whole numbers are ints.",
    "Sizes are ints, so that 64MiB is 64 * 1024 * 1024, or quantity('64Mi').asInteger().",
    "A value that may be null can stand wherever its type fits, and is compared with == null; as a condition it has to be compared, or given a default.",
    "A key of `with` whose expression is null, or an optional without a value, is left out, and so is a word of `run`; where a key has to be given, a value that may be null is refused before the run.",
    "What the run cannot know beforehand is dyn, whose properties are read unchecked; has() asks whether one is there, and .? reads it where it is.",
    "An expression that is a whole value keeps its type, as far as data has it: a duration becomes text (90s), as do timestamps, addresses and the like, and bytes base64. Within text everything becomes text, null the empty text, lists and maps JSON.",
    "What a step printed is data and never evaluated again.",
    "An expression has at most 4096 characters and 100,000 steps of work; a regular expression is RE2's, with at most 256 characters.",
  ],
  differences: CEL_DIFFERENCES.map(({ says }) => says),
};

/** Signatures that differ in their types alone as one: `int(uint|double): int`. */
function joinSignatures(texts: readonly string[]): readonly string[] {
  const groups = new Map<string, string[][]>();
  const signatures = texts.join("\n").matchAll(/^(?:(.+)[.])?(\w+)[(](.*)[)]: (.+)$/gm);
  for (const [, owner = "", name = "", inner = "", returns = ""] of signatures) {
    const columns = [owner, ...inner.split(/, (?![^<]*>)/), returns];
    const key = `${owner === ""} ${name} ${columns.length} ${inner === ""}`;
    groups.set(key, [...(groups.get(key) ?? []), [name, ...columns]]);
  }
  return [...groups.values()].map((rows) => {
    const [first = []] = rows;
    const joined = first.map((_, index) => [...new Set(rows.map((row) => row[index]))].join("|"));
    const [name = "", owner = "", ...inner] = joined;
    const [returns = ""] = inner.splice(-1);
    return `${owner === "" ? "" : `${owner}.`}${name}(${inner.join(", ")}): ${returns}`;
  });
}
