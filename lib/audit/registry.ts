import type { Check } from "./check.js";
import { agentPolicy } from "./checks/agent-policy.js";
import { bridge } from "./checks/bridge.js";
import { connections } from "./checks/connections.js";
import { duplicates } from "./checks/duplicates.js";
import { forwarding } from "./checks/forwarding.js";
import { identities } from "./checks/identities.js";
import { limits } from "./checks/limits.js";
import { links } from "./checks/links.js";
import { listener } from "./checks/listener.js";
import { mtu } from "./checks/mtu.js";
import { neighbours } from "./checks/neighbours.js";
import { offloads } from "./checks/offloads.js";
import { overlaps } from "./checks/overlaps.js";
import { policies } from "./checks/policies.js";
import { routes } from "./checks/routes.js";
import { rpFilter } from "./checks/rp-filter.js";
import { rules } from "./checks/rules.js";
import { service } from "./checks/service.js";
import { switchFlows } from "./checks/switch-flows.js";
import { tunnelSocket } from "./checks/tunnel-socket.js";
import { tunnels } from "./checks/tunnels.js";
import { vswitch } from "./checks/vswitch.js";

/** Every check there is. A new one is a file beside these and a line here. */
export const CHECKS: readonly Check[] = [
  links,
  forwarding,
  routes,
  overlaps,
  rpFilter,
  neighbours,
  tunnels,
  tunnelSocket,
  mtu,
  bridge,
  rules,
  vswitch,
  switchFlows,
  policies,
  agentPolicy,
  service,
  connections,
  listener,
  duplicates,
  identities,
  offloads,
  limits,
];
