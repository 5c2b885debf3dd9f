import { execInPod, type LabState } from "../../lib/lab/index.js";
import { findProgram } from "../../lib/lab/programs.js";
import { untilInShell } from "../fixtures/patience.js";

/** A real PostgreSQL, a proxy before it that resets some connections, and a client, each in a pod of the lab. */

export const POSTGRES_PORT = 5432;

const FOLDERS = [17, 16, 15, 14, 13].map((version) => `/usr/lib/postgresql/${version}/bin`);
/** Debian's package has no place on the PATH; undefined: it is not installed. */
export const POSTGRES = findProgram("postgres", FOLDERS);

/** As whom the server asks to run; it refuses to be root. */
const AS_POSTGRES = "setpriv --reuid=postgres --regid=postgres --clear-groups";
const SERVER = `set -e
install -d -o postgres /run/pod/postgres
cd /run/pod/postgres
${AS_POSTGRES} "$1/initdb" -D data -A trust --no-sync --locale=C -E UTF8 -U app >log 2>&1
echo 'host all all 0.0.0.0/0 trust' >>data/pg_hba.conf
setsid ${AS_POSTGRES} "$1/postgres" -D data -i -F -k /run/pod/postgres -c autovacuum=off -c dynamic_shared_memory_type=mmap </dev/null >>log 2>&1 &
${untilInShell('"$1/pg_isready" -q -h 127.0.0.1', "cat log >&2")}`;

/** Hands everything on, but resets a connection as soon as its start-up message names the application "unlucky". */
const PROXY = `
const { connect, createServer } = require("node:net");
const halves = { allowHalfOpen: true };
createServer(halves, (client) => {
  client.on("error", () => {});
  client.once("data", (first) => {
    if (first.includes("unlucky")) return client.resetAndDestroy();
    const server = connect({ port: ${POSTGRES_PORT}, host: process.argv[1], ...halves });
    server.on("error", () => {});
    server.write(first);
    server.pipe(client).pipe(server);
  });
}).listen(${POSTGRES_PORT});
`;
const START_PROXY = `setsid node -e "$1" "$2" </dev/null >/dev/null 2>&1 &
${untilInShell(`ss -Hltn "sport = :${POSTGRES_PORT}" | grep -q .`)}`;

/**
 * So many connections, four at a time, each of which asks the server something and ends as it should
 * (https://www.postgresql.org/docs/current/protocol-flow.html), then one that is reset. Prints how many were answered, and the
 * port of the one that was reset.
 */
const CLIENT = `
const { connect } = require("node:net");
const [host, count] = process.argv.slice(1);
const words = (type, body) => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, Buffer.from(body, "latin1")]);
};
let answered = 0;
const one = (application) => new Promise((resolve) => {
  let isAsked = false;
  let port = 0;
  const names = ["user", "app", "database", "postgres", "application_name", application, ""];
  const socket = connect(${POSTGRES_PORT}, host, () => {
    port = socket.localPort;
    socket.write(words("", "\\0\\x03\\0\\0" + names.join("\\0") + "\\0"));
  });
  let last = Buffer.alloc(0);
  socket.on("data", (data) => {
    last = Buffer.concat([last, data]).subarray(-6);
    // ReadyForQuery, idle.
    if (last[0] !== 0x5a || last[5] !== 0x49) return;
    if (isAsked) {
      answered += 1;
      // The server closes first: a FIN of ours that is sent again may come when all is over there, and be reset.
      socket.write(words("X", ""));
    } else {
      isAsked = true;
      socket.write(words("Q", "SELECT 1\\0"));
    }
  });
  socket.on("error", () => {}).on("close", (isFault) => resolve({ port, isFault }));
});
(async () => {
  let left = Number(count);
  const some = async () => { while (left-- > 0) await one("shop"); };
  await Promise.all([some(), some(), some(), some()]);
  const { port, isFault } = await one("unlucky");
  console.log(JSON.stringify({ answered, port, isFault }));
})();
`;

interface Answered {
  readonly answered: number;
  /** Of the client's end of the connection that was reset. */
  readonly port: number;
  readonly isFault: boolean;
}

export class Postgres {
  readonly #lab: LabState;

  private constructor(lab: LabState) {
    this.#lab = lab;
  }

  /** The server in shop/cart, the proxy in shop/web. */
  static async start(lab: LabState): Promise<Postgres> {
    const started = new Postgres(lab);
    const folder = (POSTGRES ?? "").replace(/\/[^/]*$/, "");
    await started.#run("shop/cart", ["sh", "-c", SERVER, "server", folder]);
    await started.#run("shop/web", ["sh", "-c", START_PROXY, "proxy", PROXY, started.#ipOf("cart")]);
    return started;
  }

  /** From shop/client: `good` connections, and then one that is reset. */
  async connect(good: number): Promise<Answered> {
    const argv = ["node", "-e", CLIENT, this.#ipOf("web"), String(good)];
    return JSON.parse(await this.#run("shop/client", argv)) as Answered;
  }

  #ipOf(pod: string): string {
    return this.#lab.nodes.flatMap(({ pods }) => pods).find(({ name }) => name === pod)?.ip ?? "";
  }

  async #run(pod: string, argv: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await execInPod(this.#lab, pod, argv, { timeoutMs: 300_000 });
    if (exitCode !== 0) throw new Error(`${pod}: ${stderr}`);
    return stdout;
  }
}
