import { bytesOf, parsePrefix, containsBytes } from "../../../linux/address.js";
import type { Test } from "../../chain.js";
import type { At, Device } from "../../node.js";
import { protocolOf } from "../../../linux/protocols.js";
import { isDoubt } from "../../truth.js";
import type { MakeTest, MatchFamily } from "./family.js";

/** What every rule may ask without `-m`: iptables(8). */
export const plain: MatchFamily = {
  names: [""],
  options: {
    "-s": ([text = ""]) => testAddress(text, ({ packet }) => packet.source.bytes),
    "-d": ([text = ""]) => testAddress(text, ({ packet }) => packet.destination.bytes),
    "-i": testDevice((at) => at.inDevice),
    "-o": testDevice((at) => at.outDevice),
    "-p": testProtocol,
    // Later fragments alone; connection tracking puts packets together before rules see them.
    "-f": () => () => false,
  },
};

/** `10.0.0.0/8`, `10.0.0.1`, `10.0.0.1/255.0.0.255`. */
function testAddress(text: string, bytesIn: (at: At) => readonly number[]): Test | null {
  const prefix = parsePrefix(text);
  if (prefix !== undefined) return (at) => containsBytes(prefix, bytesIn(at));
  const [base = "", maskText = ""] = text.split("/");
  const [address, mask] = [bytesOf(base), bytesOf(maskText)];
  if (address === undefined || mask?.length !== address.length) return null;
  return (at) => {
    const bytes = bytesIn(at);
    return (
      bytes.length === address.length &&
      bytes.every((byte, n) => (byte & mask[n]!) === (address[n]! & mask[n]!))
    );
  };
}

function testDevice(deviceIn: (at: At) => Device): MakeTest {
  return ([pattern = ""]) => {
    const start = pattern.endsWith("+") ? pattern.slice(0, -1) : null;
    return (at) => {
      const device = deviceIn(at);
      if (isDoubt(device)) return device;
      return start === null ? device === pattern : (device ?? "").startsWith(start);
    };
  };
}

function testProtocol([text = ""]: readonly string[]): Test | null {
  if (text === "all") return () => true;
  const number = protocolOf(text);
  return number === undefined ? null : ({ packet }) => number === 0 || packet.protocol === number;
}
