import t from "tap";
import {
  buildContainer,
  buildLetGo,
  containerName,
  CAPABILITY_WISHES,
} from "../../../lib/access/ephemeral/spec.js";
import { stateOf, type PodObject } from "../../../lib/access/ephemeral/status.js";
import type { Lease } from "../../../lib/model/kube.js";
import { fc } from "../../fixtures/property.js";

const lease: Lease = { runId: "0a0b0c0d0e0f", owner: "me@here", durationMs: 90_500 };

t.test("a container ends by itself, is root's, and says whose it is", async (t) => {
  const access = { image: "tools@sha256:0", targetContainer: "web" };
  const made = buildContainer({ access, lease, name: "n", capabilities: ["NET_RAW"], now: 0 });
  t.match(made, {
    ...{ name: "n", image: "tools@sha256:0", targetContainerName: "web" },
    command: ["sh", "-c", /sleep "\$2"/, "hopbook-hold", "0a0b0c0d0e0f", "91"],
    securityContext: { runAsUser: 0, runAsNonRoot: false, capabilities: { add: ["NET_RAW"] } },
  });
  t.match(made["env"], [
    { name: "HOPBOOK_RUN", value: "0a0b0c0d0e0f" },
    { name: "HOPBOOK_OWNER", value: /^[0-9a-f]{16}$/ },
    { name: "HOPBOOK_EXPIRES", value: "1970-01-01T00:01:30.500Z" },
  ]);
  const least = buildContainer({ access: { image: "i" }, lease, name: "n", capabilities: [], now: 0 });
  t.notOk("targetContainerName" in least);
  t.notOk("capabilities" in (least["securityContext"] as object));
  t.same(CAPABILITY_WISHES.at(-1), [], "the last wish adds nothing");
  t.same(buildLetGo(lease).slice(-2), ["hopbook-let-go", "0a0b0c0d0e0f"]);
});

t.test("names of containers are DNS labels, whatever the run is called", async (t) => {
  t.equal(containerName(lease, 1), "hopbook-0a0b0c0d0e0f");
  t.equal(containerName(lease, 3), "hopbook-0a0b0c0d0e0f-3");
  t.equal(containerName({ ...lease, runId: "//" }, 1), "hopbook-run");
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 20 }), (runId, attempt) =>
      /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(containerName({ ...lease, runId }, attempt)),
    ),
  );
});

t.test("how a container is, by what the kubelet says", async (t) => {
  type Status = NonNullable<NonNullable<PodObject["status"]>["ephemeralContainerStatuses"]>[number];
  const pod = (state?: Status["state"]): PodObject => ({
    spec: { ephemeralContainers: [{ name: "n" }] },
    status: { ephemeralContainerStatuses: [{ name: "n", ...(state === undefined ? {} : { state }) }] },
  });
  t.same(stateOf({}, "n"), { kind: "absent" });
  t.same(stateOf(pod(), "n"), { kind: "starting" });
  t.same(stateOf(pod({ running: {} }), "n"), { kind: "running" });
  t.same(stateOf(pod({ waiting: { reason: "ContainerCreating" } }), "n"), { kind: "starting" });
  t.same(stateOf(pod({ waiting: { reason: "ErrImagePull", message: "no such host" } }), "n"), {
    kind: "failed",
    why: "ErrImagePull: no such host",
  });
  t.same(stateOf(pod({ terminated: { reason: "Error", exitCode: 1 } }), "n"), {
    kind: "ended",
    why: "Error (exit code 1)",
  });
  t.same(stateOf(pod({ terminated: {} }), "n"), { kind: "ended", why: "Ended" });
});
