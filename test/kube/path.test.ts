import t from "tap";
import { buildPath } from "../../lib/kube/path.js";
import type { KubeRequest } from "../../lib/model/kube.js";
import { fc } from "../fixtures/property.js";

const pods: KubeRequest = { verb: "get", group: "", version: "v1", resource: "pods" };

t.test("paths of the core group, of others, and of subresources", async (t) => {
  t.equal(buildPath(pods), "/api/v1/pods");
  t.equal(buildPath({ ...pods, namespace: "shop", name: "web" }), "/api/v1/namespaces/shop/pods/web");
  t.equal(
    buildPath({ ...pods, namespace: "shop", name: "web", subresource: "exec", query: { command: "a b&c" } }),
    "/api/v1/namespaces/shop/pods/web/exec?command=a+b%26c",
  );
  t.equal(
    buildPath({ ...pods, group: "apps", resource: "deployments", namespace: "shop" }),
    "/apis/apps/v1/namespaces/shop/deployments",
  );
});

t.test("a hostile name stays one part of the path", async (t) => {
  const build = (name: string): string => buildPath({ ...pods, namespace: "shop", name });
  t.equal(build("../../secrets/x"), "/api/v1/namespaces/shop/pods/..%2F..%2Fsecrets%2Fx");
  t.equal(build("a?b#c"), "/api/v1/namespaces/shop/pods/a%3Fb%23c");
  for (const name of ["", ".", ".."]) t.throws(() => build(name), RangeError);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string(), (namespace, name) => {
      let path: string;
      try {
        path = buildPath({ ...pods, namespace, name });
      } catch {
        return;
      }
      const { pathname, search, hash } = new URL(path, "https://api.test");
      t.equal(pathname.split("/").length, 7);
      t.equal(`${search}${hash}`, "");
      if (pathname.split("/")[6] !== encodeURIComponent(name)) throw new Error(`another name: ${pathname}`);
    }),
    { numRuns: 200 },
  );
});
