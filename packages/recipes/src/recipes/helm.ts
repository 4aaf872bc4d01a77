import { clusterModes } from "../cluster-modes.ts";
import type { Mode, Recipe } from "../define.ts";

/** What Helm's provider takes as arguments stands in one nested `kubernetes`: setting it would drop what the module says there. */
const byVariables = ({ byArguments: _, ...mode }: Mode): Mode => mode;
const { kubeconfig, token, client_certificate } = clusterModes;

export const helm = {
  id: "helm",
  title: "Helm",
  about: "Charts in a Kubernetes cluster.",
  providers: ["registry.opentofu.org/hashicorp/helm"],
  defaultMode: "kubeconfig",
  modes: { kubeconfig: byVariables(kubeconfig), token: byVariables(token), client_certificate: byVariables(client_certificate) },
} as const satisfies Recipe;
