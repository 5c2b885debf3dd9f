import t from "tap";
import { readContainerEnd } from "../../../lib/access/pod-exec/end.js";
import { splitPod } from "../../../lib/access/pod-exec/name.js";
import { mayCapture, parseProbe } from "../../../lib/access/pod-exec/probe.js";
import type { KubeProcessEnd } from "../../../lib/access/pod/container.js";
import { fc } from "../../fixtures/property.js";

const end: KubeProcessEnd = {
  ...{ exitCode: 0, signal: null, stoppedBy: null, startError: null },
  ...{ startedAt: "2026-01-01T00:00:00.000Z", durationMs: 1, lost: false, refused: null },
};
const told = { node: "shop/web", argv: ["tcpdump"], stderr: Buffer.from("own\n") } as const;

t.test("an exec's end: its code, a program that is not there, a container that is gone", async (t) => {
  t.match(readContainerEnd({ ...end, exitCode: 7 }, told), { exitCode: 7, transportLost: false });
  const missing = 'exec: "tcpdump": executable file not found in $PATH';
  const gone = readContainerEnd({ ...end, exitCode: null, refused: missing }, told);
  t.match(gone, { exitCode: 127, stderr: Buffer.from(`own\n${missing}\n`) });
  t.match(readContainerEnd({ ...end, exitCode: null, refused: "exec: permission denied" }, told), {
    exitCode: 126,
  });
  t.match(readContainerEnd({ ...end, exitCode: null, stoppedBy: "timedOut", lost: true }, told), {
    exitCode: null,
    transportLost: false,
  });
  const lost = { code: "NODE_UNREACHABLE", message: /^Cannot run a command in shop\/web: the connection/ };
  t.throws(() => readContainerEnd({ ...end, exitCode: null, lost: true }, told), lost);
  t.throws(() => readContainerEnd({ ...end, exitCode: null, refused: "container not found" }, told), {
    message: /container not found$/,
  });
});

t.test("what a container has", async (t) => {
  const text = "has tcpdump\nhas env\nhas rm\nuid 1000\ncapEff 00000000a80425fb\n";
  const tools = parseProbe(text, { exitCode: 0, said: "" });
  t.same([...tools.has], ["tcpdump", "env"], "only what was asked for");
  t.match(tools, { hasShell: true, uid: 1000, capabilities: 0xa80425fbn });
  t.equal(mayCapture(tools), true);
  t.equal(mayCapture({ ...tools, capabilities: 0n }), false);
  t.equal(mayCapture({ ...tools, capabilities: null }), true, "who does not know lets tcpdump say it");
  t.match(parseProbe("", { exitCode: 127, said: "no sh\n" }), { hasShell: false, why: "no sh", uid: null });
});

t.test("a container that prints anything at all is no defect of ours", async () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const { uid, capabilities } = parseProbe(text, { exitCode: 0, said: text });
      return (uid === null || uid >= 0) && (capabilities === null || capabilities >= 0n);
    }),
  );
});

t.test("the pod of a target", async (t) => {
  t.same(splitPod({ name: "shop/web", pod: "shop/web" }), { namespace: "shop", pod: "web" });
  for (const pod of [undefined, "web", "a/b/c", "/", ""]) {
    t.throws(() => splitPod({ name: "x", ...(pod === undefined ? {} : { pod }) }), { code: "INTERNAL" });
  }
});
