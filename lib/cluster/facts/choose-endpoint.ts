import { HopbookError } from "../../errors.js";
import { canonicalIp } from "../../linux/address.js";
import { showText } from "../names.js";
import { spell, type Endpoint } from "./endpoints.js";

interface Choice {
  readonly text: string;
  /** The node of the other end: where there is a choice, one that is elsewhere is taken. */
  readonly away: string | null;
  readonly backend?: string | undefined;
  /** To which the sender's node keeps it; null: to none. */
  readonly pinned: string | null;
}

/** The endpoint to follow, and what is to be said of the choice. Throws TARGET_NOT_FOUND. */
export function chooseEndpoint(
  endpoints: readonly Endpoint[],
  { text, away, backend, pinned }: Choice,
): { readonly backend: Endpoint; readonly note: string | null; readonly isPinned: boolean } {
  const detail = endpoints.map(spell).join("\n");
  const spreads = endpoints.length > 1;
  const kept = endpoints.find(({ ip }) => ip === pinned);
  if (backend !== undefined) {
    const written = canonicalIp(backend);
    const chosen = endpoints.find(({ pod, ip }) => pod === backend || ip === written);
    if (chosen !== undefined) {
      const isPinned = chosen === kept;
      return { backend: chosen, note: spreads && !isPinned ? noteDirect(text, chosen) : null, isPinned };
    }
    const message = `Cannot follow ${showText(text)} to ${showText(backend)}: it is none of the service's ready backends`;
    throw new HopbookError("TARGET_NOT_FOUND", message, { hint: "choose one of those listed", detail });
  }
  if (kept !== undefined) return { backend: kept, note: null, isPinned: true };
  const [chosen] = endpoints.toSorted((a, b) => Number(a.node === away) - Number(b.node === away));
  if (chosen === undefined) {
    throw new HopbookError(
      "TARGET_NOT_FOUND",
      `Cannot follow ${showText(text)}: the service has no ready endpoint`,
      {
        hint: "check the Service's selector and whether its pods are ready",
      },
    );
  }
  if (!spreads) return { backend: chosen, note: null, isPinned: false };
  const note = `of ${endpoints.length} backends the first is followed; choose another with --backend, or all with --all-backends`;
  return { backend: chosen, note: `${noteDirect(text, chosen)}; ${note}`, isPinned: false };
}

/** What is sent to a Service's address may go to any backend, and would look lost on the way to this one. */
function noteDirect(text: string, chosen: Endpoint): string {
  return `${text}: what is sent goes to ${spell(chosen)} itself, past the Service's address`;
}
