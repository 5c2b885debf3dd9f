import { AGENT_NAME, CAPTURE_AGENT } from "./agent.js";
import { DETACHED_AGENT, DETACHED_LIST, DETACHED_LIST_NAME, DETACHED_NAME } from "./detached-agent.js";
import { FILTER_CHECK_NAME, FILTER_CHECK_SCRIPT } from "./filter-check.js";
import { FOLLOW_NAME, FOLLOW_SCRIPT } from "./follow-agent.js";
import { PACKET_WATCH, PACKET_WATCH_NAME } from "./packet-watch.js";
import { DROPTRACE_SCRIPT } from "./droptrace-agent.js";

/** The constant scripts of this folder, by the name in their `$0`: the permission guard lets no other text pass. */
export const CAPTURE_SCRIPTS: Readonly<Record<string, string>> = {
  [AGENT_NAME]: CAPTURE_AGENT,
  [DETACHED_NAME]: DETACHED_AGENT,
  [DETACHED_LIST_NAME]: DETACHED_LIST,
  [FOLLOW_NAME]: FOLLOW_SCRIPT,
  [PACKET_WATCH_NAME]: PACKET_WATCH,
  [FILTER_CHECK_NAME]: FILTER_CHECK_SCRIPT,
  "hopbook-droptrace": DROPTRACE_SCRIPT,
};
