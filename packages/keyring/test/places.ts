import fc from "fast-check";
import type { Place } from "../src/place.ts";

export const here: Place = { table: "secrets", workspace: "ws_1", row: "sec_1", field: "value" };

const part = fc.string({ minLength: 1, maxLength: 12 });
export const anyPlace: fc.Arbitrary<Place> = fc.record({ table: part, workspace: part, row: part, field: part });
/** Two places that differ in at least one part, often in exactly where one part ends and the next begins. */
export const twoPlaces = fc
  .oneof(
    fc.tuple(anyPlace, anyPlace),
    anyPlace.map((place) => [place, { ...place, row: `${place.row}x` }] as const),
    anyPlace.map(
      (place) =>
        [
          { ...place, row: `${place.row}x` },
          { ...place, field: `x${place.field}` },
        ] as const,
    ),
  )
  .filter(([a, b]) => JSON.stringify(parts(a)) !== JSON.stringify(parts(b)));

const parts = ({ table, workspace, row, field }: Place) => [table, workspace, row, field];
