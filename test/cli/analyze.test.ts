import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import type { Findings } from "../../lib/model/findings.js";
import { listCases } from "../analysis/cases/cases.js";
import { unpackSet } from "../analysis/cases/unpack.js";
import { hopbook } from "./helpers.js";

const CAPTURES = fileURLToPath(new URL("../fixtures/captures/", import.meta.url));
const filesOf = (name: string): readonly string[] =>
  listCases().find((one) => one.name === name)?.paths ?? [];
const RUN = fileURLToPath(new URL("../../docs/example-runs/healthy", import.meta.url));
const denied = filesOf("dns-denied");

t.test("all flows of captures, the worst first", async (t) => {
  const { code, out, err } = await hopbook(["analyze", ...denied]);
  t.equal(code, 3);
  t.equal(err, "");
  t.match(
    out,
    /^LOST +10\.244\.1\.10 → 10\.96\.0\.10:53 .*2 of 2 \(100 %\) missing\nDELIVERED .*10\.244\.2\.20:80/m,
  );
  t.match(out, "LOST on n1 between n1.cni0.pcap (nic) and n1.flannel.1.pcap (nic): 2 of 2 requests.");
  t.match(out, "request: destination 10.96.0.10:53 → 10.244.2.20:53");
  t.match(out, "Cause: not looked for, no node was asked.");
});

t.test("a folder that others collected: its captures, and what the verdict does not rest on", async (t) => {
  const dir = t.testdir({ "sosreport-n1": { sos_commands: { networking: { "ip_-s_-d_link": "1: lo" } } } });
  for (const file of denied) copyFileSync(file, join(dir, basename(file)));
  const { code, out } = await hopbook(["analyze", dir, "--to", "10.96.0.10"]);
  t.equal(code, 3);
  t.match(out, "LOST on n1 between n1.cni0.pcap (nic) and n1.flannel.1.pcap (nic): 2 of 2 requests.");
  t.match(
    out.replaceAll(/\s+/g, " "),
    `Judged by the ${denied.length} captures in a sosreport; its links were not followed; sosreport-n1/sos_commands/networking/ip_-s_-d_link could not be understood`,
  );
});

t.test("where all is well it is exit 0", async (t) => {
  const { code, out } = await hopbook(["analyze", ...filesOf("healthy-service")]);
  t.equal(code, 0);
  t.match(out, /^DELIVERED /m);
  t.notMatch(out, "watched only");
});

t.test("narrowed", async (t) => {
  const flowsOf = async (...flags: readonly string[]): Promise<readonly string[]> => {
    const { out } = await hopbook(["analyze", ...denied, ...flags, "--output", "json"]);
    return (JSON.parse(out) as Findings).flows.map(({ to }) => `${to.ip}:${to.port}`);
  };
  t.strictSame(await flowsOf("--to", "10.96.0.10:53"), ["10.96.0.10:53"]);
  t.strictSame(await flowsOf("--to", "10.244.2.20", "--port", "80"), ["10.244.2.20:80"]);
  t.strictSame(await flowsOf("--protocol", "udp", "--from", "10.244.1.10"), ["10.96.0.10:53"]);
  const { code } = await hopbook(["analyze", ...denied, "--to", "10.244.2.20:80"]);
  t.equal(code, 0, "the flow that is asked about is well");
});

t.test("hops are called as --name says", async (t) => {
  const { out } = await hopbook(["analyze", ...denied, "--name", "node.iface.pcap", "-o", "json"]);
  const { flows } = JSON.parse(out) as Findings;
  t.strictSame(flows[0]?.verdict.lastSeen, { node: "n1", role: "nic", interface: "cni0" });
  t.strictSame(flows[0]?.verdict.firstMissing, { node: "n1", role: "nic", interface: "flannel.1" });
});

t.test("devices are called as --links says", async (t) => {
  const dir = t.testdir({
    set: {},
    "none.json": "[]",
    "links.json": JSON.stringify(
      Array.from({ length: 64 }, (_, index) => ({
        ifindex: index + 1,
        ifname: `dev${index + 1}`,
        mtu: 1500,
      })),
    ),
  });
  const links = join(dir, "links.json");
  const home = join(dir, "set");
  unpackSet("healthy-any-bridge", home);
  const any = ["n1", "n2"].map((node) => join(home, `${node}.any.pcap`));
  const { code, out } = await hopbook(["analyze", "--links", links, ...any, "-o", "json"]);
  t.equal(code, 0);
  const [flow] = (JSON.parse(out) as Findings).flows;
  t.match(flow?.hops.map((hop) => hop.interface).join(" "), /^dev[0-9]+( dev[0-9]+)+$/);
  const none = await hopbook(["analyze", "--links", join(dir, "none.json"), ...any]);
  t.equal(none.code, 2);
  t.match(none.err, /none\.json: it tells of no device[^]*ip -j link/);
  t.match((await hopbook(["analyze", "--links", dir, ...any])).err, /not a regular file/);
  t.match(
    (await hopbook(["analyze", "--links", links, "--links", links, "--links", links, ...any])).err,
    /Cannot take 3 --links for [0-9] captures?/,
  );
});

