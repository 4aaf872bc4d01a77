import { homedir } from "node:os";
import { z } from "zod";

const text = z.string().min(1).optional();

/** What a run of the tests takes from its environment. */
export const env = z
  .object({
    /** A PostgreSQL of yours to test on, whose role may create databases; else the embedded one is started. */
    TEST_DATABASE_URL: text,
    /** The tofu to test with; else the one that `npm test` built into the cache. */
    TAKOSUMI_TEST_TOFU: text,
    /** Where tools and provider mirrors are kept between runs. */
    TAKOSUMI_CACHE_DIR: z.string().min(1).default(`${homedir()}/.cache/takosumi`),
    /** Where terraform is looked for. */
    PATH: z.string().default("/usr/local/bin:/usr/bin:/bin"),
    /** Where Node keeps what it compiled, for the processes that are started; `npm test` names one for each run. */
    NODE_COMPILE_CACHE: text,
    /** A directory that pictures of the pages are written into, to be looked at; else none are taken. */
    TEST_PICTURES_DIR: text,
  })
  .parse(process.env);
