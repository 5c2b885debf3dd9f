import { fitsCommand, overlapCommands } from "./patterns/command-patterns.js";
import { fitsHost, overlapHosts } from "./patterns/hosts.js";
import { fitsKube, overlapKube } from "./patterns/kube-patterns.js";
import { fitsName } from "../model/names.js";
import { fitsAction, overlapNames } from "./patterns/names.js";
import { containsPath, overlapPaths } from "./patterns/paths.js";
import type { Declared } from "./declared.js";
import type { Grant, GrantRule } from "./grant.js";
import type {
  EnvRequest,
  ExecRequest,
  KubeRequest,
  NetRequest,
  PathRequest,
  TrafficRequest,
} from "./requests.js";
import { layersOf, nameOfProgram, stripNetns } from "./commands/runners.js";
import type { Scope } from "./scopes.js";

/** The scopes that are lists of patterns. */
export type ListScope = "exec" | "traffic" | "mutate" | "read" | "write" | "net" | "env" | "kube";

export function declaredPatterns(declared: Declared, scope: ListScope): readonly string[] {
  return declared[scope];
}

/** Where a path leads once its links are followed; what is not there yet stays as it is. */
export type ResolvePath = (path: string) => string;

export type ListRequest =
  | { readonly scope: "exec"; readonly name: string }
  | { readonly scope: "mutate"; readonly argv: ExecRequest["argv"] }
  | { readonly scope: "traffic"; readonly name: TrafficRequest["probe"] }
  | {
      readonly scope: "read" | "write";
      readonly path: PathRequest["path"];
      readonly resolvePath: ResolvePath;
    }
  | { readonly scope: "net"; readonly host: NetRequest["host"]; readonly port: number }
  | { readonly scope: "env"; readonly name: EnvRequest["name"] }
  | ({ readonly scope: "kube" } & Pick<KubeRequest, "verb" | "resource" | "namespace">);

/** Whether a pattern of the request's scope stands for what is wanted. */
export function fitsRequest(pattern: string, request: ListRequest): boolean {
  switch (request.scope) {
    case "exec":
      return fitsAction(pattern, request.name);
    case "traffic":
      return pattern === request.name;
    case "mutate":
      return [request.argv, stripNetns(request.argv)].some(
        (argv) => argv !== undefined && fitsCommand(pattern, argv),
      );
    case "read":
    case "write":
      return containsPath(request.resolvePath(pattern), request.path);
    case "net":
      return fitsHost(pattern, request);
    case "env":
      return fitsName(pattern, request.name);
    case "kube":
      return fitsKube(pattern, request);
  }
}

/** A denial reaches further than a grant: into wrappers, and to a program by any path. */
export function deniesRequest(pattern: string, request: ListRequest): boolean {
  if (request.scope !== "mutate") return fitsRequest(pattern, request);
  return layersOf(request.argv).some((argv) => {
    const [program = "", ...rest] = argv;
    return fitsCommand(pattern, argv) || fitsCommand(pattern, [nameOfProgram(program), ...rest]);
  });
}

export function findRule(
  grant: Grant,
  effect: GrantRule["effect"],
  wanted: { readonly scope: Scope; readonly fits: (value: string) => boolean },
): GrantRule | undefined {
  return grant.rules.find(
    (rule) =>
      rule.effect === effect &&
      rule.scope === wanted.scope &&
      (rule.value === null || wanted.fits(rule.value)),
  );
}

/** Whether something can fit both patterns of a scope. */
export function overlapPatterns(scope: ListScope, one: string, other: string): boolean {
  switch (scope) {
    case "exec":
    case "traffic":
      return one === other || fitsAction(one, other);
    case "mutate":
      return overlapCommands(one, other);
    case "read":
    case "write":
      return overlapPaths(one, other);
    case "net":
      return overlapHosts(one, other);
    case "env":
      return overlapNames(one, other);
    case "kube":
      return overlapKube(one, other);
  }
}

/** Whether a denial leaves nothing of what a pattern stands for. Only where that is plain to see. */
export function coversPattern(scope: ListScope, outer: string, inner: string): boolean {
  if (outer === inner) return true;
  switch (scope) {
    case "exec":
      return fitsAction(outer, inner);
    case "read":
    case "write":
      return containsPath(outer, inner);
    case "env":
    case "net":
      return outer === "*";
    case "mutate":
      return !inner.includes("*") && fitsCommand(outer, inner.split(" "));
    case "traffic":
    case "kube":
      return false;
  }
}
