import t from "tap";
import { Mapping } from "../../../lib/share/mapping/mapping.js";
import { collectNames, collectObjects } from "../../../lib/share/text/collect.js";
import { removeSecrets } from "../../../lib/share/text/secrets.js";
import { TextMapper } from "../../../lib/share/text/text-mapper.js";

const KEPT = { digest: () => undefined };

function mapperFor(...texts: readonly string[]): (text: string) => string {
  const mapping = new Mapping(Buffer.alloc(32, 9));
  for (const text of texts) collectNames(text, mapping, KEPT);
  for (const text of texts) collectObjects(text, mapping);
  const mapper = new TextMapper(mapping, KEPT);
  return (text) => mapper.map(text);
}

const EVIDENCE = JSON.stringify({
  pod: "shop/client",
  node: "worker-eu-1",
  to: "shop/postgres-0:5432",
  ip: "192.168.174.129",
  six: "fd12:3456::a1",
  dnsName: "db.prod.acme.internal",
  argv: ["tcpdump", "ip[12:4]=0xc0a8ae81"],
  profile: "/home/alice/clusters/acme-prod.yaml",
});

t.test("one pseudonym for a name, wherever and however it stands", async (t) => {
  const map = mapperFor(EVIDENCE);
  const pod = /"pod":"(ns-\d)\/(\S+?)"/.exec(map(EVIDENCE));
  const [, namespace = "", name = ""] = pod ?? [];
  t.equal(namespace.length, "shop".length);
  t.equal(name.length, "client".length);
  t.equal(
    map("captures/worker-eu-1.pod.shop_client.eth0.pcap").includes(`.pod.${namespace}_${name}.eth0`),
    true,
  );
  t.equal(map("before-pod-shop-client-links.json"), `before-pod-${namespace}-${name}-links.json`);
  t.equal(map("client.shop.svc.cluster.local"), `${name}.${namespace}.svc.cluster.local`);
  t.equal(map("the client asked"), "the client asked", "a common word, as a word");
  t.notMatch(map("POSTGRES-0 on Worker-EU-1\\nworker-eu-1"), /postgres|worker/i);
  t.notMatch(map(EVIDENCE), /acme|alice|worker|postgres|client|shop/);
});

t.test("a policy's name behind its namespace's, however they are joined", async (t) => {
  for (const told of ["shop/deny-web", "NP:shop:deny-web:Ingress", '["k8s.ovn.org/name","shop:deny-web"]']) {
    const map = mapperFor(EVIDENCE, told);
    t.notMatch(map(told), /deny|web|shop/, told);
  }
  const map = mapperFor(EVIDENCE, "shop:8080 other:thing a:b");
  t.equal(map("other:thing 8080"), "other:thing 8080", "of no namespace that is known, and no name");
});

t.test("an address in every encoding is the same address", async (t) => {
  const map = mapperFor(EVIDENCE);
  const image = map("192.168.174.129");
  const bytes = image.split(".").map(Number);
  const hex = Buffer.from(bytes).toString("hex");
  t.not(image, "192.168.174.129");
  t.equal(map("0xc0a8ae81"), `0x${hex}`);
  t.equal(
    map("81AEA8C0:1F90"),
    `${Buffer.from([...bytes].reverse())
      .toString("hex")
      .toUpperCase()}:1F90`,
  );
  t.equal(map("IP 192.168.174.129.443 > "), `IP ${image}.443 > `);
  t.equal(
    map("::ffff:192.168.174.129").endsWith(
      hex.replace(
        /^(....)(....)$/,
        (_, a: string, b: string) => `${a.replace(/^0+/, "")}:${b.replace(/^0+/, "")}`,
      ),
    ),
    true,
  );
  const network = map("192.168.174.0/24");
  t.match(network, /^192\.168\.\d+\.0\/24$/);
  t.equal(network.split(".")[2], image.split(".")[2], "of the network that its image is in");
  t.equal(map('"addr": "192.168.174.0", "len": 24'), `"addr": "${network.replace("/24", "")}", "len": 24`);
  const decimal = String(Buffer.from(bytes).readUInt32BE());
  for (const url of ["http://N/health", "curl http://user@N:8080", '"http://N"'])
    t.equal(map(url.replace("N", "3232280193")).includes(url.replace(/^.*(.)N/, `$1${decimal}`)), true, url);
  for (const same of ["seq 3232280193 len 0", "http://9999999999/", "http://3232280193.example"])
    t.equal(map(same).includes(same.split(/[ /]/).find((part) => /\d{10}/.test(part)) ?? ""), true, same);
  t.equal(map("[fd12:3456::a1]:80 up"), `[${map("fd12:3456::a1")}]:80 up`);
});

