/**
 * A whole runbook in TypeScript, for what YAML cannot say: it follows the path to several destinations, one after the
 * other, looks closer only at what fails, and stops as soon as one explains the others.
 *
 *     hopbook run ./triage.ts --from shop/client --to shop/web:8080 --to shop/web:9999
 */
import { defineRunbook, type Hopbook } from "hopbook/script";

export const runbook = defineRunbook({
  metadata: {
    name: "triage",
    title: "Find the first of several destinations that does not answer, and what its pod says",
    description: "Connects to each destination in turn; reads sockets and routes only where one fails.",
  },
  inputs: {
    from: { type: "string", required: true, description: "Where the connections start: namespace/pod" },
    to: {
      type: "array",
      items: { type: "string" },
      required: true,
      description: "Where they go: namespace/pod:port; may be given again",
    },
  },
  permissions: {
    node: { max: 16 },
    exec: [
      "runtime/pods",
      "runtime/inspect",
      "node/read",
      "netns/read",
      "netns/tcpdump",
      "capture/pull",
      "netns/probe",
    ],
    capture: { duration: "5m", bytes: "64MiB" },
    traffic: ["tcp-connect"],
  },
  checks: [
    {
      id: "answered",
      title: "Every destination answers",
      outcomes: [
        {
          fail: {
            if: "${{ findings.flows.exists(f, f.verdict.status != 'delivered') }}",
            message: "One does not",
          },
        },
        { pass: { if: "${{ findings.flows.size() > 0 }}", message: "All of them do" } },
      ],
    },
  ],
  timeout: "3m",
});

interface Inputs {
  readonly from: string;
  readonly to: readonly string[];
}

/** What the steps give, as far as this runbook looks at it. */
interface Discovered {
  readonly paths: readonly {
    readonly to: { readonly text: string; readonly ip: string; readonly port: number };
  }[];
  readonly tools: unknown;
}

export default async function triage(hb: Hopbook<Inputs>): Promise<unknown> {
  const { from, to } = hb.inputs;
  const { paths, tools } = await hb.run<Discovered>("path/discover", { from, to });
  const client = await hb.pods.get(from);
  const routes = await client.$`ip -j route show`;
  await hb.artifacts.writeJson("client-routes.json", routes.json());

  const { flows } = await hb.run<{ flows: readonly unknown[] }>("flow/define", {
    ...{ paths, protocol: "tcp", probe: ["tcp-connect"], traffic: true },
  });
  const { capture } = await hb.run<{ capture: string }>("capture/start", { flows, tools, maxDuration: "5m" });
  await hb.run("traffic/probe", { flows, count: 2, interval: "200ms", wait: "1500ms" });
  await hb.run("capture/stop", { capture });

  const resets = new Map<string, number>();
  for (const found of await hb.captures.list()) {
    for await (const packet of found.packets({ filter: ({ flags }) => flags.includes("RST") })) {
      const sender = `${packet.source}:${packet.sourcePort}`;
      resets.set(sender, (resets.get(sender) ?? 0) + 1);
    }
  }
  const failing = paths.map((path) => path.to).find(({ ip, port }) => resets.has(`${ip}:${port}`));
  if (failing === undefined) return { failing: null };
  const pod = await hb.pods.get(failing.text.replace(/:\d+$/, ""));
  const { stdout } = await pod.$`ss -Hlnt`;
  const listening = stdout.split("\n").some((line) => line.includes(`:${failing.port} `));
  hb.log(
    `${failing.text} resets connections; ${listening ? "something" : "nothing"} listens on port ${failing.port}`,
  );
  return { failing: failing.text, listening, resets: Object.fromEntries(resets) };
}
