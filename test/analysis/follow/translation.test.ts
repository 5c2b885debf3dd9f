import t from "tap";
import { Connections } from "../../../lib/analysis/follow/streams/connections.js";
import { InFlight } from "../../../lib/analysis/follow/flight.js";
import { PlaceSets } from "../../../lib/analysis/follow/sets.js";
import { mayBeTranslated } from "../../../lib/analysis/follow/translation.js";
import { Tuples } from "../../../lib/analysis/follow/tables/tuples.js";
import { packetOf } from "./kit.js";

t.test(
  "what has the same key is no translation of another protocol's packet, nor of its answer",
  async (t) => {
    const tuples = new Tuples();
    const flight = new InFlight(new PlaceSets(2));
    const connections = new Connections(tuples, [], 2);
    const request = packetOf({ sourcePort: 9000, destinationPort: 53 });
    const before = tuples.locate(request);
    tuples.setClient(before, true);
    const slot = flight.add();
    flight.direction[slot] = 0;
    flight.ipId[slot] = 7;
    const { sightings } = flight;
    const at = sightings.push(flight.sighting[slot]!);
    flight.sighting[slot] = at;
    sightings.row[at] = before;
    const maybe = (fields: Parameters<typeof packetOf>[0]): boolean =>
      mayBeTranslated(slot, tuples.locate(packetOf({ sourcePort: 9000, destinationPort: 53, ...fields })), {
        ...{ flight, tuples, connections },
      });
    t.ok(maybe({ destination0: 3 }));
    t.notOk(maybe({ destination0: 3, protocol: 6 }));
    t.notOk(maybe({ source0: 2, destination0: 1, sourcePort: 53, destinationPort: 9000 }));
  },
);
