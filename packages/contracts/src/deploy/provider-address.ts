import { z } from "zod";

const openTofu = "registry.opentofu.org";

/**
 * "aws", "Hashicorp/AWS", "registry.terraform.io/hashicorp/aws" -> "registry.opentofu.org/hashicorp/aws": in lower case, with its host, and
 * the two public registries as one. Bindings, connections, recipes and policies are matched on this form.
 */
export function canonicalProvider(address: string): string {
  const parts = address.trim().toLowerCase().split("/");
  if (parts.length === 1) return `${openTofu}/hashicorp/${parts[0]}`;
  if (parts.length === 2) return `${openTofu}/${parts.join("/")}`;
  return parts[0] === "registry.terraform.io" ? [openTofu, ...parts.slice(1)].join("/") : parts.join("/");
}

/** A provider that comes with the tool itself: `terraform.io/builtin/terraform`. */
export const isBuiltin = (address: string): boolean => address.toLowerCase().startsWith("terraform.io/builtin/");

export const ProviderAddress = z
  .string()
  .min(1)
  .max(255)
  .regex(/^(?:[A-Za-z0-9.-]+(?::\d+)?\/)?[A-Za-z0-9_-]+\/[A-Za-z0-9_-]+$/, 'is not a provider such as "hashicorp/aws"');
