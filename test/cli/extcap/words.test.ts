import t from "tap";
import {
  captureWords,
  EXTCAP_ARGUMENTS,
  listArguments,
  listInterfaces,
} from "../../../lib/cli/extcap/words.js";
import { hopbook } from "../helpers.js";

t.test("what Wireshark asks for is answered in its form", async (t) => {
  const { code, out } = await hopbook(["extcap", "--extcap-interfaces", "--extcap-version=4.0"]);
  t.equal(code, 0);
  t.match(
    out,
    /^extcap \{version=\d[^}]*\}\{display=hopbook\}\ninterface \{value=hopbook\}\{display=[^{}]+\}\n$/,
  );
  t.match(
    (await hopbook(["extcap", "--extcap-interface", "hopbook", "--extcap-dlts"])).out,
    /^dlt \{number=1\}\{name=/,
  );
  const config = (await hopbook(["extcap", "--extcap-interface", "hopbook", "--extcap-config"])).out;
  t.equal(config, listArguments());
  t.equal(out, listInterfaces());
  for (const line of config.trim().split("\n")) t.match(line, /^(arg|value) (\{[a-z]+=[^{}]*\})+$/);
  t.equal(config.match(/^arg /gm)?.length, EXTCAP_ARGUMENTS.length);
  t.match(config, "value {arg=6}{value=auto}{display=auto}{default=true}");
});

t.test("its dialog's fields are the runbook's words, empty ones none", async (t) => {
  const given = {
    pod: "shop/client  app=web",
    node: "",
    filter: "",
    payload: "true",
    via: "auto",
    cluster: "/c.yaml",
  };
  t.strictSame(captureWords(given, "udp port 53"), [
    ...["--pod=shop/client", "--pod=app=web", "--filter=udp port 53", "--payload", "--duration=1h"],
    "--cluster=/c.yaml",
  ]);
  t.strictSame(
    captureWords({ node: "a", filter: "-w x", via: "ssh", duration: "5m", payload: "false" }, "tcp"),
    [...["--node=a", "--filter=-w x", "--duration=5m", "--via=ssh"]],
  );
});

t.test("what cannot be captured is said before anything starts", async (t) => {
  for (const [words, says] of [
    [[], /Cannot tell what Wireshark wants/],
    [["--capture", "--extcap-interface", "hopbook"], /--fifo says where to/],
    [["--capture", "--fifo", "/x", "--extcap-interface", "eth0", "--pod", "a"], /there is hopbook alone/],
    [["--capture", "--fifo", "/x", "--extcap-interface", "hopbook", "--pod", ""], /neither a pod nor a node/],
  ] as const) {
    const { code, err } = await hopbook(["extcap", ...words]);
    t.equal(code, 2);
    t.match(err, says);
  }
});
