import t from "tap";
import { Mapping } from "../../../lib/share/mapping/mapping.js";
import { rewriteHello } from "../../../lib/share/text/hello.js";
import { buildClientHello } from "../../../lib/traffic/tls/client-hello.js";

const mapping = new Mapping(Buffer.alloc(32, 7));

t.test("a hello of hopbook's becomes the one that it sends for the pseudonym", (t) => {
  for (const name of ["web.shop", "api.db.acme.internal", "", "10.0.0.1"]) {
    const bytes = Uint8Array.from(buildClientHello(name, "seed"));
    t.equal(rewriteHello(bytes, mapping), bytes.length);
    const wanted = name === "" || /^\d/.test(name) ? name : mapping.domain(name);
    t.same(Buffer.from(bytes), buildClientHello(wanted, "seed"), name);
  }
  t.end();
});

t.test("of what is cut or of another form nothing but the headers stays", (t) => {
  const whole = buildClientHello("web.shop", "seed");
  for (let length = 0; length < whole.length; length++) {
    const bytes = Uint8Array.from(whole.subarray(0, length));
    const kept = rewriteHello(bytes, mapping);
    t.ok(kept <= 9 || !Buffer.from(bytes).includes("web.shop"), `${length}: ${kept}`);
    t.ok(kept <= length);
  }
  t.end();
});
