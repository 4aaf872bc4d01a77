import { isIP, type LookupFunction } from "node:net";

/** A look-up that answers one address, whatever is asked: a connection goes there and nowhere else. */
export const pinnedTo =
  (address: string): LookupFunction =>
  (_host, { all }, done) => {
    const family = isIP(address);
    if (all) done(null, [{ address, family }]);
    else done(null, address, family);
  };
