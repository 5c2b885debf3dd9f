import t from "tap";
import { fc } from "../../fixtures/property.js";
import {
  findPatternFault,
  fitsCommand,
  overlapCommands,
} from "../../../lib/permissions/patterns/command-patterns.js";
import { canonicalHost, fitsHost, overlapHosts, parseHost } from "../../../lib/permissions/patterns/hosts.js";
import { fitsKube, isKubePattern, overlapKube } from "../../../lib/permissions/patterns/kube-patterns.js";
import { fitsName } from "../../../lib/model/names.js";
import { overlapNames } from "../../../lib/permissions/patterns/names.js";
import { containsPath, findPathFault, overlapPaths } from "../../../lib/permissions/patterns/paths.js";
import { joinValues, splitValue } from "../../../lib/permissions/scope-values.js";

const words = (text: string): string[] => text.split(" ");

t.test("commands", async (t) => {
  for (const [pattern, command, expected] of [
    ["ip link set * up", "ip link set eth0 up", true],
    ["ip link set * up", "ip link set eth0 down", false],
    ["ip link set * up", "ip link set up", false],
    ["ip link set * up", "ip link set eth0 up x", false],
    ["ip link set * up", "ip link set --batch up", false],
    ["ip link set * up", "ip link set  up", false],
    ["ip link set * up", "/usr/sbin/ip link set eth0 up", false],
    ["ip link set * up", "IP link set eth0 up", false],
    ["conntrack -D **", "conntrack -D", true],
    ["conntrack -D **", "conntrack -D -p tcp", true],
    ["conntrack -D **", "conntrack -F", false],
    ["conntrack -D **", "conntrack", false],
    ["reboot", "reboot", true],
    ["reboot", "reboot -f", false],
    ["** x", "a x", false],
    ["*", "reboot", false],
  ] as const) {
    t.equal(fitsCommand(pattern, words(command)), expected, `${pattern} | ${command}`);
  }
  t.ok(fitsCommand("ip link set * up", ["ip", "link", "set", "a b", "up"]), "one word, whatever is in it");
  for (const pattern of ["", " ", "ip  link", "ip link ", " ip", "* x", "ip* x", "ip ** x", "ip\nlink", "**"])
    t.type(findPatternFault(pattern), "string", JSON.stringify(pattern));
  for (const [one, other, expected] of [
    ["ip link set * up", "ip link set eth0 up", true],
    ["ip link set eth0 up", "ip link set eth1 up", false],
    ["ip **", "ip link set * up", true],
    ["ip **", "tc **", false],
    ["ip", "ip link", false],
    ["ip link **", "ip link", true],
    ["ip * up", "ip -x up", false],
  ] as const) {
    t.equal(overlapCommands(one, other), expected, `${one} | ${other}`);
    t.equal(overlapCommands(other, one), expected, `${other} | ${one}`);
  }
});

t.test("names", async (t) => {
  for (const [one, other, expected] of [
    ["a*", "*b", true],
    ["a*", "b*", false],
    ["a", "a", true],
    ["a", "ab", false],
    ["*", "", true],
    ["x*y", "xy", true],
  ] as const) {
    t.equal(overlapNames(one, other), expected, `${one} | ${other}`);
  }
  const letter = fc.constantFrom("a", "b", "*");
  const name = fc.array(letter, { maxLength: 6 }).map((letters) => letters.join(""));
  fc.assert(
    fc.property(name, name, fc.array(fc.constantFrom("a", "b"), { maxLength: 6 }), (one, other, letters) => {
      const word = letters.join("");
      return !(fitsName(one, word) && fitsName(other, word)) || overlapNames(one, other);
    }),
  );
});

