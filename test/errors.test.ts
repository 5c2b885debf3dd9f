import t from "tap";
import { asHopbookError, ERROR_CODES, EXIT, HopbookError, type ErrorCode } from "../lib/errors.js";

/** The table is what programs and people depend on: a change of a code or of its exit code shows here. */
const TABLE: readonly [ErrorCode, number][] = [
  ["INTERNAL", 1],
  ["USAGE", 2],
  ["INPUT_INVALID", 2],
  ["FILE_UNREADABLE", 2],
  ["DOCUMENT_INVALID", 2],
  ["RUNBOOK_NOT_FOUND", 2],
  ["CLUSTER_NOT_FOUND", 2],
  ["TARGET_AMBIGUOUS", 2],
  ["EXPRESSION_INVALID", 2],
  ["ARTIFACTS_UNWRITABLE", 2],
  ["PLAN_INVALID", 2],
  ["RUN_NOT_FOUND", 2],
  ["RUN_BUSY", 2],
  ["PLAN_DRIFT", 2],
  ["RECORDING_MISSING", 2],
  ["EVIDENCE_INVALID", 2],
  ["LAB_UNAVAILABLE", 2],
  ["LAB_FAILED", 1],
  ["PERMISSION_DENIED", 4],
  ["TARGET_NOT_FOUND", 5],
  ["NODE_UNREACHABLE", 5],
  ["HOST_KEY_UNKNOWN", 5],
  ["SSH_AUTH_FAILED", 5],
  ["SUDO_REFUSED", 5],
  ["KUBE_UNREACHABLE", 5],
  ["KUBE_UNAUTHORISED", 5],
  ["KUBE_FORBIDDEN", 5],
  ["KUBE_REFUSED", 5],
  ["KUBE_NOT_FOUND", 5],
  ["POD_NOT_STARTED", 5],
  ["NO_ACCESS", 5],
  ["TOOL_MISSING", 5],
  ["RUNTIME_UNAVAILABLE", 5],
  ["CNI_UNRECOGNISED", 5],
  ["HOP_UNRESOLVED", 5],
  ["NODE_DISK_FULL", 5],
  ["COMMAND_FAILED", 6],
  ["COMMAND_TIMEOUT", 6],
  ["SCRIPT_FAILED", 6],
  ["CAPTURE_FAILED", 6],
  ["INTERRUPTED", 130],
];

t.test("codes and exit codes are the documented ones", async (t) => {
  t.strictSame(
    Object.entries(ERROR_CODES).map(([code, { exit }]) => [code, exit]),
    TABLE,
  );
  const exits = new Set<number>(Object.values(EXIT));
  for (const [code, exit] of TABLE) {
    t.ok(exits.has(exit), `${code} ends with a documented exit code`);
    t.equal(new HopbookError(code, "Cannot do it").exitCode, exit);
    t.notMatch(ERROR_CODES[code].means, /\.$/);
  }
});

t.test("a foreign error becomes INTERNAL and keeps its cause", async (t) => {
  const cause = new TypeError("x is not a function");
  const error = asHopbookError(cause);
  t.equal(error.code, "INTERNAL");
  t.equal(error.cause, cause);
  t.equal(asHopbookError(error), error);
  t.equal(asHopbookError("text").message, "text");
});