t.test("a reverse name is that of the address's pseudonym where its digits have room", async (t) => {
  const map = mapperFor(EVIDENCE);
  const image = map("192.168.174.129").split(".");
  const labels = map("129.174.168.192.in-addr.arpa").split(".");
  t.strictSame(labels.slice(0, 4).reverse().map(Number), image.map(Number));
  t.strictSame(
    labels.map((label) => label.length),
    [3, 3, 3, 3, 7, 4],
  );
  let fitted = 0;
  for (let last = 0; last < 256; last++) {
    const reverse = `${last}.0.0.10.in-addr.arpa`;
    const mapped = map(reverse);
    t.equal(mapped.length, reverse.length);
    const told = map(`10.0.0.${last}`).split(".").map(Number);
    if (mapped.split(".").slice(0, 4).reverse().map(Number).join(".") === told.join(".")) fitted += 1;
  }
  t.ok(fitted < 256, "where it has none it is another");
  t.equal(map("999.0.0.10.in-addr.arpa").length, 23);
});

t.test("what is no address or name stays", async (t) => {
  const map = mapperFor(EVIDENCE);
  for (const same of [
    "255.255.240.0",
    "2026-11-29T13:30:35.437Z",
    "0.0.0.0/0",
    "::/0",
    "127.0.0.1:8080 ::1",
    '{"status": "delivered", "node": 3}',
    "kube-system/kube-dns",
    "eth0 mtu 1500",
  ])
    t.equal(map(same), same);
});

t.test("identifiers: a beginning stays one", async (t) => {
  const map = mapperFor(EVIDENCE);
  const id = "3f4a9b21c0de7788aa55cc33dd11ee22ff00aa99bb88cc77dd66ee55ff441122";
  t.not(map(id), id);
  t.ok(map(id).startsWith(map(id.slice(0, 13))));
  t.match(map("veth1a2b3c4d@if3"), /^veth[0-9a-f]{8}@if3$/);
  t.not(map("veth1a2b3c4d@if3"), "veth1a2b3c4d@if3");
  t.match(
    map("ed473ca1-9691-4392-9998-a516852a3df6"),
    /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  );
});

t.test("a probe's mark stays, also one that looks like a device's name", async (t) => {
  const mapping = new Mapping(Buffer.alloc(32, 9));
  const mapper = new TextMapper(mapping, { digest: (text) => (text === "dab25bcc5fdb" ? text : undefined) });
  t.equal(mapper.map("ping -p dab25bcc5fdb"), "ping -p dab25bcc5fdb");
  t.not(mapper.map("ping -p dac25bcc5fdb"), "ping -p dac25bcc5fdb");
});

t.test("secrets are removed, and what only looks alike is not", async (t) => {
  for (const text of [
    "Authorization: Bearer abcDEF123456",
    '"Authorization": "Basic dXNlcjpwYXNz"',
    "Cookie: session=abcdef; other=1",
    "https://user:hunter22@db.acme.internal/",
    "PGPASSWORD=hunter22 psql",
    '{\\"token\\": \\"hunter22\\"}',
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIhunter22\n-----END RSA PRIVATE KEY-----",
  ]) {
    const { text: clean, count } = removeSecrets(text);
    t.equal(count, 1, text);
    t.notMatch(clean, /hunter22|abcDEF|dXNlc|session=|c2ln/, clean);
  }
  for (const text of ['"payload": false', "no token was given", '"password": null'])
    t.equal(removeSecrets(text).count, 0, text);
});

t.test("of what a TLS probe was answered nothing stays that is not understood", (t) => {
  const map = mapperFor(EVIDENCE);
  for (const text of [
    "cert 1 MIIBhunter22\ncert 1 abcDEF+/==\ntimed 1 5",
    String.raw`{"stdout":"way openssl\ncert 1 MIIBhunter22\ncert 1 abcDEF+/==\ntimed 1 5"}`,
    String.raw`"{\"stdout\":\"way openssl\\ncert 1 MIIBhunter22\\ncert 1 abcDEF+/==\\ntimed 1 5\"}"`,
    `attempt 1 1 2 3 reply 160303${"ab".repeat(4000)} timed 1 5`,
  ]) {
    const told = map(text);
    t.notMatch(told, /hunter22|abcDEF|abab/, told.slice(0, 200));
    t.match(told, /timed 1 5/, "what stands beside it stays");
  }
  t.end();
});