t.test("paths", async (t) => {
  for (const [granted, path, expected] of [
    ["/a", "/a", true],
    ["/a", "/a/b", true],
    ["/a", "/ab", false],
    ["/a/b", "/a", false],
    ["/", "/x", true],
    ["/a", "/a/..b", true],
  ] as const) {
    t.equal(containsPath(granted, path), expected, `${granted} | ${path}`);
  }
  t.ok(overlapPaths("/a", "/a/b") && overlapPaths("/a/b", "/a"));
  t.notOk(overlapPaths("/a", "/b"));
  for (const path of [
    ...[
      "x",
      "./x",
      "/a/../b",
      "/a/..",
      "../x",
      "/a\0b",
      "/proc/self/root/etc/shadow",
      "/proc",
      "/sys/x",
      "/dev/sda",
    ],
    ...["/a\\..\\b"],
  ])
    t.type(findPathFault(path), "string", JSON.stringify(path));
  for (const path of ["/a/b", "/a/..b/c", "/processes/x"]) t.equal(findPathFault(path), undefined, path);
  t.same(splitValue("read", "/a,/b,,c"), ["/a", "/b,c"], "a comma in a path is written twice");
  t.same(joinValues("read", ["/a", "/b,c"]), ["/a,/b,,c"]);
  t.same(splitValue("mutate", "ip a,b"), ["ip a,b"]);
  const path = fc
    .array(fc.constantFrom("a", ",", "/", "b"), { minLength: 1 })
    .map((parts) => `/${parts.join("")}x`);
  fc.assert(
    fc.property(fc.array(path, { minLength: 1 }), (paths) => {
      const [text = ""] = joinValues("read", paths);
      t.strictSame(splitValue("read", text), paths);
    }),
    { numRuns: 50 },
  );
});

t.test("hosts", async (t) => {
  for (const [pattern, host, port, expected] of [
    ["a.example", "a.example", 443, true],
    ["a.example", "A.EXAMPLE.", 80, true],
    ["a.example:443", "a.example", 443, true],
    ["a.example:443", "a.example", 80, false],
    ["*.example", "x.y.example", 1, true],
    ["*.example", "example", 1, false],
    ["*.example", "evil-example", 1, false],
    ["a.example", "a.example.evil", 1, false],
    ["127.0.0.1", "0x7f.1", 1, true],
    ["10.0.0.1", "127.0.0.1", 1, false],
    ["[::1]:80", "::1", 80, true],
    ["[::1]", "[0:0:0:0:0:0:0:1]", 80, true],
    ["*", "anything", 1, true],
    ["a.example", "*", 1, false],
    ["*", "a b", 1, false],
    ["*", "a@b", 1, false],
    ["*", "a/b", 1, false],
  ] as const) {
    t.equal(fitsHost(pattern, { host, port }), expected, `${pattern} | ${host}:${port}`);
  }
  t.equal(parseHost("a b"), undefined);
  t.equal(parseHost("a:0"), undefined);
  t.equal(parseHost("a:65536"), undefined);
  t.equal(canonicalHost("[::zz]"), "[::zz]", "what is no address stays what it is");
  t.ok(overlapHosts("a:1", "a"));
  t.notOk(overlapHosts("a:1", "a:2"));
  t.notOk(overlapHosts("a b", "a"));
});

t.test("requests to the Kubernetes API", async (t) => {
  for (const [pattern, verb, resource, namespace, expected] of [
    ["get:pods:shop", "get", "pods", "shop", true],
    ["get:pods:shop", "get", "pods", "shop2", false],
    ["get:pods:shop", "get", "pods", null, false],
    ["get:pods:shop*", "get", "pods", "shop2", true],
    ["get:pods", "get", "pods", "any", true],
    ["get:nodes", "get", "nodes", null, true],
    ["get:pods", "delete", "pods", "any", false],
    ["get:pods", "get", "pods/exec", "any", false],
    ["*:pods/exec", "create", "pods/exec", "any", true],
    ["*:*", "create", "pods/exec", "any", false],
    ["*:*", "create", "pods", "any", true],
    ["*:*/*", "create", "pods/exec", "any", true],
  ] as const) {
    t.equal(
      fitsKube(pattern, { verb, resource, namespace }),
      expected,
      `${pattern} | ${verb} ${resource} ${namespace}`,
    );
  }
  for (const text of ["get", "get:", ":pods", "get:pods:", "get:pods:A", "get:pods:a:b", "get pods"])
    t.notOk(isKubePattern(text), text);
  t.ok(overlapKube("get:*", "get:pods:shop"));
  t.notOk(overlapKube("get:pods:a", "get:pods:b"));
  t.notOk(overlapKube("get", "get:pods"));
});
