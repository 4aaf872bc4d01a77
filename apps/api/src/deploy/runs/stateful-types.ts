/**
 * Resource types whose delete loses what a plan cannot bring back: data, keys, names that others rely on, or everything inside.
 * By the provider's prefix, the rest of the name after it.
 */
const byProvider = {
  aws: `acmpca_certificate_authority appsync_graphql_api athena_database backup_logically_air_gapped_vault backup_vault cloudfront_key_value_store
    cloudhsm_v2_cluster cloudwatch_log_group codeartifact_domain codeartifact_repository codecommit_repository cognito_identity_pool
    cognito_user_pool connect_instance datazone_domain dax_cluster db_cluster_snapshot db_instance db_snapshot
    directory_service_directory docdb_cluster docdb_cluster_instance docdb_cluster_snapshot docdb_global_cluster docdbelastic_cluster dsql_cluster
    dynamodb_global_table dynamodb_table dynamodb_table_item dynamodb_table_replica ebs_snapshot ebs_snapshot_copy ebs_volume ecr_repository
    ecrpublic_repository ecs_cluster efs_file_system eip eks_cluster elasticache_cluster elasticache_global_replication_group
    elasticache_replication_group elasticache_serverless_cache elasticsearch_domain emr_cluster finspace_kx_cluster finspace_kx_database
    finspace_kx_volume fsx_backup fsx_file_cache fsx_lustre_file_system fsx_ontap_file_system fsx_ontap_storage_virtual_machine fsx_ontap_volume
    fsx_openzfs_file_system fsx_openzfs_snapshot fsx_openzfs_volume fsx_windows_file_system glacier_vault glue_catalog_database
    glue_catalog_table grafana_workspace key_pair keyspaces_keyspace keyspaces_table kinesis_firehose_delivery_stream kinesis_stream
    kinesis_video_stream kms_custom_key_store kms_external_key kms_key kms_replica_external_key kms_replica_key lightsail_bucket
    lightsail_database lightsail_disk lightsail_domain memorydb_cluster memorydb_multi_region_cluster memorydb_snapshot mq_broker msk_cluster
    msk_serverless_cluster neptune_cluster neptune_cluster_instance neptune_cluster_snapshot neptune_global_cluster neptunegraph_graph
    odb_cloud_autonomous_vm_cluster odb_cloud_exadata_infrastructure odb_cloud_vm_cluster opensearch_domain opensearchserverless_collection
    organizations_account paymentcryptography_key prometheus_workspace qldb_ledger rds_cluster rds_cluster_instance rds_cluster_snapshot_copy
    rds_global_cluster rds_shard_group redshift_cluster redshift_cluster_snapshot redshiftserverless_namespace redshiftserverless_snapshot
    redshiftserverless_workgroup route53_key_signing_key route53_zone s3_bucket s3_bucket_object s3_directory_bucket s3_object s3control_bucket
    s3tables_namespace s3tables_table s3tables_table_bucket s3vectors_index s3vectors_vector_bucket sagemaker_feature_group
    secretsmanager_secret secretsmanager_secret_version service_discovery_private_dns_namespace service_discovery_public_dns_namespace
    sns_topic sqs_queue ssm_parameter storagegateway_gateway timestreaminfluxdb_db_cluster timestreaminfluxdb_db_instance
    timestreamwrite_database timestreamwrite_table workspaces_directory workspaces_workspace`,
  google: `alloydb_backup alloydb_cluster alloydb_instance apigee_organization artifact_registry_repository backup_dr_backup_vault
    biglake_database bigquery_dataset bigquery_table bigtable_instance bigtable_table composer_environment compute_disk compute_image
    compute_instant_snapshot compute_region_disk compute_snapshot compute_storage_pool container_aws_cluster container_azure_cluster
    container_cluster container_registry data_fusion_instance dataproc_cluster dataproc_metastore_service dns_managed_zone edgecontainer_cluster
    filestore_backup filestore_instance filestore_snapshot firestore_database firestore_document folder gke_backup_backup_plan healthcare_dataset
    healthcare_dicom_store healthcare_fhir_store healthcare_hl7_v2_store kms_crypto_key kms_crypto_key_version kms_key_ring
    logging_project_bucket_config looker_instance lustre_instance managed_kafka_cluster managed_kafka_topic memcache_instance
    memorystore_instance netapp_backup netapp_backup_vault netapp_storage_pool netapp_volume netapp_volume_snapshot
    oracle_database_autonomous_database oracle_database_cloud_vm_cluster parallelstore_instance privateca_certificate_authority project
    pubsub_lite_topic pubsub_schema pubsub_subscription pubsub_topic redis_cluster redis_instance secret_manager_regional_secret
    secret_manager_regional_secret_version secret_manager_secret secret_manager_secret_version secure_source_manager_instance
    secure_source_manager_repository sourcerepo_repository spanner_database spanner_instance sql_database sql_database_instance storage_bucket
    storage_bucket_object storage_folder vertex_ai_feature_online_store workbench_instance`,
  azurerm: `app_configuration container_registry cosmosdb_account cosmosdb_cassandra_cluster cosmosdb_cassandra_keyspace
    cosmosdb_cassandra_table cosmosdb_gremlin_database cosmosdb_gremlin_graph cosmosdb_mongo_collection cosmosdb_mongo_database
    cosmosdb_postgresql_cluster cosmosdb_sql_container cosmosdb_sql_database cosmosdb_table data_protection_backup_vault databricks_workspace
    disk_encryption_set dns_zone eventgrid_topic eventhub eventhub_cluster eventhub_namespace hdinsight_hadoop_cluster hdinsight_hbase_cluster
    hdinsight_kafka_cluster hdinsight_spark_cluster healthcare_fhir_service iothub key_vault key_vault_certificate key_vault_key
    key_vault_managed_hardware_security_module key_vault_managed_hardware_security_module_key key_vault_secret kubernetes_cluster kusto_cluster
    kusto_database log_analytics_cluster log_analytics_workspace machine_learning_workspace managed_disk managed_lustre_file_system managed_redis
    mongo_cluster mssql_database mssql_elasticpool mssql_managed_database mssql_managed_instance mssql_server mysql_flexible_database
    mysql_flexible_server netapp_account netapp_backup_vault netapp_pool netapp_snapshot netapp_volume netapp_volume_group_sap_hana
    oracle_autonomous_database oracle_cloud_vm_cluster oracle_exadata_infrastructure postgresql_database postgresql_flexible_server
    postgresql_flexible_server_backup postgresql_flexible_server_database postgresql_server private_dns_zone purview_account
    recovery_services_vault redhat_openshift_cluster redis_cache redis_enterprise_cluster redis_enterprise_database resource_group
    search_service service_fabric_cluster servicebus_namespace servicebus_queue servicebus_subscription servicebus_topic shared_image
    shared_image_gallery shared_image_version snapshot ssh_public_key storage_account storage_blob storage_container
    storage_data_lake_gen2_filesystem storage_queue storage_share storage_share_file storage_sync storage_table storage_table_entity
    synapse_spark_pool synapse_sql_pool synapse_workspace`,
  cloudflare: `d1_database keyless_certificate pages_project queue r2_bucket workers_kv workers_kv_namespace
    workers_for_platforms_dispatch_namespace zone`,
  digitalocean: `certificate container_registry custom_image database_cluster database_db database_kafka_topic database_replica domain
    droplet_snapshot genai_knowledge_base kubernetes_cluster nfs nfs_snapshot spaces_bucket spaces_bucket_object spaces_key volume volume_snapshot`,
  hcloud: "snapshot storage_box storage_box_snapshot volume zone",
  scaleway: `block_snapshot block_volume domain_zone instance_image instance_snapshot instance_volume k8s_cluster key_manager_key mnq_sns_topic
    mnq_sqs_queue mongodb_instance object object_bucket rdb_database rdb_instance redis_cluster registry_namespace sdb_sql_database secret
    secret_version`,
  vultr: `block_storage container_registry database database_db database_topic dns_domain kubernetes object_storage object_storage_bucket snapshot
    virtual_file_system_storage`,
  linode: "database_mysql_v2 database_postgresql_v2 domain image lke_cluster object_storage_bucket object_storage_object volume",
  openstack: `blockstorage_volume_v2 blockstorage_volume_v3 compute_keypair_v2 containerinfra_cluster_v1 db_database_v1 db_instance_v1 dns_zone_v2
    identity_project_v3 images_image_v2 keymanager_container_v1 keymanager_secret_v1 objectstorage_container_v1 objectstorage_object_v1
    sharedfilesystem_share_v2`,
  oci: `artifacts_container_repository containerengine_cluster core_boot_volume core_boot_volume_backup core_image core_volume core_volume_backup
    core_volume_group database_autonomous_container_database database_autonomous_database database_backup database_cloud_exadata_infrastructure
    database_cloud_vm_cluster database_database database_db_home database_db_system dns_zone file_storage_file_system file_storage_snapshot
    identity_compartment kms_key kms_vault mysql_mysql_backup mysql_mysql_db_system nosql_table objectstorage_bucket objectstorage_object
    opensearch_opensearch_cluster psql_backup psql_db_system queue_queue redis_redis_cluster streaming_stream streaming_stream_pool vault_secret`,
  alicloud: `adb_db_cluster alidns_domain alikafka_instance alikafka_topic click_house_db_cluster cr_ee_instance cr_ee_repo cr_repo cs_kubernetes
    cs_managed_kubernetes cs_serverless_kubernetes db_database db_instance ecs_disk ecs_snapshot elasticsearch_instance gpdb_instance
    hbase_instance hbr_vault kms_instance kms_key kms_secret kvstore_instance lindorm_instance log_project log_store
    message_service_queue message_service_topic mongodb_instance mongodb_sharding_instance nas_file_system ons_instance ons_topic oss_bucket
    oss_bucket_object ots_instance ots_table polardb_cluster polardb_database pvtz_zone rocketmq_instance`,
  ibm: "container_vpc_cluster cos_bucket database is_volume kms_key",
  tencentcloud: "cbs_storage cos_bucket kubernetes_cluster mysql_instance",
  huaweicloud: "cce_cluster evs_volume kms_key obs_bucket rds_instance",
  yandex: `compute_disk dns_zone kms_symmetric_key kubernetes_cluster mdb_clickhouse_cluster mdb_mysql_cluster mdb_postgresql_cluster storage_bucket
    ydb_database_dedicated ydb_database_serverless`,
  ovh: "cloud_project_database cloud_project_kube domain_zone",
  exoscale: "block_storage_volume domain sks_cluster",
  upcloud: "kubernetes_cluster managed_database_mysql managed_database_postgresql managed_object_storage storage",
  kubernetes: `config_map config_map_v1 namespace namespace_v1 persistent_volume persistent_volume_claim persistent_volume_claim_v1
    persistent_volume_v1 secret secret_v1 stateful_set stateful_set_v1 storage_class storage_class_v1`,
  docker: "volume",
  nomad: "csi_volume",
  libvirt: "volume",
  consul: "key_prefix keys",
  vault: `auth_backend database_secrets_mount generic_secret kv_secret kv_secret_backend_v2 kv_secret_v2 managed_keys mount namespace
    pki_secret_backend_key pki_secret_backend_root_cert transit_secret_backend_key`,
  mongodbatlas: `advanced_cluster cloud_backup_snapshot cluster encryption_at_rest federated_database_instance flex_cluster online_archive
    organization project serverless_instance stream_instance`,
  postgresql: "database physical_replication_slot publication replication_slot schema subscription",
  mysql: "database",
  snowflake: "database schema stage table",
  databricks: "catalog schema secret_scope volume",
  aiven: "clickhouse kafka kafka_topic mysql mysql_database opensearch pg pg_database",
  confluent: "environment kafka_cluster kafka_topic",
  kafka: "topic",
  rabbitmq: "queue vhost",
  ec: "deployment",
  elasticstack: "elasticsearch_index elasticsearch_data_stream",
  github: "organization repository repository_file",
  gitlab: "group project",
  okta: "user",
  minio: "s3_bucket s3_object",
  tls: "private_key",
  random: "password",
} as const;

export const statefulTypes: ReadonlySet<string> = new Set(
  Object.entries(byProvider).flatMap(([provider, names]) => names.split(/\s+/).map((name) => `${provider}_${name}`)),
);
