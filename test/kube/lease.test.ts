import t from "tap";
import {
  expiryOf,
  isOurs,
  leaseAnnotations,
  leaseLabels,
  ownerHash,
  runLabel,
} from "../../lib/kube/lease.js";
import { fc } from "../fixtures/property.js";

const lease = { runId: "6608142957af", owner: "ann@laptop", durationMs: 90_000 };
const LABEL = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;

t.test("labels and annotations, and what is read of them again", async (t) => {
  const now = Date.parse("2026-11-21T13:00:00Z");
  const metadata = { labels: leaseLabels(lease), annotations: leaseAnnotations(lease, now) };
  t.strictSame(metadata, {
    labels: {
      "app.kubernetes.io/managed-by": "hopbook",
      "hopbook.dev/run": "6608142957af",
      "hopbook.dev/owner": ownerHash("ann@laptop"),
    },
    annotations: {
      "hopbook.dev/expires": "2026-11-21T13:01:30.000Z",
      "hopbook.dev/owner-name": "ann@laptop",
    },
  });
  t.ok(isOurs({ metadata }));
  t.equal(expiryOf({ metadata }), now + 90_000);
});

t.test("what is none of ours, or says nothing", async (t) => {
  t.notOk(isOurs({}));
  t.notOk(isOurs({ metadata: { labels: { "app.kubernetes.io/managed-by": "Helm" } } }));
  t.equal(expiryOf({ metadata: {} }), null);
  t.equal(expiryOf({ metadata: { annotations: { "hopbook.dev/expires": "soon" } } }), null);
});

t.test("whatever the run and the owner are called, a label takes it", async (t) => {
  t.not(ownerHash("ann@a"), ownerHash("ann@b"));
  t.equal(runLabel("a.b_c-1"), "a.b_c-1");
  t.match(runLabel("-x"), /^x-[0-9a-f]{16}$/);
  t.not(runLabel("x/1"), runLabel("x_1"), "what had to be changed is still told apart");
  t.match(runLabel("ä"), LABEL);
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const value of [runLabel(text), ownerHash(text)]) if (!LABEL.test(value)) throw new Error(value);
    }),
  );
});
