import type { Exchange, Mode } from "./define.ts";
import type { Given } from "./material.ts";
import { assumeRole, type ExchangeOptions } from "./sts.ts";

export interface Exchanged {
  readonly given: Given;
  /** When the temporary credentials die; null where nothing was exchanged. */
  readonly expires_at: Date | null;
}

type Values = Given["values"];
const services: Record<Exchange, (values: Values, options: ExchangeOptions) => Promise<{ values: Values; expires_at: Date }>> = {
  aws_sts_assume_role: assumeRole,
};

/** Puts temporary credentials in the place of long-lived ones, where the mode says so. Throws ExchangeError; reaches the network. */
export async function exchange(mode: Mode, given: Given, options: ExchangeOptions): Promise<Exchanged> {
  if (!mode.exchange) return { given, expires_at: null };
  const { values, expires_at } = await services[mode.exchange](given.values, options);
  return { given: { ...given, values: { ...given.values, ...values } }, expires_at };
}
