import t from "tap";
import {
  buildCliDelete,
  buildCliEnv,
  buildCliExec,
  buildKubectlDebug,
  buildOcDebug,
} from "../../../lib/access/cli/argv.js";
import { readCliEnd, readCliFailure } from "../../../lib/access/cli/end.js";
import { readKubectlPod } from "../../../lib/access/cli/kubectl-debug.js";
import { readOcPod } from "../../../lib/access/cli/oc-debug.js";

/** What the person's own kubectl and oc are called with, and what they say. The real kubectl: test/cluster/ways.test.ts. */

const setup = { program: "kubectl", ref: { context: "-x" }, namespace: "debug" };

t.test("command lines: every value is one word of its own option", (t) => {
  const debug = { node: "n1", image: "r/t:1", seconds: 60 };
  t.strictSame(buildKubectlDebug(setup, { ...debug, profile: "sysadmin", marker: "run-1" }), [
    ...["kubectl", "--context=-x", "--namespace=debug", "debug", "node/n1", "--profile=sysadmin"],
    ...["--image=r/t:1", "--env=HOPBOOK_RUN=run-1", "--", "sleep", "60"],
  ]);
  const oc = { ...setup, program: "oc", ref: {} };
  t.strictSame(buildOcDebug(oc, { ...debug, image: undefined, asRoot: true }), [
    ...["oc", "--namespace=debug", "debug", "node/n1", "--to-namespace=debug", "--as-root=true"],
    ...["--", "sleep", "60"],
  ]);
  const words = buildOcDebug(oc, { ...debug, asRoot: undefined });
  t.ok(words.includes("--image=r/t:1"));
  t.notMatch(words.join(" "), /as-root|--quiet| -q| -T/, "its notice tells the pod's name");
  const exec = { pod: "p", container: "debugger", argv: ["sh", "-c", "x"] as const, stdin: true };
  t.strictSame(buildCliExec(setup, exec).slice(3), [
    "exec",
    "-i",
    "--container=debugger",
    "p",
    "--",
    "sh",
    "-c",
    "x",
  ]);
  t.notOk(buildCliExec(setup, { ...exec, stdin: false }).includes("-i"));
  t.match(
    buildCliDelete(setup, "p").join(" "),
    /delete pod p --wait=false --grace-period=1 --ignore-not-found=true/,
  );
  t.end();
});

t.test("the environment: the kubeconfig's files made absolute, proxies, English, and nothing else", (t) => {
  const from = {
    HOME: "/h",
    PATH: "/p",
    KUBECONFIG: `/a::b`,
    https_proxy: "x",
    LANG: "de_DE",
    AWS_SECRET_ACCESS_KEY: "s",
  };
  t.strictSame(buildCliEnv({}, from), {
    HOME: "/h",
    https_proxy: "x",
    KUBECONFIG: `/a:${process.cwd()}/b`,
    PATH: "/p",
    LC_ALL: "C",
  });
  t.equal(buildCliEnv({ kubeconfig: ["/c", "/d"] }, from)["KUBECONFIG"], "/c:/d", "the profile's goes first");
  t.notOk("KUBECONFIG" in buildCliEnv({}, {}));
  t.end();
});

t.test("the pod's name in the notice", (t) => {
  const notice = "Creating debugging pod node-debugger-n.1-abcde with container debugger on node n.1.\n";
  t.equal(readKubectlPod(`Warning: skew\n${notice}`), "node-debugger-n.1-abcde");
  t.equal(readKubectlPod(notice.slice(0, 30)), null, "not before it is whole");
  t.equal(readKubectlPod("Creating debugging pod --all with container x"), null);
  t.equal(
    readOcPod("Starting pod/n1-debug-x7k2p ...\nTo use host binaries, run `chroot /host`\n"),
    "n1-debug-x7k2p",
  );
  t.equal(readOcPod("Starting pod/n1-debug, command was: sleep\n"), "n1-debug");
  t.equal(readOcPod("error: no"), null);
  t.end();
});

t.test("kubectl's word on a command's end is taken off; its own failure is told apart", (t) => {
  const read = (exitCode: number | null, stderr: string) =>
    readCliEnd(
      { exitCode, signal: null },
      { node: "n", program: "/opt/kubectl", argv: ["x"], stderr: Buffer.from(stderr) },
    );
  const word = (code: number) => `command terminated with exit code ${code}\n`;
  t.match(read(0, "warn"), { exitCode: 0, transportLost: false });
  for (const code of [1, 2, 126, 127, 137, 255]) {
    const end = read(code, `own, with no newline${word(code)}`);
    t.strictSame([end.exitCode, end.stderr.toString()], [code, "own, with no newline"]);
  }
  t.throws(
    () => read(1, `${word(1)}error: unable to upgrade connection: container not found ("debugger")\n`),
    {
      code: "NODE_UNREACHABLE",
      message:
        'Cannot run a command on n by kubectl exec: unable to upgrade connection: container not found ("debugger")',
    },
  );
  t.throws(() => read(1, word(2)), { code: "NODE_UNREACHABLE" }, "the command's word, and kubectl's failure");
  t.throws(() => read(null, ""), { code: "NODE_UNREACHABLE", message: /ended by a signal/ });
  const missing =
    'error: Internal error occurred: exec failed: unable to start container process: exec: "env": executable file not found in $PATH';
  t.throws(() => read(1, missing), { code: "TOOL_MISSING", message: /the pod's image has no env/ });
  t.end();
});

t.test("why kubectl failed", (t) => {
  for (const [said, code] of [
    [
      'Error from server (Forbidden): pods is forbidden: User "jo" cannot create resource "pods" in API group ""',
      "KUBE_FORBIDDEN",
    ],
    [
      'Error from server (Forbidden): pods "x" is forbidden: violates PodSecurity "baseline:latest"',
      "KUBE_REFUSED",
    ],
    ['Error from server (Forbidden): pods "x" is forbidden: exceeded quota: none', "KUBE_REFUSED"],
    ["error: You must be logged in to the server (Unauthorized)", "KUBE_UNAUTHORISED"],
    ["Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout", "KUBE_UNREACHABLE"],
    [
      "The connection to the server localhost:8080 was refused - did you specify the right host or port?",
      "KUBE_UNREACHABLE",
    ],
    ['Error from server (NotFound): nodes "n9" not found', "TARGET_NOT_FOUND"],
    ['Error from server (NotFound): namespaces "x" not found', "KUBE_NOT_FOUND"],
    ["error: unknown flag: --profile\nSee 'kubectl debug --help' for usage.", "TOOL_MISSING"],
    ["something else", "NODE_UNREACHABLE"],
    ["", "NODE_UNREACHABLE"],
  ] as const) {
    t.equal(readCliFailure(said, { program: "kubectl", exitCode: 1 }).code, code, said);
  }
  t.match(readCliFailure("sh: exec: kubectl: not found", { program: "/x/kubectl", exitCode: 127 }), {
    code: "TOOL_MISSING",
    hint: /^Install kubectl,/,
  });
  t.end();
});
