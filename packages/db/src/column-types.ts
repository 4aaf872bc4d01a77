import pg from "pg";

const int8 = 20;
const int8Array = 1016;

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is beyond the integers that a number holds exactly`);
  return value;
}
const parseArray = pg.types.getTypeParser(int8Array as number) as (text: string) => (string | null)[];
const safeIntegers = (text: string) => parseArray(text).map((one) => (one === null ? null : safeInteger(one)));

/** pg's own parsers (timestamptz to Date, jsonb parsed), but int8 as a number. */
export const columnTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") => {
    if (oid === int8) return safeInteger;
    if (oid === int8Array) return safeIntegers;
    return pg.types.getTypeParser(oid, format as "text");
  }) as pg.CustomTypesConfig["getTypeParser"],
};
