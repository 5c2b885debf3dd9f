import t from "tap";
import { foresee } from "../../lib/authority/foresee.js";
import { describeMore, narrowToRun } from "../../lib/authority/narrow.js";
import { declared, type Declared } from "../../lib/permissions/index.js";
import { coerceInputs, parseRunbook, type Runbook } from "../../lib/runbook/index.js";
import { readFileSync } from "node:fs";
import { authoriseBy } from "./authorise-by.js";
import { makeProfile } from "../api/samples.js";

const FILE = new URL("../../runbooks/trace-path.yaml", import.meta.url);
const TRACE = parseRunbook(readFileSync(FILE, "utf8"), "/books/trace-path.yaml");
const ENDS = { from: "shop/client", to: ["shop/web:8080"] };
const ofRun = (raw: Parameters<typeof coerceInputs>[1], runbook: Runbook = TRACE): Declared =>
  narrowToRun(declared(runbook.permissions), foresee(runbook, coerceInputs(runbook, { ...ENDS, ...raw })));

t.test("a run is asked for what it takes of what the runbook declares", async (t) => {
  const plain = ofRun({});
  t.match(plain.capture, { payload: "headers", bytes: 64 * 2 ** 20, durationMs: 600_000 });
  t.strictSame(plain.traffic, ["tcp-connect"]);
  t.strictSame(ofRun({ to: ["shop/dns:53"] }).traffic, ["dns-udp"]);
  t.strictSame(ofRun({ to: ["shop/web"] }).traffic, ["ping"]);
  t.strictSame(ofRun({ to: ["10.0.0.1:53", "10.0.0.2:80"], protocol: "tcp" }).traffic, [
    "dns-tcp",
    "tcp-connect",
  ]);
  t.strictSame(ofRun({ probe: ["http", "ping-large"] }).traffic, ["ping-large", "http"]);
  t.strictSame(ofRun({ traffic: false }).traffic, []);
  t.match(ofRun({ payload: true, maxBytes: "128MiB" }).capture, { payload: "full", bytes: 128 * 2 ** 20 });
});

t.test("what is not known for sure stays as it is declared", async (t) => {
  const all = declared(TRACE.permissions);
  const scripted = parseRunbook(
    readFileSync(FILE, "utf8").replace("steps:\n", "steps:\n  - {id: own, script: ./own.ts}\n"),
    "/books/scripted.yaml",
  );
  t.strictSame(ofRun({}, scripted), all, "a script may ask for any of it");
  t.ok(ofRun({ to: ["svc/web:http"] }).traffic.includes("tcp-connect"), "a port by its name");
  t.ok(ofRun({ to: ["svc/web:http"] }).traffic.includes("dns-udp"));
});

t.test("the question says what more there is, and the answer grants no more than was asked", async (t) => {
  const taken = ofRun({});
  t.equal(describeMore(taken, taken), null);
  const steps = foresee(TRACE, coerceInputs(TRACE, ENDS));
  let notes: readonly string[] = [];
  const authority = await authoriseBy({
    ...{ runbook: TRACE, profile: makeProfile(["node-a"]), grants: {}, steps },
    confirm: (question) => {
      ({ notes } = question);
      t.match(
        question.groups[0]?.lines.join(),
        /capture headers of packets: up to 10 min and 64.0 MiB .*make traffic: tcp-connect$/,
      );
      return Promise.resolve(true);
    },
  });
  t.match(notes, [/with other inputs .*whole packets; capture up to 1.0 GiB.*; make traffic: ping, /]);
  const capture = { kind: "capture", node: "node-a", durationMs: 1000, filter: "ip" } as const;
  const demand = (bytes: number, payload: "headers" | "full") => () =>
    authority.demand({ ...capture, bytes, payload }, () => undefined);
  t.doesNotThrow(demand(64 * 2 ** 20, "headers"));
  t.throws(demand(64 * 2 ** 20, "full"), { code: "PERMISSION_DENIED" });
  t.throws(demand(65 * 2 ** 20, "headers"), { code: "PERMISSION_DENIED" });
});
