import { type Logger, pino } from "pino";

export type Log = Logger;

/** JSON lines on stdout. Ids, codes, counts and times only: no value of a Run ever goes in. */
export const openLog = (level: string): Log => pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime });
