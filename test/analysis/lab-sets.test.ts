import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { analyzePcaps } from "../../lib/analysis/index.js";
import { exitCodeOfFindings } from "../../lib/verdict/exit-code.js";
import { FAULTS } from "../lab/captures/faults.js";
import { HEALTHY } from "../lab/captures/healthy.js";
import { judgeSet, listAlarms } from "./cases/judge-set.js";
import { unpackSet } from "./cases/unpack.js";

/** Captures from namespaces in which the fault was made for real, and from such that work: test/lab/captures/make.ts. */

const dir = mkdtempSync(join(tmpdir(), "hopbook-sets-"));
t.teardown(() => rmSync(dir, { recursive: true }));

for (const set of [...FAULTS, ...HEALTHY])
  void t.test(`${set.name}: ${set.what}`, async (t) => {
    const home = join(dir, set.name);
    const truth = unpackSet(set.name, home);
    const findings = await analyzePcaps(set.files.map((file) => join(home, `${file}.pcap`)));
    t.strictSame(judgeSet(findings, set, truth), []);
    const isBroken = set.flows.some(({ statuses }) => !statuses.includes("delivered"));
    if (isBroken) t.ok([3, 6].includes(exitCodeOfFindings(findings)), "not the code of what is well");
    if (!HEALTHY.includes(set)) return;
    t.strictSame(listAlarms(findings), [], "no alarm");
    t.equal(exitCodeOfFindings(findings), 0);
  });
