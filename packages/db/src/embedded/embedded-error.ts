/** Why the embedded PostgreSQL does not start, in words for whoever started it. */
export class EmbeddedError extends Error {
  override readonly name = "EmbeddedError";
}
