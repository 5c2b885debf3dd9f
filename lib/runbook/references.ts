import type { ASTNode } from "@marcbachmann/cel-js";
import { nearest } from "../document/index.js";
import type { CelFault } from "./cel.js";
import { compileCel, ROOTS, walkAst } from "./cel.js";
import type { UnclosedExpression } from "./template.js";
import { splitTemplate } from "./template.js";

/** What an expression at some place may refer to. */
export interface Scope {
  readonly inputs: readonly string[];
  /** Steps that have run by then. */
  readonly steps: readonly string[];
  /** Steps that are there, but run later. */
  readonly laterSteps: readonly string[];
  readonly hasFindings: boolean;
}

/** A fault of a template, `offset` characters into it. */
export interface TemplateFault {
  readonly message: string;
  readonly offset: number;
  readonly suggestion?: string;
}

/** Every syntax, type and reference fault of the expressions in a piece of text. */
export function findTemplateFaults(template: string, scope: Scope): TemplateFault[] {
  try {
    return splitTemplate(template).flatMap((part) => {
      if (part.kind === "text") return [];
      const faults = findCelFaults(part.source, scope);
      return faults.map((fault) => ({ ...fault, offset: fault.offset + part.offset }));
    });
  } catch (error) {
    return [{ message: (error as UnclosedExpression).message, offset: (error as UnclosedExpression).offset }];
  }
}

function findCelFaults(source: string, scope: Scope): TemplateFault[] {
  try {
    const faults: TemplateFault[] = [];
    walkAst(compileCel(source).ast, (node) => {
      const fault = findReferenceFault(node, scope);
      if (fault !== undefined) faults.push(fault);
    });
    return faults;
  } catch (error) {
    const { message, offset } = error as CelFault;
    const unknown = /^Unknown variable: (.*)$/.exec(message)?.[1];
    if (unknown === undefined) return [{ message, offset }];
    return [{ message: `there is no ${unknown} here`, offset, ...suggest(unknown, ROOTS) }];
  }
}

function findReferenceFault(node: ASTNode, scope: Scope): TemplateFault | undefined {
  if (node.op === "id" && node.args === "findings" && !scope.hasFindings) {
    return { message: "findings are there only in checks, after the steps", offset: node.start };
  }
  const member = readMember(node);
  if (member === undefined) return undefined;
  const { owner, name, offset } = member;
  if (owner.op === "id" && owner.args === "inputs" && !scope.inputs.includes(name)) {
    return { message: `there is no input ${JSON.stringify(name)}`, offset, ...suggest(name, scope.inputs) };
  }
  if (owner.op === "id" && owner.args === "steps") return findStepFault(name, offset, scope);
  const outer = readMember(owner);
  if (outer?.owner.op === "id" && outer.owner.args === "steps" && name !== "outputs") {
    return {
      message: `a step has outputs and no ${JSON.stringify(name)}`,
      offset,
      suggestion: "write .outputs.NAME",
    };
  }
  return undefined;
}

function findStepFault(name: string, offset: number, scope: Scope): TemplateFault | undefined {
  if (scope.steps.includes(name)) return undefined;
  if (scope.laterSteps.includes(name)) {
    return { message: `the step ${JSON.stringify(name)} has not run by then`, offset };
  }
  return { message: `there is no step ${JSON.stringify(name)}`, offset, ...suggest(name, scope.steps) };
}

/** `owner.name` or `owner["name"]`; undefined for anything else. */
function readMember(node: ASTNode): { owner: ASTNode; name: string; offset: number } | undefined {
  if (node.op === ".") {
    const [owner, name] = node.args;
    return { owner, name, offset: node.end - name.length };
  }
  if (node.op === "[]" && node.args[1].op === "value" && typeof node.args[1].args === "string") {
    const [owner, key] = node.args;
    return { owner, name: key.args as string, offset: key.start };
  }
  return undefined;
}

function suggest(name: string, candidates: readonly string[]): { suggestion?: string } {
  const near = nearest(name, candidates);
  return near === undefined ? {} : { suggestion: `did you mean ${JSON.stringify(near)}?` };
}
