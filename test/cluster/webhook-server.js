// An admission webhook for tests: DIR ADDRESS PORT, with DIR/{tls.crt,tls.key}. The path says what it makes of a pod.
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";

const [dir, address, port] = process.argv.slice(2);
// It ends with the test that started it, however that ends.
process.stdin.resume().on("end", () => process.exit());
const sidecar = { name: "a-proxy", image: "registry.test/pause:1", command: ["/pause"] };
const own = "/spec/containers/0";
const PATCHES = {
  "/first": [{ op: "add", path: own, value: sidecar }],
  "/last": [{ op: "add", path: "/spec/containers/-", value: { ...sidecar, name: "z-proxy" } }],
  "/broken": [{ op: "add", path: own, value: { ...sidecar, image: "registry.test/none:1" } }],
  "/init": [
    { op: "add", path: "/spec/initContainers", value: [{ ...sidecar, image: "registry.test/none:1" }] },
  ],
  "/image": [{ op: "replace", path: `${own}/image`, value: "docker.io/library/mirror:1" }],
  "/capability": [
    { op: "replace", path: `${own}/securityContext/capabilities/add`, value: ["NET_ADMIN", "SYS_ADMIN"] },
  ],
  "/hostpid": [{ op: "remove", path: "/spec/hostPID" }],
};

const tls = { cert: readFileSync(`${dir}/tls.crt`), key: readFileSync(`${dir}/tls.key`) };
createServer(tls, (request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const review = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    const { uid } = review.request;
    const path = new URL(request.url, "https://here").pathname;
    if (path === "/silent") return;
    const patch = PATCHES[path];
    const answer =
      path === "/deny"
        ? { uid, allowed: false, status: { code: 403, message: "no debugging on Fridays: see wiki/policy" } }
        : patch === undefined
          ? { uid, allowed: true }
          : {
              ...{ uid, allowed: true, patchType: "JSONPatch" },
              patch: Buffer.from(JSON.stringify(patch)).toString("base64"),
            };
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ apiVersion: review.apiVersion, kind: review.kind, response: answer }));
  });
}).listen(Number(port), address, () => console.log("listening"));
