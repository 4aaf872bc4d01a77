import { expect, test } from "vitest";
import { placeOf } from "../src/database.ts";

test.each([
  ["postgres://user:secret@db.example.com:5433/takosumi?sslmode=require", "db.example.com:5433/takosumi"],
  ["postgresql://user:secret@/takosumi?host=%2Frun%2Fpostgres", "a local socket/takosumi"],
  ["postgres://127.0.0.1/takosumi", "127.0.0.1/takosumi"],
])("%s is at %s, and nothing of its password is said", (url, place) => {
  expect(placeOf(url)).toBe(place);
});
