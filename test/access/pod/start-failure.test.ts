import t from "tap";
import {
  hintOfRefusal,
  judgeEvents,
  judgePod,
  warningsOf,
  type PodState,
} from "../../../lib/access/pod/start-failure.js";

const waiting = (reason: string, message = ""): PodState => ({
  status: {
    phase: "Pending",
    startTime: "2026-01-01T00:00:00Z",
    containerStatuses: [{ state: { waiting: { reason, message } } }],
  },
});

t.test("a pod runs, may still run, or will not", async (t) => {
  t.same(judgePod({ status: { phase: "Running", containerStatuses: [{ state: { running: {} } }] } }), {
    is: "running",
  });
  t.same(judgePod({}), { is: "waiting", why: "the kubelet has not taken it up" });
  t.same(judgePod({ status: { phase: "Pending", startTime: "x" } }), {
    is: "waiting",
    why: "its container is not there yet",
  });
  t.same(judgePod(waiting("ContainerCreating")), { is: "waiting", why: "ContainerCreating" });
  t.match(judgePod({ metadata: { deletionTimestamp: "x" } }), { is: "failed", why: "it is being deleted" });
});

t.test("what will not run is said in the kubelet's words, with what to do", async (t) => {
  const cases: [PodState, RegExp, RegExp | undefined][] = [
    [waiting("ErrImagePull", "not found"), /^ErrImagePull: not found$/, /images\.tools.*pullSecrets/],
    [waiting("ImagePullBackOff", "Back-off"), /^ImagePullBackOff: Back-off$/, /can pull/],
    [waiting("ErrImageNeverPull"), /^ErrImageNeverPull$/, /can pull/],
    [waiting("InvalidImageName", "bad"), /^InvalidImageName: bad$/, /registry\/name:tag/],
    [waiting("CreateContainerConfigError", "secret x"), /secret x/, undefined],
    [
      { status: { phase: "Failed", reason: "OutOfpods", message: "Node didn't have enough resource: pods" } },
      /^the kubelet refused it: OutOfpods: Node didn't/,
      /Free the node/,
    ],
    [
      {
        status: {
          phase: "Failed",
          containerStatuses: [
            {
              state: {
                terminated: {
                  exitCode: 128,
                  reason: "StartError",
                  message: 'exec: "sleep": executable file not found',
                },
              },
            },
          ],
        },
      },
      /^it ended with exit code 128: StartError: exec: "sleep"/,
      /sleep, sh, env and nsenter/,
    ],
    [
      {
        status: {
          containerStatuses: [
            {
              state: {
                terminated: { exitCode: 128, message: "unable to apply caps: operation not permitted" },
              },
            },
          ],
        },
      },
      /apply caps/,
      /privileged: true/,
    ],
    [{ status: { phase: "Failed", reason: "Evicted", message: "disk" } }, /Evicted: disk/, /Free the node/],
  ];
  for (const [state, why, hint] of cases) {
    const verdict = judgePod(state);
    t.equal(verdict.is, "failed", String(why));
    if (verdict.is !== "failed") continue;
    t.match(verdict.why, why);
    if (hint === undefined) t.equal(verdict.hint, undefined);
    else t.match(verdict.hint, hint);
  }
});

t.test("events say what no status does", async (t) => {
  t.equal(judgeEvents([{ type: "Normal", reason: "Pulling", message: "image" }]), null);
  t.match(judgeEvents([{ type: "Warning", reason: "FailedCreatePodSandBox", message: "cni" }]), {
    is: "failed",
    why: "FailedCreatePodSandBox: cni",
  });
  const events = [
    { type: "Warning", reason: "FailedToRetrieveImagePullSecret", message: "no nope" },
    { type: "Warning", reason: "Failed", message: "Error: ErrImagePull" },
    { type: "Warning", reason: "FailedToRetrieveImagePullSecret", message: "no nope" },
    { type: "Normal", reason: "Pulling", message: "image" },
    {},
  ];
  t.same(warningsOf(events), ["FailedToRetrieveImagePullSecret: no nope"]);
});

t.test("a refusal by the API has a hint of its own", async (t) => {
  const cases: [string, RegExp][] = [
    ['violates PodSecurity "baseline:latest"', /privileged pods/],
    ["exceeded quota: none", /without that limit/],
    ["maximum memory usage per Container is 16Mi", /without that limit/],
    ['error looking up service account a/b: serviceaccount "b" not found', /ServiceAccount/],
    ['namespaces "x" not found', /access\.namespace/],
    ["unable to validate against any security context constraint", /ocDebug/],
    ['admission webhook "x" denied the request', /policy/],
  ];
  for (const [said, hint] of cases) t.match(hintOfRefusal(said), hint);
  t.equal(hintOfRefusal("something else"), undefined);
});
