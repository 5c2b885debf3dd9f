import type { SourceDocument } from "../document/index.js";
import type { PermissionsSpec } from "../model/permissions.js";

export type { PermissionsSpec } from "../model/permissions.js";

export type ScalarType = "string" | "integer" | "number" | "boolean" | "duration" | "size";

/** What a value has to be, beyond its type. `enum` is written as in the file: `10s` for a duration. */
export interface ValueSpec {
  readonly type: ScalarType;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** An input as the file has it: `default` is not yet a typed value. */
export interface InputSpec extends Omit<ValueSpec, "type"> {
  readonly type: ScalarType | "array";
  readonly items?: ValueSpec;
  readonly required?: boolean;
  readonly default?: unknown;
  readonly description?: string;
  readonly secret?: boolean;
}

/** Runs a step once for each combination of the matrix. */
export interface StepStrategy {
  /** Each name's values: a list whose items may hold expressions, or one expression that gives a list. */
  readonly matrix: Readonly<Record<string, readonly unknown[] | string>>;
  readonly maxParallel: number;
  readonly failFast: boolean;
}

interface StepRetry {
  /** Tries after the first one. */
  readonly count: number;
  readonly delayMs: number;
}

/** What the engine itself does for a step that has no kind. */
export interface StepControl {
  readonly type: "wait" | "cancel";
  /** Background steps that stand before this one. */
  readonly steps: readonly string[];
}

export interface RunbookStep {
  readonly id: string;
  readonly name: string | undefined;
  /**
   * The step kind. `run:` in the file is the kind command/run, `script:` is script/run, `wait:` and `cancel:`
   * are background/wait and background/cancel, which are no kinds of the registry: see `control`.
   */
  readonly uses: string;
  /** How it is written in the file. */
  readonly form: "uses" | "run" | "script" | "wait" | "cancel";
  /** Set for `wait` and `cancel`. */
  readonly control: StepControl | null;
  /**
   * As written; `interpolate` evaluates it. Of `run:` it is {argv, on}, of `script:` {file (absolute), env}.
   * `placeOfInput` says where one of its values stands in the document.
   */
  readonly with: Readonly<Record<string, unknown>>;
  /** `${{ … }}`; undefined: always. */
  readonly if: string | undefined;
  readonly needs: readonly string[];
  readonly strategy: StepStrategy | null;
  readonly background: boolean;
  /** null: no limit of its own. */
  readonly timeoutMs: number | null;
  readonly retry: StepRetry | null;
  readonly continueOnError: boolean;
  /** Templates by name; they see `result`. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Where it stands in the document: `["steps", 2]`. */
  readonly path: readonly (string | number)[];
}

/** A file that a runbook was made of. */
export interface RunbookSource {
  readonly file: string;
  /** Of its text, as hex. */
  readonly sha256: string;
  /** An overlay is the operator's, who wrote the cluster profile too. */
  readonly role: "runbook" | "overlay";
}

/** What the checks of a runbook need of a registered step kind. */
export interface KnownKind {
  readonly name: string;
  /** JSON Schema, 2020-12, of `with`. */
  readonly inputSchema: object;
  /** JSON Schema, 2020-12. Absent: nothing is known of its outputs, and expressions may read any of them. */
  readonly outputSchema?: object;
  /** Inputs that only a step can give, with what they are. */
  readonly takes?: Readonly<Record<string, string>>;
  /** Named actions that it may use; the runbook has to declare them under permissions.exec. */
  readonly actions?: readonly string[];
  readonly phase?: "discovery" | "action";
}

export type OutcomeStatus = "pass" | "warn" | "fail";

export interface CheckOutcome {
  readonly status: OutcomeStatus;
  /** `${{ … }}`; undefined: it always holds. */
  readonly if: string | undefined;
  readonly message: string;
  /** A template; what the outcome is called. */
  readonly code?: string;
  readonly uri: string | undefined;
  /** `["checks", 0, "outcomes", 1, "fail"]`. */
  readonly path: readonly (string | number)[];
}

export interface RunbookCheck {
  readonly id: string;
  readonly title: string | undefined;
  readonly outcomes: readonly CheckOutcome[];
}

/** What a person sees who needs the runbook. */
export interface Symptom {
  /** The heading that runbooks share. */
  readonly when: string;
  /** Error messages and words of people, a phrase each. */
  readonly says: readonly string[];
}

/** A runbook that fits its schema and refers only to what there is. */
export interface Runbook {
  /** With what it extends and what is laid over it; `origin` says which file wrote a value. */
  readonly document: SourceDocument;
  /** The files it was made of, the bottom one first. */
  readonly sources: readonly RunbookSource[];
  readonly metadata: {
    readonly name: string;
    readonly title: string;
    readonly description: string | undefined;
    readonly labels: Readonly<Record<string, string>>;
    readonly symptoms?: readonly Symptom[];
  };
  readonly inputs: Readonly<Record<string, InputSpec>>;
  readonly permissions: PermissionsSpec;
  readonly steps: readonly RunbookStep[];
  readonly checks: readonly RunbookCheck[];
  readonly finally: readonly RunbookStep[];
}
