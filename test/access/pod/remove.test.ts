import t from "tap";
import { removePod } from "../../../lib/access/pod/remove.js";
import { HopbookError } from "../../../lib/errors.js";
import type { KubeApi, KubeRequest } from "../../../lib/model/kube.js";

const NAME = { namespace: "debug", name: "hopbook-x" };
const OURS = { "app.kubernetes.io/managed-by": "hopbook" };

interface There {
  readonly uid: string;
  readonly labels?: Record<string, string>;
}

/** An API with at most one pod and one Job of the name; it judges preconditions as the real one does. */
function fakeApi(
  there: { pod?: There; job?: There },
  refuse: (request: KubeRequest) => string | null = () => null,
) {
  const asked: string[] = [];
  const request = async (wanted: KubeRequest): Promise<unknown> => {
    const kind = wanted.resource === "pods" ? "pod" : "job";
    asked.push(`${wanted.verb} ${kind}`);
    const code = refuse(wanted);
    if (code !== null) throw new HopbookError(code as "KUBE_FORBIDDEN", "Cannot: no");
    const found = there[kind];
    if (found === undefined) throw new HopbookError("KUBE_NOT_FOUND", "Cannot: not found");
    if (wanted.verb === "get") return { metadata: found };
    const { gracePeriodSeconds, preconditions } = wanted.body as {
      gracePeriodSeconds: number;
      preconditions: { uid: string };
    };
    t.equal(gracePeriodSeconds, 0);
    if (preconditions.uid !== found.uid) {
      const said = `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${found.uid})`;
      throw new HopbookError("KUBE_REFUSED", `Cannot delete: ${said}`);
    }
    delete there[kind];
    return {};
  };
  return { api: { request } as unknown as KubeApi, asked, there };
}

t.test("what was made goes, by its UID, with no question before", async (t) => {
  const { api, asked, there } = fakeApi({ pod: { uid: "p" }, job: { uid: "j" } });
  t.same(await removePod(api, { ...NAME, uids: { pod: "p", job: "j" } }), []);
  t.same([there, asked], [{}, ["delete pod", "delete job", "get pod"]]);
});

t.test("what somebody else made under the name stays", async (t) => {
  const others = { pod: { uid: "other", labels: OURS }, job: { uid: "other", labels: OURS } };
  const { api, there } = fakeApi({ ...others });
  t.same(await removePod(api, { ...NAME, uids: { pod: "p", job: "j" } }), []);
  t.same(there, others, "a name that is another's by now");
  t.same(await removePod(api, { ...NAME, uids: { pod: null, job: null } }), []);
  t.same(there, others, "nothing was made");
  const foreign = { pod: { uid: "other" }, job: { uid: "other", labels: {} } };
  const unknown = fakeApi({ ...foreign });
  t.same(await removePod(unknown.api, NAME), []);
  t.same(unknown.there, foreign, "not known by UID, and not of hopbook's labels");
});

t.test("where the UID is not known the labels tell", async (t) => {
  const { api, there } = fakeApi({ pod: { uid: "p", labels: OURS }, job: { uid: "j", labels: OURS } });
  t.same(await removePod(api, NAME), []);
  t.same(there, {});
  t.same(await removePod(api, NAME), [], "nothing is there");
});

t.test("it is gone once its name is another's", async (t) => {
  const { api, there } = fakeApi({ pod: { uid: "p" } });
  const late = {
    request: async (wanted: KubeRequest) => {
      const answer = await api.request(wanted);
      if (wanted.verb === "delete") there.pod = { uid: "next" };
      return answer;
    },
  } as unknown as KubeApi;
  t.same(await removePod(late, { ...NAME, uids: { pod: "p", job: null } }), []);
  t.same(there, { pod: { uid: "next" } });
});

t.test("what could not be removed is said", async (t) => {
  const both = { pod: { uid: "p" }, job: { uid: "j" } };
  const uids = { pod: "p", job: "j" };
  const forbidden = fakeApi({ ...both }, () => "KUBE_FORBIDDEN");
  t.same(
    await removePod(forbidden.api, { ...NAME, uids }),
    ["pod debug/hopbook-x: Cannot: no"],
    "no Job was allowed",
  );
  const away = fakeApi({ ...both }, () => "KUBE_UNREACHABLE");
  t.same(await removePod(away.api, { ...NAME, uids }), [
    "pod debug/hopbook-x: Cannot: no",
    "job debug/hopbook-x: Cannot: no",
  ]);
  const blind = fakeApi({ ...both }, ({ verb }) => (verb === "get" ? "KUBE_UNREACHABLE" : null));
  t.same(await removePod(blind.api, { ...NAME, uids }), [
    "pod debug/hopbook-x: deleted, but whether it is gone is unknown: Cannot: no",
  ]);
});
