import { setTimeout as sleep } from "node:timers/promises";
import { HopbookError } from "../../errors.js";
import type { EphemeralAccessConfig, NodeAccess } from "../../model/access.js";
import type { KubeApi, Lease } from "../../model/kube.js";
import { ownerHash, runLabel } from "../../kube/index.js";
import { connectCanceled } from "../connect.js";
import { buildContainer, buildLetGo, CAPABILITY_WISHES, containerName } from "./spec.js";
import { stateOf, type ContainerState, type PodObject } from "./status.js";
import { startInContainer } from "../pod/container.js";
import { createContainerAccess } from "../pod-exec/end.js";
import { splitPod } from "../pod-exec/name.js";
import { mayCapture, probeContainer } from "../pod-exec/probe.js";
import type { KubeConnectOptions, TargetOf } from "../ways.js";

const POLL_MS = 150;
const END_WAIT_MS = 3_000;
/** Containers of a run that have ended keep their names: so many are passed over. */
const MOST_ATTEMPTS = 20;

/** One pod, and what an ephemeral container in it is made with. */
interface Place {
  readonly name: string;
  readonly namespace: string;
  readonly pod: string;
  readonly access: EphemeralAccessConfig & { readonly image: string };
  readonly api: KubeApi;
  readonly lease: Lease;
  readonly signal: AbortSignal | undefined;
  readonly deadline: number;
}

/**
 * Access to a pod by an ephemeral container of our own in it, which brings its programs along: no right to any node. It
 * ends by itself with the lease; the API lets nobody take it out of the pod again. Throws INPUT_INVALID without an image,
 * POD_NOT_STARTED, TOOL_MISSING where the image has no shell, or what the API says (PodSecurity's words among it).
 */
export async function openEphemeralAccess(
  target: TargetOf<EphemeralAccessConfig>,
  options: KubeConnectOptions,
): Promise<NodeAccess> {
  const { name, access } = target;
  const { api, lease, signal, connectTimeoutMs } = options;
  const { image } = access;
  if (image === undefined) throw noImage(name);
  const deadline = Date.now() + connectTimeoutMs;
  const place: Place = {
    ...{ name, ...splitPod(target), access: { ...access, image }, api, lease, signal, deadline },
  };
  const container = await ensureContainer(place);
  const { namespace, pod } = place;
  const at = { namespace, pod, container };
  const tools = await probeContainer(api, { name, container: at, timeoutMs: connectTimeoutMs, signal });
  const dispose = (): Promise<void> => endContainer(place, container);
  if (!tools.hasShell || !mayCapture(tools)) {
    await dispose();
    throw tools.hasShell ? noNetRaw(place) : noShell(place, tools.why);
  }
  const env = [`HOPBOOK_RUN=${runLabel(lease.runId)}`, `HOPBOOK_OWNER=${ownerHash(lease.owner)}`];
  return createContainerAccess({
    ...{ name, via: access.via, api, container: at, dispose },
    wrap: (argv) => ["env", "LC_ALL=C", ...env, ...argv],
  });
}

/** The name of a running container of this run: one that is there, or a new one. */
async function ensureContainer(place: Place): Promise<string> {
  const before = await readPod(place);
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
    const container = containerName(place.lease, attempt);
    const { kind } = stateOf(before, container);
    if (kind === "ended" || kind === "failed") continue;
    if (kind === "absent") {
      const phase = before.status?.phase ?? "Unknown";
      if (phase !== "Running") throw notStarted(place, `the pod is ${phase}`);
      await addContainer(place, container);
    }
    await waitUntilRunning(place, container);
    return container;
  }
  throw notStarted(place, `it has ${MOST_ATTEMPTS} ended containers of this run already`);
}

function readPod({ api, namespace, pod, signal }: Place): Promise<PodObject> {
  const what = { group: "", version: "v1", resource: "pods", namespace, name: pod } as const;
  return api.request<PodObject>({ verb: "get", ...what, signal });
}

