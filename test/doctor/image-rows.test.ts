import t from "tap";
import { imageNames, imageRows } from "../../lib/doctor/image-rows.js";
import { HopbookError } from "../../lib/errors.js";
import type { NodeTarget } from "../../lib/model/access.js";
import type { KubeReader, KubeRequest } from "../../lib/model/kube.js";

t.test("an image by the names that a kubelet gives it", (t) => {
  const digest = "sha256:0123";
  const rows: [string, string[]][] = [
    ["busybox", ["docker.io/library/busybox:latest"]],
    ["busybox:1.36", ["docker.io/library/busybox:1.36"]],
    ["me/tools:1", ["docker.io/me/tools:1"]],
    ["localhost/tools", ["localhost/tools:latest"]],
    ["registry.example:4443/a/tools", ["registry.example:4443/a/tools:latest"]],
    [`r.io/t@${digest}`, [`r.io/t@${digest}`, `r.io/t@${digest}`]],
    [`r.io/t:1@${digest}`, [`r.io/t:1@${digest}`, `r.io/t@${digest}`]],
  ];
  for (const [image, names] of rows) t.strictSame(imageNames(image), names, image);
  t.end();
});

t.test("there, not there, and not to be asked", async (t) => {
  const known = { ref: {}, context: "c", cluster: "c", user: "u", server: "s", namespace: "ops" };
  const asked: KubeRequest[] = [];
  const request = async <T>(wanted: KubeRequest): Promise<T> => {
    asked.push(wanted);
    if (wanted.name === "a") return { status: { images: [{ names: ["r.io/t:1"] }, null, 7] } } as T;
    if (wanted.name === "b") return { status: { images: "none" } } as T;
    if (wanted.name === "there") return {} as T;
    const code = wanted.name === "gone" ? "KUBE_NOT_FOUND" : "KUBE_FORBIDDEN";
    throw new HopbookError(code, `Cannot get ${String(wanted.name)}: no`);
  };
  const api: KubeReader = {
    ...known,
    request,
    list: () => Promise.resolve([]),
    watch: () => Promise.resolve(null),
  };
  const pullSecrets = ["there", "gone", "closed"];
  const targets = ["a", "b", "c"].map((name): NodeTarget => ({
    name,
    access: { via: "debugPod", kube: {}, image: "r.io/t:1", pullSecrets },
  }));
  const { signal } = new AbortController();
  const rows = await imageRows(api, { targets, signal });
  t.strictSame(
    rows.map(({ target, status }) => [target, status]),
    [
      ["a", "ok"],
      ["b", "warn"],
      ["c", "warn"],
      ["ops", "ok"],
      ["ops", "warn"],
      ["ops", "ok"],
    ],
  );
  const secrets = asked.filter(({ resource }) => resource === "secrets");
  t.equal(secrets.length, 3, "each once");
  t.ok(
    secrets.every(({ metadataOnly }) => metadataOnly),
    "no Secret's values are asked for",
  );
  t.strictSame(await imageRows(api, { targets: [], signal }), []);
});
