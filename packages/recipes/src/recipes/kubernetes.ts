import { clusterModes } from "../cluster-modes.ts";
import type { Recipe } from "../define.ts";

export const kubernetes = {
  id: "kubernetes",
  title: "Kubernetes",
  about: "Objects in a cluster.",
  providers: ["registry.opentofu.org/hashicorp/kubernetes"],
  defaultMode: "kubeconfig",
  modes: clusterModes,
} as const satisfies Recipe;
