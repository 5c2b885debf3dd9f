import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { readDns, readDnsOverTcp } from "../../../lib/analysis/application/dns.js";
import { readHttpRequest, readHttpStatus } from "../../../lib/analysis/application/http.js";
import { readTls, type TlsMessage } from "../../../lib/analysis/application/tls.js";
import { fc } from "../../fixtures/property.js";
import { concat } from "../helpers/packets.js";
import { NAMED_CERTIFICATE } from "./certificates.js";
import { Stream, Talk } from "./exchanges/talk.js";
import { certificates, clientHello, dns, overTcp, record, serverHello } from "./messages.js";

/** Readers held against tshark, over captures made here. */

const skip = spawnSync("tshark", ["--version"]).status === 0 ? {} : { skip: "this machine has no tshark" };

/** A line a packet that has one of the fields; the fields' values between bars. */
function tshark(capture: Buffer, fields: readonly string[]): readonly string[] {
  const dir = mkdtempSync(join(tmpdir(), "hopbook-tshark-"));
  try {
    const file = join(dir, "a.pcap");
    writeFileSync(file, capture);
    const argv = ["-n", "-r", file, "-T", "fields", "-E", "separator=|", "-E", "occurrence=a"];
    const out = execFileSync("tshark", [...argv, ...fields.flatMap((field) => ["-e", field])], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return out.split("\n").filter((line) => /[^|]/.test(line));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,14}$/);
const host = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join("."));
const samples = <T>(of: fc.Arbitrary<T>, count: number): T[] => fc.sample(of, { numRuns: count, seed: 7 });

t.test("DNS over UDP and TCP: id, names, codes, addresses", skip, async (t) => {
  const message = fc.record({
    id: fc.integer({ min: 1, max: 65_535 }),
    name: host,
    type: fc.constantFrom(1, 28, 33, 65),
    rcode: fc.constantFrom(0, 0, 2, 3, 5),
    flags: fc.constantFrom(0x100, 0x500, 0x300),
    last: fc.integer({ min: 1, max: 250 }),
  });
  const [overUdp, streams] = [new Talk(), new Talk()];
  const ours: string[] = [];
  const describe = (read: typeof readDns, bytes: Buffer): string => {
    const found = read(bytes, 0, bytes.length)!;
    const flag = (is: boolean): string => (found.isAnswer ? (is ? "1" : "0") : "");
    const rcode = found.isAnswer ? String(found.rcode) : "";
    const id = `0x${found.id.toString(16).padStart(4, "0")}`;
    return [
      id,
      found.name,
      rcode,
      flag(found.authoritative),
      Number(found.truncated),
      found.answers.join(),
    ].join("|");
  };
  const list = samples(message, 80).map(({ last, ...rest }) => ({
    ...rest,
    answers: rest.rcode === 0 ? [{ type: 1, data: [10, 96, 0, last] }] : [],
  }));
  for (const [index, one] of list.entries()) {
    const pair = [
      dns({ ...one, answers: [], rcode: 0, flags: 0x100 }),
      dns({ ...one, isAnswer: true }),
    ] as const;
    const ports = { client: 20_000 + index, server: 53 };
    overUdp.udp("client", ports, pair[0]).udp("server", ports, pair[1]);
    ours.push(...pair.map((bytes) => describe(readDns, bytes)));
    const framed = pair.map(overTcp) as [Buffer, Buffer];
    new Stream(streams, ports).open().say("client", framed[0]).say("server", framed[1]).close();
    for (const [at, bytes] of framed.entries())
      t.equal(describe(readDnsOverTcp, bytes), ours.at(at - 2), "the same over TCP");
  }
  const fields = [
    "dns.id",
    "dns.qry.name",
    "dns.flags.rcode",
    "dns.flags.authoritative",
    "dns.flags.truncated",
    "dns.a",
  ];
  const bool = (line: string): string => line.replaceAll("True", "1").replaceAll("False", "0");
  for (const talk of [overUdp, streams]) t.strictSame(tshark(talk.pcap, fields).map(bool), ours);
});

t.test("HTTP: methods, targets, hosts, codes and reasons", skip, async (t) => {
  const exchange = fc.record({
    method: fc.constantFrom("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"),
    path: fc.stringMatching(/^\/[a-z0-9/_.-]{0,20}(\?[a-z]=[0-9])?$/),
    host,
    status: fc.constantFrom(
      "200 OK",
      "204 No Content",
      "301 Moved Permanently",
      "404 Not Found",
      "503 Service Unavailable",
    ),
  });
  const talk = new Talk();
  const ours: string[] = [];
  for (const [index, { method, path, host: name, status }] of samples(exchange, 60).entries()) {
    const request = Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: ${name}\r\n\r\n`);
    const answer = Buffer.from(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`);
    new Stream(talk, { client: 20_000 + index, server: 80 })
      .open()
      .say("client", request)
      .say("server", answer)
      .close();
    const asked = readHttpRequest(request, 0, request.length)!;
    const got = readHttpStatus(answer, 0, answer.length)!;
    ours.push(
      `${asked.method}|${asked.target}|${asked.host}||`,
      `||||${got.code}`.replace("||||", "|||") + `|${got.reason}`,
    );
  }
  const fields = [
    "http.request.method",
    "http.request.uri",
    "http.host",
    "http.response.code",
    "http.response.phrase",
  ];
  t.strictSame(tshark(talk.pcap, fields), ours);
});

t.test("TLS: names asked for, protocols, versions, alerts, certificates", skip, async (t) => {
  const talk = new Talk();
  const ours: string[] = [];
  const describe = (bytes: Buffer): string => {
    const found = readTls(bytes, 0, bytes.length);
    const of = <K extends TlsMessage["kind"]>(kind: K) =>
      found.filter((one): one is Extract<TlsMessage, { kind: K }> => one.kind === kind);
    const [hello] = of("clientHello");
    const versions = of("serverHello").map(({ version }) => (version === 0x0304 ? "0x0304" : ""));
    const names = of("certificate").flatMap((one) => one.names.filter((name) => !/^\d/.test(name)));
    const alerts = of("alert").map(({ description }) => String(description));
    return [
      hello?.serverName ?? "",
      hello?.protocols.join(",") ?? "",
      versions.join(),
      alerts.join(),
      names.join(),
    ].join("|");
  };
  const version = fc.constantFrom(0x0303, 0x0304);
  const shape = fc.record({ serverName: host, version, alert: fc.constantFrom(40, 42, 48, 70, 112) });
  for (const [index, { serverName, version: spoken, alert }] of samples(shape, 40).entries()) {
    const hello = record(22, clientHello({ serverName, protocols: ["h2", "http/1.1"] }));
    const modern = spoken === 0x0304;
    const server = record(22, serverHello(modern ? { version: spoken } : {}));
    const flight = modern ? server : concat(server, record(22, certificates(NAMED_CERTIFICATE)));
    const stream = new Stream(talk, { client: 20_000 + index, server: 443 }).open().say("client", hello);
    const said = index % 3 === 0 ? record(21, [2, alert]) : flight;
    stream.say("server", said).close();
    ours.push(describe(hello), describe(said));
  }
  const fields = [
    "tls.handshake.extensions_server_name",
    "tls.handshake.extensions_alpn_str",
    "tls.handshake.extensions.supported_version",
    "tls.alert_message.desc",
    "x509ce.dNSName",
  ];
  const told = tshark(talk.pcap, fields);
  // A ServerHello of TLS 1.2 without a certificate has none of these fields.
  t.strictSame(
    told,
    ours.filter((line) => /[^|]/.test(line)),
  );
});
