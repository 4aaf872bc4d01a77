import type { Recipe } from "./define.ts";
import { aws } from "./recipes/aws.ts";
import { azurerm } from "./recipes/azurerm.ts";
import { cloudflare } from "./recipes/cloudflare.ts";
import { digitalocean } from "./recipes/digitalocean.ts";
import { docker } from "./recipes/docker.ts";
import { genericEnv } from "./recipes/generic-env.ts";
import { github } from "./recipes/github.ts";
import { gitlab } from "./recipes/gitlab.ts";
import { google } from "./recipes/google.ts";
import { hcloud } from "./recipes/hcloud.ts";
import { helm } from "./recipes/helm.ts";
import { kubernetes } from "./recipes/kubernetes.ts";
import { mysql } from "./recipes/mysql.ts";
import { openstack } from "./recipes/openstack.ts";
import { postgresql } from "./recipes/postgresql.ts";
import { s3Compatible } from "./recipes/s3-compatible.ts";
import { scaleway } from "./recipes/scaleway.ts";
import { vault } from "./recipes/vault.ts";
import { vercel } from "./recipes/vercel.ts";
import { vultr } from "./recipes/vultr.ts";

/** Every recipe, in the order in which a person looks for one. */
export const recipes: readonly Recipe[] = [
  aws,
  google,
  azurerm,
  cloudflare,
  digitalocean,
  docker,
  github,
  gitlab,
  hcloud,
  helm,
  kubernetes,
  mysql,
  openstack,
  postgresql,
  s3Compatible,
  scaleway,
  vault,
  vercel,
  vultr,
  genericEnv,
];

const byId = new Map(recipes.map((recipe) => [recipe.id, recipe]));
export const recipeOf = (id: string): Recipe | undefined => byId.get(id);
