import { HopbookError } from "../../errors.js";
import type { StepContext } from "../../model/steps.js";
import { hasFewSessions } from "./joined-logs.js";

interface Room {
  readonly agents: number;
  /** Of agents, and of what watches them. */
  readonly sessions: number;
}

const ROOM_OF_LOGIN: Room = { agents: 4, sessions: 4 };
const ROOM: Room = { agents: 16, sessions: 32 };
/** Where fewer are left they are for pods that are still to come. */
const SESSIONS_TO_WATCH = 2;

/** Agents of captures that began while others went on, and what there is room for on each node. */
export class JoinedAgents {
  /** Also those that did not get ready. */
  #started = 0;
  readonly #onNode = new Map<string, Room>();
  #writing: Promise<void> = Promise.resolve();

  /** The number of one that is to be started. Throws CAPTURE_FAILED where the node has no room for it. */
  begin(
    node: string,
    context: Pick<StepContext, "accesses">,
  ): { readonly number: number; readonly most: number } {
    const room = roomOf(node, context);
    const taken = this.#takenOn(node);
    if (taken.agents >= room.agents || taken.sessions >= room.sessions) {
      throw new HopbookError("CAPTURE_FAILED", `captures joined on ${node} ${taken.agents} times already`);
    }
    return { number: (this.#started += 1), most: room.agents };
  }

  /** Whether one more can be watched as well. */
  canWatch(node: string, context: Pick<StepContext, "accesses">): boolean {
    return roomOf(node, context).sessions - this.#takenOn(node).sessions > SESSIONS_TO_WATCH;
  }

  /** One has begun. */
  add(node: string, { isWatched }: { readonly isWatched: boolean }): void {
    const { agents, sessions } = this.#takenOn(node);
    this.#onNode.set(node, { agents: agents + 1, sessions: sessions + (isWatched ? 2 : 1) });
  }

  /** One after the other: what is written last has all. */
  write(body: () => Promise<void>): Promise<void> {
    const written = this.#writing.then(body);
    this.#writing = written.catch(() => undefined);
    return written;
  }

  #takenOn(node: string): Room {
    return this.#onNode.get(node) ?? { agents: 0, sessions: 0 };
  }
}

function roomOf(node: string, context: Pick<StepContext, "accesses">): Room {
  return hasFewSessions(node, context) ? ROOM_OF_LOGIN : ROOM;
}
