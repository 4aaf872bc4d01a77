import { z } from "zod";

/** A password that somebody shows; whether it is right is another question. */
export const password = z.string().min(1).max(256);
/** One to be taken: long rather than odd. */
export const newPassword = z.string().min(12, "has at least 12 characters").max(256);
