import t from "tap";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/**
 * The walls between the folders of lib/, kept by parsing the imports. Each folder lists all it may import;
 * whatever is not listed is a wall.
 */
const FOLDERS: Record<string, readonly string[]> = {
  errors: [],
  model: [],
  files: ["errors"],
  linux: ["model", "errors"],
  document: ["model", "errors", "files", "shapes"],
  cel: ["document", "linux"],
  runbook: ["model", "errors", "document", "cel"],
  shapes: [],
  text: [],
  permissions: ["model", "errors"],
  kube: ["model", "errors", "files"],
  process: ["model", "errors"],
  sandbox: ["model", "errors", "files", "process"],
  access: ["model", "errors", "files", "kube", "process"],
  cluster: ["model", "errors", "linux", "document"],
  wire: ["model", "errors", "linux"],
  hops: ["model", "errors", "files", "linux", "document", "cluster", "wire"],
  capture: ["model", "errors", "linux", "wire"],
  traffic: ["model", "errors", "linux"],
  inspect: ["model", "errors", "linux", "cluster"],
  artifacts: ["model", "errors", "files", "shapes"],
  recording: ["model", "errors", "files", "artifacts", "shapes"],
  script: ["model", "errors", "files", "process"],
  steps: [
    "model",
    "errors",
    "linux",
    "cel",
    "cluster",
    "hops",
    "capture",
    "traffic",
    "inspect",
    "audit",
    "script",
  ],
  plan: ["model", "errors", "document", "runbook", "text"],
  engine: ["model", "errors", "document", "cel", "runbook", "plan"],
  rules: ["model", "errors", "linux"],
  readings: ["model", "linux", "rules"],
  audit: ["model", "linux", "rules", "readings", "wire"],
  packets: ["errors", "files", "linux"],
  live: ["model", "errors", "text", "packets", "analysis", "wire"],
  analysis: ["model", "errors", "linux", "rules", "readings", "packets", "wire", "shapes"],
  bundles: ["model", "errors", "files", "linux", "packets", "wire"],
  report: ["model", "errors", "text"],
  lab: ["model", "errors", "linux"],
  catalogue: [
    "model",
    "errors",
    "files",
    "document",
    "runbook",
    "artifacts",
    "sandbox",
    "cluster",
    "script",
    "steps",
    "report",
  ],
  authority: [
    "model",
    "errors",
    "files",
    "document",
    "runbook",
    "permissions",
    "cluster",
    "capture",
    "traffic",
    "artifacts",
    "steps",
    "engine",
    "catalogue",
  ],
  session: [
    "model",
    "errors",
    "linux",
    "runbook",
    "permissions",
    "kube",
    "access",
    "cluster",
    "artifacts",
    "engine",
    "steps",
    "catalogue",
    "authority",
  ],
  verdict: [
    "model",
    "errors",
    "files",
    "linux",
    "cluster",
    "runbook",
    "artifacts",
    "engine",
    "plan",
    "readings",
    "audit",
    "analysis",
    "bundles",
    "report",
    "text",
    "catalogue",
    "session",
  ],
  share: ["model", "errors", "files", "linux", "packets", "wire", "artifacts", "analysis", "verdict"],
  run: [
    "model",
    "errors",
    "files",
    "document",
    "runbook",
    "shapes",
    "permissions",
    "cluster",
    "wire",
    "hops",
    "packets",
    "artifacts",
    "recording",
    "steps",
    "plan",
    "engine",
    "analysis",
    "catalogue",
    "authority",
    "session",
    "verdict",
  ],
  replay: [
    "model",
    "errors",
    "process",
    "document",
    "runbook",
    "artifacts",
    "recording",
    "steps",
    "report",
    "catalogue",
    "authority",
    "session",
    "verdict",
    "run",
  ],
  detached: [
    "model",
    "errors",
    "runbook",
    "permissions",
    "kube",
    "capture",
    "artifacts",
    "steps",
    "engine",
    "catalogue",
    "authority",
    "session",
    "verdict",
    "run",
  ],
  reap: ["model", "errors", "kube", "process", "cluster", "authority", "session"],
  doctor: [
    "model",
    "errors",
    "linux",
    "text",
    "kube",
    "cluster",
    "wire",
    "hops",
    "catalogue",
    "authority",
    "session",
  ],
  completion: ["model", "linux", "document", "runbook", "kube", "cluster", "catalogue"],
  reference: [
    "model",
    "errors",
    "document",
    "runbook",
    "permissions",
    "hops",
    "steps",
    "analysis",
    "catalogue",
    "authority",
    "session",
    "report",
    "text",
    "verdict",
  ],
  api: [
    "model",
    "errors",
    "lab",
    "live",
    "catalogue",
    "authority",
    "session",
    "verdict",
    "share",
    "run",
    "replay",
    "detached",
    "reap",
    "doctor",
    "completion",
    "reference",
  ],
  index: ["model", "errors", "api"],
  cli: ["model", "errors", "files", "text", "api"],
};

