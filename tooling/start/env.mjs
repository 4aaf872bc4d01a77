// The one place of the first steps that reads the environment: plain JavaScript, before anything is installed.
import { resolve } from "node:path";

/** npm, proxies and certificates of whoever starts us: an install needs all of it. */
export const inherited = process.env;
/** Absolute. */
export const dataDirOf = (root) => resolve(process.env.TAKOSUMI_DATA_DIR || `${root}/.takosumi`);
