/** Words of a type's name that say that it decides who may reach what: `aws_iam_role`, `google_project_iam_member`, `azurerm_firewall_policy`. */
const words = new Set([
  "iam",
  "policy",
  "policies",
  "role",
  "roles",
  "roleset",
  "firewall",
  "acl",
  "nacl",
  "rbac",
  "permission",
  "permissions",
  "grant",
  "grants",
  "secgroup",
  "firewalls",
]);
/** The same of two or three words together. */
const phrases = named(
  `security_group security_list access_policy access_level access_rule access_entry access_control access_point access_list access_binding
    access_application access_group access_key public_access_block default_privileges ip_access_list service_account`,
);
/** A policy that follows one of these is of another kind: how something scales, is kept, cached or routed. */
const otherPolicies = named(
  `autoscaling appautoscaling scaling lifecycle stickiness cache gc snapshot backup retention resiliency management password rotation request
    headers deployment scheduling negotiation listener immutability inventory traffic placement redirection notification ssl auditing alert`,
);
const phrase = new RegExp(`_(?:${[...phrases].join("|")})(?:_|$)`);
const otherPolicy = new RegExp(
  `_(?:${[...otherPolicies].join("|")})_polic(?:y|ies)(?:_|$)|_policy_document$|_(?:backup|resource)_policy_(?:vm|file_share|attachment|remediation)`,
);

/** Access types whose names have no such word. */
export const namedAccessTypes = named(
  `aws_networkfirewall_rule_group aws_networkfirewall_tls_inspection_configuration aws_ram_principal_association aws_ram_resource_share
    aws_ssoadmin_account_assignment aws_wafv2_ip_set aws_wafv2_rule_group azuread_application_password azuread_group_member
    azuread_service_principal azuread_service_principal_password azurerm_kusto_cluster_principal_assignment
    azurerm_kusto_database_principal_assignment azurerm_network_security_rule
    azurerm_postgresql_flexible_server_active_directory_administrator azurerm_storage_account_network_rules
    azurerm_user_assigned_identity cloudflare_account_member cloudflare_account_token cloudflare_api_token cloudflare_ruleset
    cloudflare_zero_trust_access_identity_provider cloudflare_zero_trust_access_service_token github_branch_protection
    github_branch_protection_v3 github_membership github_organization_ruleset github_repository_collaborator
    github_repository_collaborators github_repository_deploy_key github_repository_ruleset github_team_membership
    github_team_repository gitlab_branch_protection gitlab_deploy_key gitlab_group_membership gitlab_project_membership
    google_access_context_manager_service_perimeter google_bigquery_dataset_access google_compute_instance_group_membership
    google_iap_client google_organization_access_approval_settings kubernetes_ingress kubernetes_ingress_v1 kubernetes_token_request_v1
    mongodbatlas_database_user mongodbatlas_project_invitation mongodbatlas_x509_authentication_database_user mysql_user
    okta_group_memberships openstack_identity_user_v3 vault_identity_group vault_identity_group_member_entity_ids
    vault_jwt_auth_backend vault_ldap_auth_backend vault_ldap_auth_backend_group vault_token`,
);

/** Whether a resource of this type decides who may reach what. */
export function isAccessType(type: string): boolean {
  if (namedAccessTypes.has(type) || phrase.test(type)) return true;
  return type.split("_").some((word) => words.has(word)) && !otherPolicy.test(type);
}

function named(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}
