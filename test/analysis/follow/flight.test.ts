import t from "tap";
import { InFlight } from "../../../lib/analysis/follow/flight.js";
import { PlaceSets } from "../../../lib/analysis/follow/sets.js";

/** As many buckets as there are at first: two hashes that differ by it share one. */
const BUCKETS = 2048;

t.test("a copy is of the same connection, shown by the same place, shortly before", async (t) => {
  const sets = new PlaceSets(2);
  const isCopy = (
    before: { first?: number; connection?: number; place?: number; lastUs?: number },
    now = 1000,
  ): boolean => {
    const flight = new InFlight(sets);
    const add = (first: number, connection: number, timeUs: number): number => {
      Object.assign(flight.sought, { first, second: 2, place: 0, timeUs });
      const slot = flight.add();
      flight.connection[slot] = connection;
      return slot;
    };
    const { first = 1, connection = 0, place = 0, lastUs = 900 } = before;
    const older = add(first, connection, lastUs);
    flight.set[older] = sets.of([place]);
    flight.lastUs[older] = lastUs;
    return flight.isCopy(add(1, 0, now));
  };
  t.ok(isCopy({}));
  t.notOk(isCopy({ connection: 1 }), "of another connection");
  t.notOk(isCopy({ first: 1 + BUCKETS }), "another packet, in the same bucket");
  t.notOk(isCopy({ place: 1 }), "shown elsewhere");
  t.notOk(isCopy({}, 900 + 150_000), "long ago");
});
