import { CEL_FUNCTIONS, signatureOf } from "./cel-functions.js";
import { MACROS } from "./cel-macros.js";

export interface ReferenceEntry {
  /** A variable's name, or a function with what it takes and gives. */
  readonly signature: string;
  /** One line, without a full stop. */
  readonly means: string;
}

export interface ReferenceExample extends ReferenceEntry {
  /** An expression and the value it gives. */
  readonly example: readonly [string, unknown];
}

/** All that `${{ … }}` can be written with, for the generated documentation. */
export const EXPRESSION_REFERENCE: {
  /** `where`: the places of a runbook that see it. */
  readonly variables: readonly (ReferenceEntry & { readonly where: string })[];
  readonly functions: readonly ReferenceExample[];
  readonly operators: readonly ReferenceExample[];
  /** One sentence each: what differs from CEL elsewhere, and how what is not there behaves. */
  readonly notes: readonly string[];
} = {
  variables: [
    {
      signature: "inputs.NAME",
      means:
        "An input: a duration in milliseconds, a size in bytes, null where it is neither given nor has a default",
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
  functions: [
    ...CEL_FUNCTIONS.map((one) => ({ signature: signatureOf(one), means: one.means, example: one.example })),
    ...MACROS,
  ],
  operators: [
    { signature: "==  !=", means: "The same value, deep", example: ["[1] == [1.0]", true] },
    { signature: "<  <=  >  >=", means: "Order of two numbers or two texts", example: ["2 < 10", true] },
    {
      signature: "+",
      means: "Sum of numbers; texts or lists one behind the other",
      example: ["'a' + 'b'", "ab"],
    },
    { signature: "-  *  %", means: "Difference, product, remainder", example: ["7 % 3", 1] },
    { signature: "/", means: "Exact quotient; int(a / b) leaves the fraction out", example: ["7 / 2", 3.5] },
    {
      signature: "in",
      means: "Whether an item is in a list, or a key in a map",
      example: ["2 in [1, 2]", true],
    },
    { signature: "!  &&  ||", means: "Not, and, or", example: ["!true || true", true] },
    { signature: "A ? B : C", means: "B where A is true, else C", example: ["1 < 2 ? 'a' : 'b'", "a"] },
    {
      signature: "A.NAME  A['NAME']  A[0]",
      means: "Property of a map, item of a list",
      example: ["[5, 6][1]", 6],
    },
  ],
  notes: [
    "Values are JSON's: there is one kind of number, which is an int where it is whole, and there are no bytes, unsigned numbers or protocol buffers.",
    "duration() and timestamp() give milliseconds, size() of a text bytes: the units of inputs. The number of characters is TEXT.size().",
    "/ divides exactly: 7 / 2 is 3.5.",
    "A value that may be null can stand wherever its type fits, and is compared with == null; as a condition it has to be compared, or given a default.",
    "A key of `with` whose expression is null is left out, and so is a word of `run`; where a key has to be given, a value that may be null is refused before the run.",
    "What the run cannot know beforehand is dyn, whose properties are read unchecked; has() asks whether one is there.",
    "An expression that is a whole value keeps its type; within text it becomes text, null the empty text, lists and maps JSON.",
    "What a step printed is data and never evaluated again.",
    "An expression has at most 4096 characters and 100,000 steps of work; a regular expression is RE2's, as in Kubernetes, with at most 256 characters.",
  ],
};
