import { homedir } from "node:os";
import { z } from "zod";

/** What a run of the tests takes from its environment. */
export const env = z
  .object({
    /** Where tools and providers are kept between runs. */
    TAKOSUMI_CACHE_DIR: z.string().min(1).default(`${homedir()}/.cache/takosumi`),
    /** The tool to use where the pinned one can be neither downloaded nor built. */
    TAKOSUMI_TOFU_BIN: z.string().min(1).optional(),
    /** A tofu that is tested with instead of the pinned one. */
    TAKOSUMI_TEST_TOFU: z.string().min(1).optional(),
    PATH: z.string().default("/usr/local/bin:/usr/bin:/bin"),
  })
  .parse(process.env);

/** Compilers, package managers and tests need the caller's own. */
export const inherited: NodeJS.ProcessEnv = process.env;
