import t from "tap";
import { ask, VETH_B, TUNNEL_A } from "./kit.js";

const gone = (node: string, why: string) => ({ node, file: null, unavailable: why, taiOffsetSec: 0 });

t.test("what could not be had is said by name, with what it would have told", async (t) => {
  const nstat = {
    at: "node-b",
    kind: "nstat",
    text: "",
    exitCode: 127,
    stderr: "nstat: not found",
    argv: ["nstat"],
  } as const;
  const snmp = { at: "node-b", kind: "snmp", text: "" } as const;
  const said = (looks: Parameters<typeof ask>[0]["looks"]): string[] =>
    ask({ looks }).lookedAt.filter((line) => line.includes("could not be had"));
  t.strictSame(said([nstat]), [
    "node-b: nstat could not be had: nstat: not found; it would have told which of the kernel's counters grew",
  ]);
  t.strictSame(said([nstat, snmp]), [], "its numbers are in /proc as well");
  t.strictSame(said([{ ...nstat, exitCode: 1 }]), [], "an answer that is none is an answer");
  const inPod = { ...nstat, at: "node-b shop/web", stderr: "", exitCode: null };
  const told = "could not be had: it failed; it would have told which of the kernel's counters grew";
  const enter = ["nsenter", "--net=/proc/7/ns/net"];
  for (const argv of [[...enter, "nstat", "-a"], [...enter, "--", "nstat", "-a"], enter])
    t.strictSame(
      said([{ ...inPod, argv }]),
      [`inside pod shop/web on node-b: nstat ${told}`],
      argv.join(" "),
    );
  const drops = [gone("node-b", "tracefs is not mounted"), gone("node-z", "no")];
  const { lookedAt } = ask({ drops, lastSeen: TUNNEL_A, firstMissing: VETH_B });
  t.match(lookedAt, [
    /^node-b: the kernel's drop events could not be had: tracefs is not mounted; they would have told/,
  ]);
});