t.test("captures in any order: put in that of the path, and said", async (t) => {
  for (const { name, paths } of listCases()) {
    const verdictsOf = async (files: readonly string[]): Promise<readonly string[]> => {
      const { out } = await hopbook(["analyze", ...files, "-o", "json"]);
      return (JSON.parse(out) as Findings).flows.map(({ verdict, to }) => {
        const { status, direction, lastSeen, lost } = verdict;
        return [to.ip, status, direction, status === "lost" ? lastSeen?.interface : "", lost.packets].join(
          " ",
        );
      });
    };
    const byName = [...paths].sort((a, b) => (a < b ? -1 : 1));
    t.strictSame(await verdictsOf(byName), await verdictsOf(paths), name);
  }
  const { out } = await hopbook(["analyze", ...[...denied].sort((a, b) => (a < b ? -1 : 1))]);
  t.match(out.replace(/\s+/g, " "), "they were put in order by TTL and time");
  t.match(out, "LOST on n1 between n1.cni0.pcap (nic) and n1.flannel.1.pcap (nic): 2 of 2 requests.");
});

t.test("--html writes the page, and overwrites nothing by surprise", async (t) => {
  const dir = t.testdir({});
  const file = join(dir, "report.html");
  const { code, err } = await hopbook(["analyze", ...denied, "--html", file]);
  t.equal(code, 3);
  t.equal(err, `\nreport: ${file}\n`);
  t.match(readFileSync(file, "utf8"), /<title>hopbook analyze: lost<\/title>/);
  writeFileSync(file, "mine");
  const again = await hopbook(["analyze", ...denied, "--html", file]);
  t.equal(again.code, 2);
  t.match(again.err, /it is there already[^]*--force/);
  t.equal(readFileSync(file, "utf8"), "mine");
  t.equal((await hopbook(["analyze", ...denied, "--html", file, "--force"])).code, 3);
  t.match(readFileSync(file, "utf8"), "<!DOCTYPE html>");
  const nowhere = join(dir, "none", "x.html");
  t.match(
    (await hopbook(["analyze", ...denied, "--html", nowhere])).err,
    /ARTIFACTS_UNWRITABLE[^]*there is no such file or folder/,
  );
  t.notOk(existsSync(nowhere));
});

t.test("what cannot be analyzed says why", async (t) => {
  const [first = ""] = denied;
  const dir = t.testdir({ "empty.pcap": "", "text.pcap": "this is no capture\n", plain: { a: "b" } });
  const header = join(dir, "header.pcap");
  writeFileSync(header, readFileSync(first).subarray(0, 24));
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [[join(dir, "none.pcap")], /none\.pcap: there is no such file or folder/],
    [
      [join(dir, "plain")],
      /it is a folder, it is no run folder, and it has no capture in it\n.*\nhint: A verdict needs packets\. Name a folder/,
    ],
    [[join(dir, "empty.pcap")], /the file is empty/],
    [[join(dir, "text.pcap")], /text\.pcap/],
    [[header], /no packet in them/],
    [[CAPTURES, first], /it is a folder\nhint: Name one folder, or capture files/],
    [[RUN, "--to", "10.0.0.1"], /Cannot take --to with a folder/],
    [[first, "--to", "web"], /--to "web": it is no address; captures know no names/],
    [[first, "--from", "10.0.0.1:80"], /a client's port is another one each time/],
    [[first, "--port", "99999"], /--port "99999": it is no port/],
    [[first, "--to", "10.0.0.1:80", "--port", "81"], /--to says 80/],
    [[first, "--to", "10.9.9.9"], /and none that fits\nhint: Name other ends, or none/],
    [[first, "--protocol", "sctp"], /Allowed choices are icmp, tcp, udp/],
    [[first, "--name", "x"], /names no hop/],
    [[first, "--name", "iface@node.pcap"], /does not fit --name iface@node\.pcap/],
  ];
  for (const [words, says] of wrong) {
    const { code, out, err } = await hopbook(["analyze", ...words]);
    t.equal(code, 2, words.join(" "));
    t.equal(out, "");
    t.match(err, says);
  }
});
