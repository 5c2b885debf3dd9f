import t from "tap";
import { GENERIC, type HopRecipe } from "../../lib/hops/index.js";
import { cnisPage, readmeWithCnis } from "../../lib/reference/cnis.js";

const recipe: HopRecipe = {
  ...GENERIC,
  metadata: { name: "mine", title: "Mine | *yours*" },
  detect: { required: [{ anyOf: [{ link: { kind: "vxlan", vni: 7 } }, { route: { device: "x0" } }] }] },
  path: { ...GENERIC.path, outside: ["pod", { role: "gate", rank: 650, device: { name: "gate0" } }, "nic"] },
  sees: { "host-veth": "outgoing" },
};

t.test("README's table is replaced between its marks, which have to be there", (t) => {
  const readme = "before\n<!-- cnis: written by npm run docs -->\nold\n<!-- /cnis -->\nafter\n";
  const text = readmeWithCnis(readme, [recipe]);
  t.match(
    text,
    /^before\n<!-- cnis: .*\| Mine \\\| \\\*yours\\\* \|.*no: by its documentation.*<!-- \/cnis -->\nafter\n$/s,
  );
  t.notMatch(text, /old/);
  t.equal(readmeWithCnis(text, [recipe]), text);
  t.throws(() => readmeWithCnis("nothing", [recipe]), /lacks/);
  t.end();
});

t.test("the page says of each recipe what it goes by", (t) => {
  const text = cnisPage([recipe]);
  t.match(text, /^## mine$/m);
  t.match(text, /required \| device of kind `vxlan`, with VNI `7` or route into `x0` \|/);
  t.match(text, /out of the cluster \| pod, gate0, nic \|/);
  t.match(text, /may pass unseen \| host-veth \(what comes to the pod\) \|/);
  t.end();
});
