import t from "tap";
import * as hopbook from "../lib/index.js";

t.test("the public API: these names, and no others", (t) => {
  t.strictSame(Object.keys(hopbook).sort(), [
    "ERROR_CODES",
    "EXIT",
    "HopbookError",
    "REPORT_FORMATS",
    "analyzePcapFiles",
    "analyzeRunFolder",
    "checkFiles",
    "describeRunbook",
    "discoverHops",
    "downLab",
    "exitCodeOfFindings",
    "listCatalogue",
    "listFaults",
    "listLabs",
    "planRunbook",
    "renderPlan",
    "renderReport",
    "reportPath",
    "reportText",
    "runRunbook",
    "setFault",
    "statusLab",
    "upLab",
  ]);
  t.end();
});

t.test("it works without a cluster where none is needed", async (t) => {
  const catalogue = await hopbook.listCatalogue(t.testdir());
  t.match(catalogue, [{ name: "trace-path", valid: true }]);
  const runbook = await hopbook.describeRunbook("trace-path", t.testdir());
  t.equal(runbook.inputs["from"]?.required, true);
  t.ok(hopbook.listFaults().length > 10);
});

t.test("what goes wrong is a HopbookError with its code", async (t) => {
  const options = {
    ...{ runbook: "trace-path", raw: {}, cwd: t.testdir(), out: "artifacts", grants: {} },
    ...{ signal: new AbortController().signal, onEvent: () => undefined },
  };
  await t.rejects(hopbook.runRunbook(options), { name: "HopbookError", code: "INPUT_INVALID" });
  await t.rejects(hopbook.analyzeRunFolder("/nowhere"), { code: "EVIDENCE_INVALID" });
});