/** Asks for what is best, and for less where that alone was refused. The last refusal is of what cannot be less. */
async function addContainer(place: Place, container: string): Promise<void> {
  const { api, namespace, pod, access, lease, signal } = place;
  for (const [index, capabilities] of CAPABILITY_WISHES.entries()) {
    const wish = buildContainer({ access, lease, name: container, capabilities, now: api.nowMs() });
    try {
      await api.request({
        ...{ verb: "patch", group: "", version: "v1", resource: "pods", subresource: "ephemeralcontainers" },
        ...{ namespace, name: pod, body: { spec: { ephemeralContainers: [wish] } }, signal },
      });
      return;
    } catch (error) {
      const isPolicy = error instanceof HopbookError && error.code === "KUBE_REFUSED";
      if (!isPolicy || !/NET_(RAW|ADMIN)/.test(error.message)) throw isPolicy ? refused(place, error) : error;
      if (index === CAPABILITY_WISHES.length - 1) throw refused(place, error);
    }
  }
}

async function waitUntilRunning(place: Place, container: string): Promise<void> {
  let state: ContainerState;
  do {
    state = stateOf(await readPod(place), container);
    if (state.kind === "running") return;
    if (state.kind === "failed" || state.kind === "ended") {
      throw /executable file not found/.test(state.why)
        ? noShell(place, state.why)
        : notStarted(place, state.why);
    }
    if (place.signal?.aborted === true) throw connectCanceled(place.name);
    await sleep(POLL_MS);
  } while (Date.now() < place.deadline);
  throw notStarted(place, `it is still ${state.kind} when its time is over`);
}

/** Ends the container's process. It stays in the pod's list, ended: so the API has it. Never throws. */
async function endContainer(place: Place, container: string): Promise<void> {
  const { api, namespace, pod, lease } = place;
  const later: Place = { ...place, signal: undefined };
  try {
    const options = { env: {}, stdin: "closed", timeoutMs: END_WAIT_MS } as const;
    const at = { namespace, pod, container };
    await (
      await startInContainer(api, buildLetGo(lease), { container: at, options })
    ).done;
    for (const until = Date.now() + END_WAIT_MS; Date.now() < until; await sleep(POLL_MS)) {
      if (stateOf(await readPod(later), container).kind !== "running") return;
    }
  } catch {
    // The pod is gone, or the API is: the lease ends it.
  }
}

function noImage(name: string): HopbookError {
  return new HopbookError("INPUT_INVALID", `Cannot enter ${name} by ephemeral: no image is named`, {
    where: { node: name },
    hint: "Name one with tcpdump and iproute2 that the cluster can pull: images: {tools: REGISTRY/IMAGE@sha256:…} in the cluster profile",
  });
}

function refused({ name }: Place, error: HopbookError): HopbookError {
  return new HopbookError("KUBE_REFUSED", error.message, {
    where: { node: name },
    hint: /PodSecurity/.test(error.message)
      ? "Enter the pod's node where that is allowed: tcpdump needs root and NET_RAW, which the namespace's policy refuses"
      : "Ask whoever runs the cluster to admit it, or enter the pod another way",
    cause: error,
  });
}

function notStarted({ name, access }: Place, why: string): HopbookError {
  const isImage = /image|pull/i.test(why);
  return new HopbookError("POD_NOT_STARTED", `Cannot enter ${name} by ephemeral: ${why}`, {
    where: { node: name },
    ...(isImage
      ? { hint: `Check images.tools (${access.image}): it is pulled with the secrets of the pod itself` }
      : {}),
  });
}

function noShell({ name, access }: Place, why: string): HopbookError {
  return new HopbookError(
    "TOOL_MISSING",
    `Cannot run commands in ${name}: the image ${access.image} has no sh`,
    {
      where: { node: name },
      hint: "Name an image with a shell, tcpdump and iproute2 as images.tools in the cluster profile",
      ...(why === "" ? {} : { detail: why }),
    },
  );
}

function noNetRaw({ name }: Place): HopbookError {
  return new HopbookError(
    "KUBE_REFUSED",
    `Cannot capture in ${name}: its container got no NET_RAW, and the namespace's policy refuses to add it`,
    {
      where: { node: name },
      hint: "Enter the pod's node where that is allowed: nothing captures without NET_RAW",
    },
  );
}
