import { HopbookError } from "../errors.js";
import { MAX_FILTER_CHARS } from "./filter.js";
import { matchLogins } from "./underlay.js";

const PRINTABLE = /^[ -~]*$/;

/**
 * A tcpdump expression of a person's as one word, before tcpdump itself has seen it: printable ASCII of one line, and not
 * longer than what is compiled in time. Throws INPUT_INVALID.
 */
export function checkFilterText(text: string): string {
  const refuse = (why: string, hint: string): HopbookError =>
    new HopbookError(
      "INPUT_INVALID",
      `Cannot use the filter ${JSON.stringify(text.slice(0, 80))}${text.length > 80 ? "…" : ""}: ${why}`,
      { hint },
    );
  if (text.length > MAX_FILTER_CHARS) {
    throw refuse(
      `it has ${text.length} of at most ${MAX_FILTER_CHARS} characters`,
      "Name nets in place of many hosts",
    );
  }
  if (!PRINTABLE.test(text)) {
    const place = [...text].findIndex((char) => !PRINTABLE.test(char));
    throw refuse(
      `its character ${place + 1} is none of printable ASCII`,
      "Write it on one line, as for tcpdump: udp port 53 and host 10.0.0.1",
    );
  }
  return text.trim();
}

/**
 * The filter without the packets of the login by which the capture itself is watched, which would make more of themselves.
 * In front: words like `vlan` change what stands behind them.
 */
export function withoutLogin(filter: string, sshConnection: string | null): string {
  const login = matchLogins(sshConnection);
  if (login === null) return filter;
  return filter === "" ? `not ${login}` : `not ${login} and (${filter})`;
}
