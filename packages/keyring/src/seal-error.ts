/**
 * A sealed value that does not open: made for another place, changed, cut, or under a key that is not here.
 * One message for all of them, so that it tells an attacker nothing and can be logged as it is.
 */
export class SealError extends Error {
  constructor(message = "A sealed value does not open at this place: it was changed, cut, moved, or its key is not here") {
    super(message);
    this.name = "SealError";
  }
}
