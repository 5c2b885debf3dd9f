import t from "tap";
import type { KubeApi } from "../../lib/model/kube.js";
import { serve, type Answer } from "./serve.js";

const say =
  (code: number, body: unknown): Answer =>
  (_, response) => {
    response.writeHead(code).end(typeof body === "string" ? body : JSON.stringify(body));
  };

const PODS = { group: "", version: "v1", resource: "pods" } as const;
const get = (api: KubeApi, timeoutMs = 5_000): Promise<unknown> =>
  api.request({ verb: "get", ...PODS, namespace: "shop", name: "web", timeoutMs });

t.test("what the API refuses, by its code and its own words", async (t) => {
  const rbac = 'pods "web" is forbidden: User "ann" cannot get resource "pods" in API group ""';
  const admission = 'admission webhook "policy.test" denied the request: no';
  for (const [code, body, error] of [
    [403, { message: rbac }, "KUBE_FORBIDDEN"],
    [403, { message: admission }, "KUBE_REFUSED"],
    [404, { message: 'pods "web" not found' }, "KUBE_NOT_FOUND"],
    [409, { message: "already there" }, "KUBE_REFUSED"],
    [429, {}, "KUBE_UNREACHABLE"],
    [500, "<html>oops</html>", "KUBE_UNREACHABLE"],
    [503, "null", "KUBE_UNREACHABLE"],
    [200, "<html>a proxy's page</html>", "KUBE_UNREACHABLE"],
    [200, "null", "KUBE_UNREACHABLE"],
    [200, '"text"', "KUBE_UNREACHABLE"],
  ] as const) {
    const api = await serve(t, say(code, body));
    await t.rejects(get(api), { code: error }, `${code} ${JSON.stringify(body).slice(0, 40)}`);
  }
});

t.test("credentials that ran out are asked for once more, and no more", async (t) => {
  let asked = 0;
  const once = await serve(t, (request, response) => {
    asked += 1;
    t.equal(request.headers.authorization, "Bearer ticket");
    say(asked === 1 ? 401 : 200, { kind: "Pod" })(request, response);
  });
  t.match(await get(once), { kind: "Pod" });
  t.equal(asked, 2);
  asked = 0;
  const never = await serve(t, (request, response) => {
    asked += 1;
    say(401, { message: "Unauthorized" })(request, response);
  });
  await t.rejects(get(never), { code: "KUBE_UNAUTHORISED" });
  t.equal(asked, 2);
});

t.test("a server that says nothing, one that is cut off, one that says too much", async (t) => {
  const silent = await serve(t, () => undefined);
  await t.rejects(get(silent, 100), {
    code: "KUBE_UNREACHABLE",
    message: /did not answer in time/,
    detail: /^asked of http.*:\d+ \(context .+, user .+\)$/,
  });
  const stopped = AbortSignal.abort();
  await t.rejects(silent.request({ verb: "get", ...PODS, name: "web", signal: stopped }), {
    code: "INTERRUPTED",
  });
  const cut = await serve(t, (_, response) => {
    response.writeHead(200, { "Content-Length": "100" }).write("{");
    setTimeout(() => response.destroy(), 20);
  });
  await t.rejects(get(cut), { code: "KUBE_UNREACHABLE" });
  const part = Buffer.alloc(1024 * 1024, " ");
  const huge = await serve(t, (_, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(part));
      if (!response.destroyed) response.once("drain", more);
    };
    response.writeHead(200);
    more();
  });
  await t.rejects(get(huge, 20_000), { code: "KUBE_UNREACHABLE", message: /more than \d+ bytes/ });
});

t.test("lists of many pages", async (t) => {
  const asked: (string | null)[] = [];
  const api = await serve(t, (request, response) => {
    const { searchParams } = new URL(request.url ?? "", "http://api.test");
    asked.push(searchParams.get("continue"));
    t.equal(searchParams.get("labelSelector"), "app=web", "of every page");
    const page = Number(searchParams.get("continue") ?? "0");
    const metadata = page === 2 ? {} : { continue: String(page + 1) };
    say(200, { items: page === 1 ? null : [{ page }], metadata })(request, response);
  });
  const query = { labelSelector: "app=web" };
  t.strictSame(await api.list({ ...PODS, query }), [{ page: 0 }, { page: 2 }]);
  t.strictSame(asked, [null, "1", "2"]);
  await t.rejects(api.list({ ...PODS, query }, 1), { code: "KUBE_REFUSED", message: /more than 1 / });
  const odd = await serve(t, say(200, { items: "none" }));
  await t.rejects(odd.list(PODS), { code: "KUBE_UNREACHABLE", message: /no list/ });
  const endless = await serve(t, say(200, { items: [], metadata: { continue: "again" } }));
  await t.rejects(endless.list(PODS), { code: "KUBE_REFUSED", message: /the list has no end/ });
});
