import t from "tap";
import { matchSealed } from "../../../lib/analysis/sealed/match.js";
import { wireguard } from "../../../lib/wire/wireguard.js";

const by = { format: wireguard, slackUs: 0 };
const lost = [{ timeUs: 0, ipBytes: 84 }];
const message = (timeUs: number, payloadBytes = 128): { timeUs: number; payloadBytes: number } => ({
  timeUs,
  payloadBytes,
});

t.test("a message is a packet's by its size, at its time", async (t) => {
  const ask = (...messages: ReturnType<typeof message>[]): ReturnType<typeof matchSealed> =>
    matchSealed({ lost, passed: [] }, messages, by);
  t.strictSame(ask(message(50)), { seen: 1, spare: 0 });
  t.strictSame(ask(message(50), message(20)), { seen: 1, spare: 1 }, "two would do");
  t.strictSame(ask(message(-1), message(200_001), message(50, 112), message(50, 144)), { seen: 0, spare: 0 });
  t.strictSame(matchSealed({ lost, passed: [] }, [message(-5)], { ...by, slackUs: 5 }), {
    seen: 1,
    spare: 0,
  });
  const many = Array.from({ length: 1001 }, (_, index) => message(index));
  t.strictSame(ask(...many), { seen: 0, spare: Infinity }, "a busy tunnel tells nothing");
});

t.test("each has one alone, and who came through has its own", async (t) => {
  const two = [...lost, { timeUs: 10, ipBytes: 90 }];
  t.strictSame(matchSealed({ lost: two, passed: [] }, [message(20)], by), { seen: 1, spare: 0 });
  const passed = [{ timeUs: 15, ipBytes: 84 }];
  t.strictSame(matchSealed({ lost, passed }, [message(20)], by), { seen: 0, spare: 0 });
  t.strictSame(matchSealed({ lost, passed }, [message(20), message(5)], by), { seen: 1, spare: 0 });
  const busy = Array.from({ length: 1001 }, (_, timeUs) => ({ timeUs, ipBytes: 84 }));
  t.strictSame(matchSealed({ lost, passed: busy }, [message(2000)], by), { seen: 0, spare: Infinity });
});