/** Packages and the folders that may import them; a package that is not here may be imported by nobody. */
const PACKAGES: Record<string, readonly string[]> = {
  zx: ["process"],
  yaml: ["document", "lab"],
  ajv: ["document", "shapes"],
  re2js: ["cel"],
  "ipaddr.js": ["linux"],
  "@kubernetes/client-node": ["kube"],
  commander: ["cli"],
  "string-width": ["text"],
  "wrap-ansi": ["text"],
  "mdast-util-to-markdown": ["report"],
  "tar-stream": ["share"],
  "p-map": ["capture", "engine", "hops", "inspect", "session", "steps", "reap"],
  // No package: the name by which a script is imported in its sandbox.
  "hopbook:entry": ["script"],
};

/** Builtins that give away a process or the terminal. */
const BUILTINS: Record<string, readonly string[]> = {
  "node:child_process": ["lab"],
  "node:readline": ["cli", "lab"],
  "node:readline/promises": ["cli"],
};

const LIB = resolve(dirname(fileURLToPath(import.meta.url)), "../lib");

interface Import {
  readonly from: string;
  readonly specifier: string;
}

const files = readdirSync(LIB, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .sort();

const parsed = new Map<string, ts.SourceFile>();

function parse(file: string): ts.SourceFile {
  const known = parsed.get(file);
  if (known !== undefined) return known;
  const source = ts.createSourceFile(
    file,
    readFileSync(join(LIB, file), "utf8"),
    ts.ScriptTarget.ES2023,
    true,
  );
  parsed.set(file, source);
  return source;
}

/** Names and texts of a file that `words` finds something in; comments are none. */
function findWords(file: string, words: RegExp): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const isText =
      ts.isIdentifier(node) ||
      ts.isStringLiteralLike(node) ||
      ts.isTemplateHead(node) ||
      ts.isTemplateMiddleOrTemplateTail(node) ||
      ts.isRegularExpressionLiteral(node);
    if (isText && words.test(node.text)) found.push(`${file}: ${node.text.slice(0, 80)}`);
    ts.forEachChild(node, visit);
  };
  visit(parse(file));
  return found;
}

function importsOf(file: string): Import[] {
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    if (
      (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) &&
      node.moduleSpecifier !== undefined &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      found.push({ from: file, specifier: node.moduleSpecifier.text });
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      if (argument === undefined || !ts.isStringLiteral(argument)) {
        found.push({ from: file, specifier: "(computed import)" });
      } else found.push({ from: file, specifier: argument.text });
    }
    ts.forEachChild(node, visit);
  };
  visit(parse(file));
  return found;
}

const folderOf = (file: string): string =>
  file.includes("/") ? file.split("/")[0]! : file.replace(/\.ts$/, "");
const packageOf = (specifier: string): string =>
  specifier.startsWith("@") ? specifier.split("/").slice(0, 2).join("/") : specifier.split("/")[0]!;

const imports = files.flatMap(importsOf);

t.test("every folder of lib/ has its walls written down", async (t) => {
  t.ok(files.length > 20, "the files were found");
  for (const folder of new Set(files.map(folderOf))) t.ok(FOLDERS[folder], `lib/${folder} is in the table`);
});

t.test("no import goes through a wall", async (t) => {
  const broken: string[] = [];
  for (const { from, specifier } of imports) {
    const folder = folderOf(from);
    if (specifier.startsWith(".")) {
      const target = folderOf(relative(LIB, resolve(LIB, dirname(from), specifier.replace(/\.js$/, ".ts"))));
      if (target !== folder && !FOLDERS[folder]?.includes(target))
        broken.push(`${from} imports ${specifier}`);
    } else if (specifier.startsWith("node:")) {
      const only = BUILTINS[specifier];
      if (only !== undefined && !only.includes(folder)) broken.push(`${from} imports ${specifier}`);
    } else if (!PACKAGES[packageOf(specifier)]?.includes(folder)) {
      broken.push(`${from} imports package ${specifier}`);
    }
  }
  t.strictSame(broken, []);
});

t.test("nothing outside access/ imports one of its files but the registry", async (t) => {
  const concrete = imports.filter(({ from, specifier }) => {
    if (!specifier.startsWith(".") || folderOf(from) === "access") return false;
    const target = relative(LIB, resolve(LIB, dirname(from), specifier));
    return folderOf(target) === "access" && target !== "access/registry.js";
  });
  t.strictSame(concrete, []);
});

t.test(
  "a way in that no guard stands before is known to those alone who open it and who put the guard there",
  async (t) => {
    const below =
      /^(access|model|session)\/|^permissions\/guard\.ts$|^engine\/recorder\.ts$|^recording\/replayer\.ts$|^authority\/authority\.ts$|^run\/world\.ts$|^replay\/replay\.ts$/;
    const above = files.filter((file) => !below.test(file));
    t.strictSame(namesIn(above, /^(NodeAccess|openAccess)$/), []);
    t.strictSame(namesIn(files, /^ofGuard$/), ["model/guarded-access.ts", "permissions/guard.ts"]);
    const forged = files.filter((file) => {
      let found = false;
      const visit = (node: ts.Node): void => {
        if (ts.isAsExpression(node) && /\bGuardedAccess\b/.test(node.type.getText())) found = true;
        ts.forEachChild(node, visit);
      };
      visit(parse(file));
      return found;
    });
    t.strictSame(forged, []);
  },
);