t.test("what a probe was answered has names and addresses in hexadecimal digits alone", (t) => {
  const map = mapperFor(EVIDENCE);
  const label = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
  const name = Buffer.concat([...["db", "prod", "acme", "internal"].map(label), Buffer.from([0])]);
  const head = Buffer.from("7d5b81800001000100000000", "hex");
  const question = Buffer.concat([name, Buffer.from([0, 1, 0, 1])]);
  const record = Buffer.concat([
    Buffer.from("c00c000100010000001e0004", "hex"),
    Buffer.from([192, 168, 174, 129]),
  ]);
  const whole = Buffer.concat([head, question, record]).toString("hex");
  const line = (hex: string): string => `attempt 1 1796010290310810 416 202 reply ${hex} \n`;
  const told = map(line(whole));
  t.equal(told.length, line(whole).length);
  t.match(told, /reply 7d5b81800001000100000000/, "who reads it finds what it is");
  const isSafe = (text: string, what: string): void => {
    for (const word of ["acme", "prod", "internal"])
      t.notOk(text.includes(Buffer.from(word).toString("hex")) && word !== "internal", `${what}: ${word}`);
    t.notOk(text.includes("c0a8ae81"), `${what}: the address`);
  };
  isSafe(told, "whole");
  for (const cut of [40, 60, 80, whole.length - 4]) isSafe(map(line(whole.slice(0, cut))), `cut at ${cut}`);
  const other = Buffer.from("secret of a datagram's server").toString("hex");
  t.notMatch(map(line(other)), other.slice(24), "of what is no DNS nothing stays");
  const status = Buffer.from("HTTP/1.1 503 S").toString("hex");
  t.equal(map(line(status)), line(status));
  t.end();
});

t.test("what a probe sends has names in escapes alone", (t) => {
  const map = mapperFor(EVIDENCE);
  const label = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
  const name = Buffer.concat([...["db", "prod", "acme", "internal"].map(label), Buffer.from([0])]);
  const query = Buffer.concat([
    Buffer.from("7d5b01000001000000000000", "hex"),
    name,
    Buffer.from([0, 1, 0, 1]),
  ]);
  const framed = Buffer.concat([Buffer.from([0, query.length]), query]);
  const hello = Buffer.concat([
    Buffer.from("160301004d0100004903030000", "hex"),
    Buffer.from("db.prod.acme.internal"),
  ]);
  for (const escape of ["\\x", "\\\\x", "\\\\\\\\x"])
    for (const bytes of [query, framed, hello]) {
      const escaped = [...bytes].map((byte) => `${escape}${byte.toString(16).padStart(2, "0")}`).join("");
      const told = map(`"argv": ["${escaped}"]`);
      const hex = told.replaceAll(escape, "");
      t.equal(told.length, escaped.length + 12);
      for (const word of ["prod", "acme"])
        t.notMatch(hex, Buffer.from(word).toString("hex"), `${escape}: ${word}`);
      t.match(hex, bytes.subarray(0, 4).toString("hex"), "who reads it finds what it is");
    }
  const own = [...Buffer.from("hopbook \u0001\u0002\u0003\u0004\u0005\u0006\u0000\u0001")]
    .map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`)
    .join("");
  t.equal(map(own), own);
  t.end();
});

t.test("paths of URLs, in whatever they are asked for", async (t) => {
  const inputs = JSON.stringify({
    inputs: {
      url: "https://api.acme.internal/accounts/4711/p%40ss?customer=bob&token=abcdefgh",
      httpPath: "/orders/99",
    },
    command: ["hopbook", "connect", "--url", "https://api.acme.internal/tenants/12"],
  });
  const map = mapperFor(inputs);
  const shared = map(inputs);
  t.notMatch(shared, /acme|accounts|4711|p%40ss|customer|bob|abcdefgh|orders|99|tenants|12/);
  t.match(shared, /"httpPath":"\/path-?\w+"/, "it is a path as before");
  t.equal(map("1-2 /orders/99 10.0.0.7:80").includes("/orders"), false, "in what a probe was told");
  t.notMatch(map("GET /accounts/4711/p%40ss HTTP/1.1"), /accounts|4711|p%40/);
  t.equal(map("4711 packets"), "4711 packets", "a number alone is any number");
  t.equal(JSON.parse(map(JSON.stringify({ httpPath: "/" }))).httpPath, "/");
});
