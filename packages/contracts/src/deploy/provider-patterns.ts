import { z } from "zod";
import { canonicalProvider, isBuiltin } from "./provider-address.ts";

const segment = String.raw`(?:\*|[A-Za-z0-9_-]+)`;
// "hashicorp/aws", "hashicorp/*", "*/aws", "registry.example.com/*/*": `*` is any whole part of an address.
export const ProviderPattern = z
  .string()
  .max(255)
  .regex(
    new RegExp(String.raw`^(?:(?:\*|[A-Za-z0-9.-]+(?::\d{1,5})?)/)?${segment}/${segment}$`),
    'is not a provider such as "hashicorp/aws", or a pattern such as "hashicorp/*"',
  );

type Parts = readonly (string | undefined)[];
/** Host, namespace and type; the two public registries are one. */
const partsOf = (pattern: string): Parts => canonicalProvider(pattern).split("/");
/** As people write it: without the public registry's host. */
const textOf = (parts: Parts): string => parts.join("/").replace(/^registry\.opentofu\.org\//, "");
const partCovers = (wide: string | undefined, narrow: string | undefined) => wide === "*" || wide === narrow;
const covers = (wide: Parts, narrow: Parts): boolean => wide.every((part, i) => partCovers(part, narrow[i]));

/** Whether a pattern means this provider, or everything that another pattern means. */
export const patternCovers = (pattern: string, address: string): boolean => covers(partsOf(pattern), partsOf(address));

/** Each once, in one spelling and order, without those that another one covers. */
function reduced(patterns: readonly Parts[]): string[] {
  const each = [...new Map(patterns.map((parts) => [textOf(parts), parts])).values()];
  return each
    .filter((one) => !each.some((other) => other !== one && covers(other, one)))
    .map(textOf)
    .toSorted();
}

/** Patterns that mean what one of the two lists means. */
export const eitherOf = (one: readonly string[], other: readonly string[]): string[] => reduced([...one, ...other].map(partsOf));

/** Patterns that mean what both lists mean: part by part, the narrower of each pair that has something in common. */
export const bothOf = (one: readonly string[], other: readonly string[]): string[] => {
  const others = other.map(partsOf);
  return reduced(
    one.map(partsOf).flatMap((a) =>
      others.flatMap((b) => {
        if (!a.every((part, i) => partCovers(part, b[i]) || partCovers(b[i], part))) return [];
        return [a.map((part, i) => (part === "*" ? b[i] : part))];
      }),
    ),
  );
};

/** Patterns that a policy lets in, null for all, and keeps out. Out wins. */
export interface ProviderRules {
  readonly allowed_providers: readonly string[] | null;
  readonly denied_providers: readonly string[];
}
export interface Forbidden {
  readonly reason: "provider_denied" | "provider_not_allowed";
  /** The rule, as a person wrote it. */
  readonly rule: string;
}

/** The rule by which a policy keeps a provider out; null where it does not. What comes with the tool itself needs nobody to allow it. */
export function forbiddenBy({ allowed_providers, denied_providers }: ProviderRules, provider: string): Forbidden | null {
  const denied = denied_providers.find((pattern) => patternCovers(pattern, provider));
  if (denied !== undefined) return { reason: "provider_denied", rule: `denied_providers ${denied}` };
  if (allowed_providers === null || isBuiltin(provider) || allowed_providers.some((pattern) => patternCovers(pattern, provider)))
    return null;
  const allowed = allowed_providers.length > 0 ? allowed_providers.slice(0, 20).join(", ") : "none";
  return { reason: "provider_not_allowed", rule: `allowed_providers ${allowed}` };
}
