import t from "tap";
import type { CauseInput } from "../../../lib/model/cause.js";
import { blameStray, findCauseInFlow } from "../../../lib/analysis/cause/no-service.js";
import { analyzeRun, followFlows } from "../../../lib/analysis/analyze.js";
import { CAUSES, findCause } from "../../../lib/analysis/cause/index.js";
import { describeVerdict } from "../../../lib/report/words.js";
import { writeRun, type SimPacket } from "../helpers/run.js";

const WHY = "it lies in their range 10.96.0.0/12, by the API, and none has it";
const SYN: SimPacket = { atUs: 0, tcp: { seq: 1, flags: "S" } };

t.test("what is sent to an address of Services that none has is no trouble of the outside", async (t) => {
  const dir = t.testdir();
  const noService = WHY;
  writeRun(dir, { protocol: "tcp", probe: "tcp-connect", packets: [SYN], requestHops: [0, 1, 3], noService });
  const [flow] = (await analyzeRun(dir, { findCause })).flows;
  t.match(flow?.verdict.cause, {
    code: "no-service",
    summary:
      /^192\.168\.2\.3 belongs to no Service: it lies in their range .*No rule leads its packets to a pod$/,
  });
  t.match(describeVerdict(flow!), /which belongs to no Service, left the cluster by ens4/);
  t.ok(CAUSES.has("no-service"));
  const [going] = await followFlows(dir);
  t.equal(going?.verdict.cause?.code, "no-service", "a playbook's judge hears of it while the run goes on");
});

t.test(
  "what the nodes show beside it is its evidence; of answers, and of other ends, nothing is said",
  (t) => {
    const to = { ip: "10.96.0.99", noService: WHY };
    const input = { flow: { to }, direction: "request" } as unknown as CauseInput;
    const was = { code: "netfilter-drop", summary: "a rule drops it", evidence: ["8 packets"] };
    t.strictSame(blameStray(input, was)?.evidence, ["a rule drops it", "8 packets"]);
    t.equal(blameStray({ ...input, direction: "reply" }, was), null);
    t.equal(
      blameStray({ flow: { to: { ip: "1.1.1.1" } }, direction: null } as unknown as CauseInput, was),
      null,
    );
    t.equal(findCauseInFlow({ ...input, status: "lost" }).cause?.code, "no-service");
    for (const status of ["delivered", "inconclusive"] as const)
      t.equal(findCauseInFlow({ ...input, status }).cause, null, status);
    t.end();
  },
);