/** Those files that use such an identifier. */
function namesIn(among: readonly string[], names: RegExp): string[] {
  return among.filter((file) => {
    let found = false;
    const visit = (node: ts.Node): void => {
      if (ts.isIdentifier(node) && names.test(node.text)) found = true;
      ts.forEachChild(node, visit);
    };
    visit(parse(file));
    return found;
  });
}

t.test("only cli/ touches argv, the terminal and the exit code", async (t) => {
  const guilty: string[] = [];
  for (const file of files.filter((name) => folderOf(name) !== "cli")) {
    const visit = (node: ts.Node): void => {
      if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
        const name = `${node.expression.text}.${node.name.text}`;
        if (/^(process\.(argv|stdout|stderr|stdin|exit|exitCode)|console\.\w+)$/.test(name)) {
          guilty.push(`${file}: ${name}`);
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(parse(file));
  }
  t.strictSame(guilty, []);
});

t.test("no cycle among the files", async (t) => {
  const edges = new Map<string, string[]>();
  for (const { from, specifier } of imports) {
    if (!specifier.startsWith(".")) continue;
    const to = relative(LIB, resolve(LIB, dirname(from), specifier.replace(/\.js$/, ".ts")));
    edges.set(from, [...(edges.get(from) ?? []), to]);
  }
  t.strictSame(findCycles(edges), []);
});

/** Each as its way round, `a -> b -> a`. */
function findCycles(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const state = new Map<string, "open" | "done">();
  const cycles: string[] = [];
  const walk = (file: string, trail: readonly string[]): void => {
    if (state.get(file) === "done") return;
    if (state.get(file) === "open") {
      cycles.push([...trail.slice(trail.indexOf(file)), file].join(" -> "));
      return;
    }
    state.set(file, "open");
    for (const next of edges.get(file) ?? []) walk(next, [...trail, file]);
    state.set(file, "done");
  };
  for (const file of edges.keys()) walk(file, []);
  return cycles;
}

/** Folders whose rooms may use each other one way only; a file beside the rooms is a room of its own. */
const WITH_ROOMS = ["access", "cluster"];

t.test("no cycle among the rooms of a folder", async (t) => {
  for (const folder of WITH_ROOMS) {
    const roomOf = (file: string): string => file.split("/").slice(0, 2).join("/");
    const edges = new Map<string, string[]>();
    for (const { from, specifier } of imports) {
      if (!specifier.startsWith(".") || folderOf(from) !== folder) continue;
      const to = relative(LIB, resolve(LIB, dirname(from), specifier.replace(/\.js$/, ".ts")));
      if (folderOf(to) !== folder || roomOf(to) === roomOf(from)) continue;
      edges.set(roomOf(from), [...(edges.get(roomOf(from)) ?? []), roomOf(to)]);
    }
    t.strictSame(findCycles(edges), [], `lib/${folder}`);
  }
});

t.test("no folder has more than 30 files directly in it", async (t) => {
  for (const folder of WITH_ROOMS) {
    const counts = new Map<string, number>();
    for (const file of files.filter((name) => folderOf(name) === folder)) {
      counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    }
    for (const [name, count] of counts) t.ok(count <= 30, `lib/${name} has ${count} files`);
  }
});

t.test("no file is longer than 300 lines", async (t) => {
  const long = files.filter((file) => readFileSync(join(LIB, file), "utf8").split("\n").length - 1 > 300);
  t.strictSame(long, []);
});

t.test("only wire/ knows the names of wire formats", async (t) => {
  const words = /vxlan|(?<!ima)geneve|ipip|(?<![a-z])gre(?![a-z])|gretap|wireguard|erspan/i;
  const free = ["wire", "linux", "lab"];
  const guilty = files
    .filter((file) => !free.includes(folderOf(file)))
    .flatMap((file) => findWords(file, words));
  t.strictSame(guilty, []);
});

t.test("nothing but lab/ knows the names of CNIs, their devices and chains, or kube-proxy's", async (t) => {
  const words =
    /[Cc]alico|[Ff]elix|(?<![a-z])cali(?![a-z])|[Ff]lannel|[Cc]ilium|\b[Ww]eave|[Aa]ntrea|kube-router|kindnet|(ovn|OVN)-[Kk]|ovnkube|\bcni0|tunl0|genev_sys|KUBE-[A-Z]|\bazv/;
  // The program of an agent that is asked for the maps of its eBPF programs, as a switch is for its flows.
  const guilty = files
    .filter((file) => folderOf(file) !== "lab" && !file.startsWith("linux/ebpf/"))
    .flatMap((file) => findWords(file, words));
  t.strictSame(guilty, []);
  // A node's own programs, as iptables is; the CNI that uses them is not.
  const switches = files.filter((file) => folderOf(file) !== "lab" && !file.startsWith("linux/vswitch/"));
  t.strictSame(
    switches.flatMap((file) => findWords(file, /(?<![a-z])(ovn|OVN)/)),
    [],
  );
});
