/**
 * What can be wrong with a file, by a stable id: editors, SARIF and docs/errors.md know problems by it. An id is
 * never given another meaning.
 */
const RULES = {
  "file-size": "The file is larger than anybody writes by hand",
  "file-encoding": "The file is not UTF-8 text, or has characters that YAML does not allow",
  "yaml-syntax": "The text is not YAML",
  "yaml-version": "The file asks for another YAML than 1.2",
  "yaml-documents": "The file holds more than one document",
  "yaml-depth": "It is nested deeper than anybody writes by hand",
  "yaml-alias": "An alias names nothing, or something around it, or multiplies without end",
  "yaml-merge": "A merge key (<<) stands where plain keys are read",
  "duplicate-key": "The same key stands twice in a mapping",
  "invalid-key": "A key is not plain text, or may not be used",
  "unknown-key": "No such key is known here",
  "missing-key": "A key that has to be there is not",
  "conflicting-key": "Keys stand side by side that exclude each other, or need each other",
  "wrong-type": "The value is of another type than is expected",
  "wrong-form": "The value does not have the form that is expected",
  "missing-unit": "A duration or a size has no unit",
  "not-allowed-value": "The value is none of those there are",
  "out-of-range": "The value is too small, too large, too short or too long",
  "duplicate-item": "The same item stands twice in a list",
  "invalid-value": "The value is not valid",
  "unknown-kind": "There is no such kind of document",
  "duplicate-id": "The same id or name is used twice",
  "reserved-name": "The name cannot be used, since it means something else already",
  "invalid-default": "The default of an input does not fit it",
  "invalid-limits": "The limits of an input contradict it or each other",
  "invalid-pattern": "The regular expression cannot be used",
  "step-form": "A step has none, or more than one, of uses, run, script, wait, cancel",
  "unknown-step": "There is no step of that id",
  "later-step": "The step has not run by then",
  "background-step": "The step still runs in the background by then, or cannot be in it",
  "unknown-step-kind": "There is no step kind of that name",
  "undeclared-action": "A step needs an action that the runbook does not declare",
  "refused-step": "A run would refuse the step, whoever grants what",
  "made-up-object": "A step is given what only another step can give, such as a flow or a path",
  "output-clash": "An output has the name of one that the step kind gives",
  "matrix-size": "The matrix has too many combinations",
  "expression-misplaced": "An expression stands where none is evaluated",
  "expression-syntax": "The expression does not parse",
  "expression-form": "More or less than the one expression that is expected here",
  "expression-type": "The expression's type does not fit its use",
  "expression-value":
    "A comparison with a value that cannot occur, or a literal that a function does not take",
  "unknown-variable": "The expression uses a name that is not there",
  "exposed-secret": "A secret input goes to where its value can be seen",
  "unknown-input": "The runbook has no input of that name",
  "unknown-output": "The step has no output of that name",
  "unknown-matrix-name": "The step's matrix has no such name",
  "unknown-property": "The value has no property of that name",
  "unknown-function": "There is no function of that name for such values",
} as const;

export type ProblemRule = keyof typeof RULES;

/** Every rule with what it stands for: one line, no full stop. */
export const PROBLEM_RULES: readonly { readonly id: ProblemRule; readonly means: string }[] = Object.entries(
  RULES,
).map(([id, means]) => ({ id: id as ProblemRule, means }));
