import t from "tap";
import { HopbookError } from "../../../lib/errors.js";
import type { KubeReader } from "../../../lib/model/kube.js";
import { triggerWait } from "../../../lib/steps/trigger-wait.js";
import { fakeContext, type FakeContext } from "../samples.js";

type Input = Parameters<typeof triggerWait.plan>[0];
type Answer = readonly object[] | Error;

const event = (uid: string, resourceVersion: string, more: object = {}): object => ({
  metadata: { uid, resourceVersion, namespace: "shop" },
  ...{ reason: "BackOff", message: "restarting\u001b[1m", involvedObject: { kind: "Pod", name: "web-0" } },
  ...more,
});

interface Setup extends FakeContext {
  readonly asked: Parameters<KubeReader["list"]>[0][];
}

/** An API that answers in this order, and the last answer from then on. */
function setUp(answers: readonly Answer[]): Setup {
  const asked: Setup["asked"] = [];
  const list = ((request) => {
    asked.push(request);
    const answer = answers[Math.min(asked.length, answers.length) - 1] ?? [];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  }) as KubeReader["list"];
  const kube = { list } as KubeReader;
  return { ...fakeContext([], { kube }), asked };
}

async function run(input: Input, { context }: FakeContext): Promise<unknown> {
  const whole = { every: 1, timeout: 300, ...input };
  return triggerWait.run?.(whole, context, await triggerWait.plan(whole, context));
}

t.test(
  "an event that was not there before; its namespace and fields are the API's to choose by",
  async (t) => {
    const old = event("a", "1");
    const fake = setUp([[old], [old], [old, event("b", "2")]]);
    const wish = { namespace: "shop", type: "Warning", reason: "BackOff", object: "Pod/web-0" };
    t.match(await run({ event: wish }, fake), {
      ...{ fired: true, by: "event", node: null, times: 1 },
      what: "event of Pod/shop/web-0: BackOff: restarting\\x1b[1m",
    });
    t.match(fake.asked, [
      {
        ...{ group: "", resource: "events", namespace: "shop" },
        query: {
          fieldSelector: "type=Warning,reason=BackOff,involvedObject.kind=Pod,involvedObject.name=web-0",
        },
      },
    ]);
    t.match(fake.demands, [{ kind: "kube", verb: "list", resource: "events", namespace: "shop" }]);
  },
);

t.test("one that comes again is written anew, and fires; one that does not match does not", async (t) => {
  const fake = setUp([[event("a", "1")], [event("a", "2")]]);
  t.match(await run({ event: {} }, fake), { fired: true });
  t.match(fake.demands, [{ namespace: null }]);
  t.notOk("query" in (fake.asked[0] ?? {}));
  const other = setUp([
    [],
    [event("a", "1", { message: 7, reason: null, involvedObject: null, metadata: null })],
  ]);
  t.match(await run({ event: { match: "^Killing" } }, other), { fired: false, by: null });
  const matched = setUp([[], [event("a", "1"), event("b", "1", { reason: "Killing" })]]);
  t.match(await run({ event: { match: "^Killing: re" } }, matched), { fired: true, what: /Killing: / });
});

t.test("while the API is away that is said once, and what came meanwhile fires", async (t) => {
  const away = new HopbookError("KUBE_UNREACHABLE", "no answer");
  const late = new HopbookError("COMMAND_TIMEOUT", "late");
  const fake = setUp([[event("a", "1")], away, late, [event("a", "1"), event("b", "5")]]);
  t.match(await run({ event: {} }, fake), { fired: true });
  t.strictSame(
    fake.notes.filter((note) => note.includes("API")),
    ["warn: the API does not answer: events are seen once it does again", "info: the API answers again"],
  );
});

t.test("what the API refuses ends it; without an API, without a right, it is said at once", async (t) => {
  const fake = setUp([new HopbookError("KUBE_FORBIDDEN", "may not list events")]);
  await t.rejects(run({ event: {} }, fake), { code: "KUBE_FORBIDDEN" });
  await t.rejects(triggerWait.plan({ event: {} }, fakeContext().context), {
    ...{ code: "INPUT_INVALID", message: /there is no API/, hint: /packet, a log line/ },
  });
  const demand = (): never => {
    throw new HopbookError("PERMISSION_DENIED", "no");
  };
  const denied = setUp([[]]);
  await t.rejects(run({ event: {} }, { ...denied, context: { ...denied.context, demand } }), {
    code: "PERMISSION_DENIED",
  });
  t.strictSame(denied.asked, []);
  await t.rejects(triggerWait.plan({ event: { match: "(" } }, fake.context), { code: "INPUT_INVALID" });
});
