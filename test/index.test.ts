import t from "tap";
import * as hopbook from "../lib/index.js";

t.test("the public API: these names, and no others", (t) => {
  t.strictSame(Object.keys(hopbook).sort(), [
    "ERROR_CODES",
    "EXIT",
    "HopbookError",
    "PROBLEM_RULES",
    "REPORT_FORMATS",
    "analyzeBundle",
    "analyzePcapFiles",
    "analyzeRunFolder",
    "auditHops",
    "checkFiles",
    "collectRun",
    "describeOneRun",
    "describeRunbook",
    "detachRunbook",
    "discoverAttachments",
    "discoverHops",
    "downLab",
    "exitCodeOfFindings",
    "initFolder",
    "isRunFolder",
    "listCatalogue",
    "listFaults",
    "listLabs",
    "listRuns",
    "listSchemas",
    "newRunbook",
    "planRunbook",
    "readSchemaText",
    "reap",
    "renderPlan",
    "renderReport",
    "renderTests",
    "replayRun",
    "reportAttachments",
    "reportAudit",
    "reportPath",
    "reportSarif",
    "reportText",
    "resolveNamedRunbook",
    "reveal",
    "runDoctor",
    "runPlan",
    "runRunbook",
    "runRunbookTests",
    "setFault",
    "shareRun",
    "statusLab",
    "stopRun",
    "suggestRunbooks",
    "upLab",
    "verifyArchive",
  ]);
  t.end();
});

t.test("it works without a cluster where none is needed", async (t) => {
  const catalogue = await hopbook.listCatalogue(t.testdir());
  const trace = catalogue.find(({ name }) => name === "trace-path");
  t.match(trace, { valid: true, title: /^Follow packets/ });
  const runbook = await hopbook.describeRunbook("trace-path", t.testdir());
  t.equal(runbook.inputs["from"]?.required, true);
  t.ok(hopbook.listFaults().length > 10);
});

t.test("what goes wrong is a HopbookError with its code", async (t) => {
  const options = {
    ...{ runbook: "trace-path", inputs: {}, cwd: t.testdir(), out: "artifacts", grants: {} },
    ...{ signal: new AbortController().signal, onEvent: () => undefined },
  };
  await t.rejects(hopbook.runRunbook(options), { name: "HopbookError", code: "INPUT_INVALID" });
  await t.rejects(hopbook.analyzeRunFolder("/nowhere"), { code: "FILE_UNREADABLE" });
});
