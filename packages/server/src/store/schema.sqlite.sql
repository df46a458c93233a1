CREATE TABLE "account" (
  "id" text not null primary key,
  "email" text not null,
  "name" text not null,
  "created" integer not null,
  "password" text
) strict;

CREATE UNIQUE INDEX "account_email_key" on "account" ("email");

CREATE TABLE "acl" (
  "id" text not null primary key,
  "workspace" text not null,
  "user" text not null,
  "share" text not null,
  "paths" text not null,
  "notify" integer not null,
  "message" text not null,
  "description" text not null,
  "inactive" integer not null,
  "acknowledged" integer,
  "created" integer not null,
  "creator" text not null,
  "modified" integer not null,
  "modifier" text not null,
  "path" text default '/' not null,
  "read" integer default 1 not null,
  "write" integer default 1 not null,
  constraint "acl_user_fkey" foreign key ("workspace", "user") references "user" ("workspace", "id") on delete cascade,
  constraint "acl_share_fkey" foreign key ("workspace", "share") references "share" ("workspace", "id") on delete cascade
) strict;

CREATE INDEX "acl_share_idx" on "acl" ("workspace", "share");

CREATE UNIQUE INDEX "acl_user_share_key" on "acl" ("workspace", "user", "share");

CREATE TABLE "api_key" (
  "id" text not null primary key,
  "account" text not null,
  "name" text not null,
  "hash" text not null,
  "created" integer not null,
  "expires" integer,
  "revoked" integer,
  "last_used" integer,
  "addresses" text default '[]' not null,
  "bound_to" text,
  constraint "api_key_account_fkey" foreign key ("account") references "account" ("id") on delete cascade
) strict;

CREATE INDEX "api_key_account_idx" on "api_key" ("account");

CREATE UNIQUE INDEX "api_key_hash_key" on "api_key" ("hash");

CREATE TABLE "audit" (
  "id" text not null primary key,
  "workspace" text not null,
  "created" integer not null,
  "user" text not null,
  "email" text not null,
  "role" text not null,
  "device" text not null,
  "address" text not null,
  "entitytype" text not null,
  "entity" text not null,
  "change" text not null,
  "details" text,
  constraint "audit_workspace_fkey" foreign key ("workspace") references "workspace" ("id") on delete cascade
) strict;

CREATE INDEX "audit_email_id_idx" on "audit" ("workspace", "email", "id");

CREATE INDEX "audit_entity_id_idx" on "audit" ("workspace", "entity", "id");

CREATE INDEX "audit_id_idx" on "audit" ("workspace", "id");

CREATE TABLE "client" (
  "id" text not null primary key,
  "workspace" text not null,
  "code" text not null,
  "name" text not null,
  "description" text not null,
  "metadata" text,
  "created" integer not null,
  "creator" text not null,
  "modified" integer not null,
  "modifier" text not null,
  "type" integer not null,
  "user" text not null,
  "site" text not null,
  "os" text not null,
  "username" text not null,
  "version" text not null,
  "wan_ip" text not null,
  "addresses" text not null,
  "roles" text not null,
  "machine" text not null,
  "online" integer not null,
  "disabled" integer not null,
  "last_checkin" integer,
  "metrics" text,
  constraint "client_workspace_fkey" foreign key ("workspace") references "workspace" ("id") on delete cascade
) strict;

CREATE UNIQUE INDEX "client_id_key" on "client" ("workspace", "id");

CREATE INDEX "client_machine_idx" on "client" ("workspace", "machine");

CREATE INDEX "client_site_idx" on "client" ("workspace", "site");

CREATE INDEX "client_user_online_last_checkin_idx" on "client" ("workspace", "user", "online", "last_checkin");

CREATE TABLE "collection_file" (
  "id" text not null primary key,
  "workspace" text not null,
  "collection" text not null,
  "share" text not null,
  "volume" text not null,
  "path" text not null,
  "name" text not null,
  "created" integer not null,
  "creator" text not null,
  constraint "collection_file_collection_fkey" foreign key ("workspace", "collection") references "share" ("workspace", "id") on delete cascade,
  constraint "collection_file_share_fkey" foreign key ("workspace", "share") references "share" ("workspace", "id") on delete cascade,
  constraint "collection_file_volume_fkey" foreign key ("workspace", "volume") references "share" ("workspace", "id") on delete cascade
) strict;

CREATE UNIQUE INDEX "collection_file_collection_name_key" on "collection_file" ("workspace", "collection", "name");

CREATE INDEX "collection_file_share_idx" on "collection_file" ("workspace", "share");

CREATE INDEX "collection_file_volume_idx" on "collection_file" ("workspace", "volume");

CREATE TABLE "event" (
  "seq" integer primary key autoincrement,
  "workspace" text not null,
  "entitytype" text not null,
  "entity" text not null,
  "change" text not null,
  "created" integer not null
) strict;

CREATE INDEX "event_seq_idx" on "event" ("workspace", "seq");

CREATE TABLE "invitation" (
  "id" text not null primary key,
  "workspace" text not null,
  "user" text not null,
  "hash" text not null,
  "shown" integer not null,
  "message" text not null,
  "created" integer not null,
  "creator" text not null,
  "expires" integer not null,
  "accepted" integer,
  constraint "invitation_user_fkey" foreign key ("workspace", "user") references "user" ("workspace", "id") on delete cascade
) strict;

CREATE UNIQUE INDEX "invitation_hash_key" on "invitation" ("hash");

CREATE INDEX "invitation_user_idx" on "invitation" ("workspace", "user");

CREATE TABLE "job" (
  "id" text not null primary key,
  "workspace" text not null,
  "code" text not null,
  "name" text not null,
  "description" text not null,
  "metadata" text,
  "created" integer not null,
  "creator" text not null,
  "modified" integer not null,
  "modifier" text not null,
  "kind" text not null,
  "parent" text,
  "delivery" text,
  "user" text,
  "modifier_user" text,
  "status" text not null,
  "reason" text,
  "reason_hr" text not null,
  "reason_entity" text,
  "population" text not null,
  "position" real not null,
  "priority" integer not null,
  "is_default" integer not null,
  "compute_default" integer not null,
  "source_type" text,
  "source_id" text,
  "source_client" text,
  "destination_type" text,
  "destination_id" text,
  "destination_client" text,
  "mirrored" integer not null,
  "hooks" text,
  "shares" text not null,
  "size" integer not null,
  "transferred" integer not null,
  "speed" real not null,
  "etr" real,
  "started" integer,
  "finished" integer,
  "measured" integer not null,
  "paused_by_hand" integer not null,
  "retries" integer not null,
  "not_before" integer,
  "run" integer not null,
  "tasks_total" integer not null,
  "tasks_pending" integer not null,
  "tasks_queued" integer not null,
  "tasks_booting" integer not null,
  "tasks_executing" integer not null,
  "tasks_failed" integer not null,
  "tasks_onhold" integer not null,
  "tasks_excluded" integer not null,
  "tasks_done" integer not null,
  "dry_run" integer default 0 not null,
  constraint "job_workspace_fkey" foreign key ("workspace") references "workspace" ("id") on delete cascade
) strict;

CREATE UNIQUE INDEX "job_code_kind_key" on "job" ("workspace", "code") where "kind" = 'queue';

CREATE INDEX "job_delivery_idx" on "job" ("workspace", "delivery");

CREATE INDEX "job_destination_client_population_idx" on "job" ("workspace", "destination_client", "population");

CREATE INDEX "job_destination_id_population_id_idx" on "job" ("workspace", "destination_id", "population", "id");

CREATE UNIQUE INDEX "job_id_key" on "job" ("workspace", "id");

CREATE UNIQUE INDEX "job_is_default_key" on "job" ("workspace") where "is_default" = 1;

CREATE INDEX "job_kind_population_id_idx" on "job" ("workspace", "kind", "population", "id");

CREATE INDEX "job_parent_population_position_id_idx" on "job" ("workspace", "parent", "population", "position", "id");

CREATE INDEX "job_population_finished_idx" on "job" ("workspace", "population", "finished");

CREATE INDEX "job_population_not_before_idx" on "job" ("workspace", "population", "not_before");

CREATE INDEX "job_source_client_population_idx" on "job" ("workspace", "source_client", "population");

CREATE INDEX "job_source_id_population_id_idx" on "job" ("workspace", "source_id", "population", "id");

CREATE INDEX "job_user_population_id_idx" on "job" ("workspace", "user", "population", "id");

CREATE TABLE "lease" (
  "workspace" text not null,
  "job" text not null,
  "run" integer not null,
  "pair" text not null,
  "slot" integer not null,
  "session" text not null,
  "source_client" text not null,
  "destination_client" text not null,
  "owner" text not null,
  "expires" integer not null,
  "created" integer not null,
  constraint "lease_job_fkey" foreign key ("workspace", "job") references "job" ("workspace", "id") on delete cascade,
  constraint "lease_pkey" primary key ("workspace", "job")
) strict;

CREATE INDEX "lease_destination_client_idx" on "lease" ("workspace", "destination_client");

CREATE UNIQUE INDEX "lease_pair_slot_key" on "lease" ("workspace", "pair", "slot");

CREATE INDEX "lease_source_client_idx" on "lease" ("workspace", "source_client");

CREATE TABLE "log" (
  "id" text not null primary key,
  "workspace" text not null,
  "job" text not null,
  "task" text,
  "level" text not null,
  "code" text,
  "message" text not null,
  "created" integer not null,
  constraint "log_job_fkey" foreign key ("workspace", "job") references "job" ("workspace", "id") on delete cascade
) strict;

CREATE INDEX "log_job_id_idx" on "log" ("workspace", "job", "id");

CREATE TABLE "mail" (
  "id" text not null primary key,
  "workspace" text not null,
  "recipient" text not null,
  "subject" text not null,
  "body" text not null,
  "created" integer not null,
  "sent" integer,
  "tries" integer not null,
  "not_before" integer not null,
  "problem" text not null,
  constraint "mail_workspace_fkey" foreign key ("workspace") references "workspace" ("id") on delete cascade
) strict;

CREATE INDEX "mail_sent_not_before_idx" on "mail" ("sent", "not_before");

CREATE TABLE "manifest" (
  "workspace" text not null,
  "job" text not null,
  "run" integer not null,
  "seq" integer not null,
  "lines" text not null,
  constraint "manifest_job_fkey" foreign key ("workspace", "job") references "job" ("workspace", "id") on delete cascade,
  constraint "manifest_pkey" primary key ("workspace", "job", "run", "seq")
) strict;

CREATE TABLE "mapping" (
  "id" text not null primary key,
  "workspace" text not null,
  "client" text not null,
  "share" text not null,
  "path" text not null,
  "read" integer not null,
  "write" integer not null,
  "created" integer not null,
  "creator" text not null,
  "modified" integer not null,
  "modifier" text not null,
  constraint "mapping_client_fkey" foreign key ("workspace", "client") references "client" ("workspace", "id") on delete cascade,
  constraint "mapping_share_fkey" foreign key ("workspace", "share") references "share" ("workspace", "id") on delete cascade
) strict;

CREATE UNIQUE INDEX "mapping_client_share_key" on "mapping" ("workspace", "client", "share");

CREATE INDEX "mapping_share_idx" on "mapping" ("workspace", "share");

CREATE TABLE "recipient" (
  "id" text not null primary key,
  "workspace" text not null,
  "job" text not null,
  "user" text not null,
  "actioned" integer,
  "created" integer not null,
  "creator" text not null,
  constraint "recipient_job_fkey" foreign key ("workspace", "job") references "job" ("workspace", "id") on delete cascade,
  constraint "recipient_user_fkey" foreign key ("workspace", "user") references "user" ("workspace", "id") on delete cascade
) strict;

CREATE UNIQUE INDEX "recipient_job_user_key" on "recipient" ("workspace", "job", "user");

CREATE INDEX "recipient_user_idx" on "recipient" ("workspace", "user");

CREATE TABLE "seen_event" (
  "workspace" text not null,
  "ident" text not null,
  "eid" text not null,
  "created" integer not null,
  "answer" text,
  constraint "seen_event_pkey" primary key ("workspace", "ident", "eid")
) strict;

CREATE INDEX "seen_event_created_idx" on "seen_event" ("created");

CREATE TABLE "setting" (
  "id" text not null primary key,
  "workspace" text not null,
  "entitytype" text not null,
  "entity" text not null,
  "name" text not null,
  "value" text not null
) strict;

CREATE UNIQUE INDEX "setting_entitytype_entity_name_key" on "setting" ("workspace", "entitytype", "entity", "name");

CREATE TABLE "share" (
  "id" text not null primary key,
  "workspace" text not null,
  "code" text not null,
  "name" text not null,
  "description" text not null,
  "metadata" text,
  "created" integer not null,
  "creator" text not null,
  "modified" integer not null,
  "modifier" text not null,
  "kind" text not null,
  "parent" text,
  "is_default" integer not null,
  "path" text not null,
  "paths" text,
  "user" text,
  "queue" text,
  "email" text not null,
  "status" text not null,
  "inactive" integer not null,
  "aside" integer default 0 not null,
  "claimable" integer default 1 not null,
  constraint "share_workspace_fkey" foreign key ("workspace") references "workspace" ("id") on delete cascade
) strict;

CREATE UNIQUE INDEX "share_code_key" on "share" ("workspace", "code");

CREATE UNIQUE INDEX "share_id_key" on "share" ("workspace", "id");

CREATE UNIQUE INDEX "share_is_default_key" on "share" ("workspace") where "is_default" = 1;

CREATE INDEX "share_kind_inactive_id_idx" on "share" ("workspace", "kind", "inactive", "id");

CREATE INDEX "share_parent_idx" on "share" ("workspace", "parent");

CREATE INDEX "share_user_idx" on "share" ("workspace", "user");

CREATE UNIQUE INDEX "share_user_kind_key" on "share" ("workspace", "user") where "kind" = 'home';

CREATE TABLE "share_server" (
  "id" text not null primary key,
  "workspace" text not null,
  "share" text not null,
  "client" text not null,
  "site" text not null,
  "path" text not null,
  "created" integer not null,
  "problem" text default '' not null,
  constraint "share_server_share_fkey" foreign key ("workspace", "share") references "share" ("workspace", "id") on delete cascade,
  constraint "share_server_client_fkey" foreign key ("workspace", "client") references "client" ("workspace", "id") on delete cascade
) strict;

CREATE INDEX "share_server_client_idx" on "share_server" ("workspace", "client");

CREATE UNIQUE INDEX "share_server_share_site_key" on "share_server" ("workspace", "share", "site");

CREATE TABLE "site" (
  "id" text not null primary key,
  "workspace" text not null,
  "code" text not null,
  "name" text not null,
  "description" text not null,
  "metadata" text,
  "created" integer not null,
  "creator" text not null,
  "modified" integer not null,
  "modifier" text not null,
  "main" integer not null,
  "status" text not null,
  constraint "site_workspace_fkey" foreign key ("workspace") references "workspace" ("id") on delete cascade
) strict;

CREATE UNIQUE INDEX "site_code_key" on "site" ("workspace", "code");

CREATE UNIQUE INDEX "site_main_key" on "site" ("workspace") where "main" = 1;

CREATE TABLE "task" (
  "id" text not null primary key,
  "workspace" text not null,
  "job" text not null,
  "seq" integer not null,
  "uri" text not null,
  "status" text not null,
  "reason" text,
  "reason_hr" text not null,
  "priority" integer not null,
  "source" text not null,
  "destination" text not null,
  "fingerprint" text not null,
  "measured" integer not null,
  "size" integer not null,
  "transferred" integer not null,
  "files" integer not null,
  "time" integer not null,
  "tries" integer not null,
  "run" integer not null,
  "created" integer not null,
  "finished" integer,
  "modified" integer not null,
  "metadata" text,
  constraint "task_job_fkey" foreign key ("workspace", "job") references "job" ("workspace", "id") on delete cascade
) strict;

CREATE UNIQUE INDEX "task_job_fingerprint_key" on "task" ("workspace", "job", "fingerprint");

CREATE UNIQUE INDEX "task_job_seq_key" on "task" ("workspace", "job", "seq");

CREATE INDEX "task_job_status_priority_seq_idx" on "task" ("workspace", "job", "status", "priority" desc, "seq");

CREATE UNIQUE INDEX "task_job_uri_key" on "task" ("workspace", "job", "uri");

CREATE TABLE "user" (
  "id" text not null primary key,
  "workspace" text not null,
  "code" text not null,
  "name" text not null,
  "description" text not null,
  "metadata" text,
  "created" integer not null,
  "creator" text not null,
  "modified" integer not null,
  "modifier" text not null,
  "account" text not null,
  "role" text not null,
  "status" text not null,
  "inactive" integer not null,
  "queue" text,
  "logged_in" integer,
  constraint "user_workspace_fkey" foreign key ("workspace") references "workspace" ("id") on delete cascade,
  constraint "user_account_fkey" foreign key ("account") references "account" ("id") on delete cascade
) strict;

CREATE INDEX "user_account_idx" on "user" ("account");

CREATE UNIQUE INDEX "user_account_key" on "user" ("workspace", "account");

CREATE UNIQUE INDEX "user_code_key" on "user" ("workspace", "code");

CREATE UNIQUE INDEX "user_id_key" on "user" ("workspace", "id");

CREATE TABLE "web_session" (
  "id" text not null primary key,
  "account" text not null,
  "hash" text not null,
  "device" text not null,
  "address" text not null,
  "created" integer not null,
  "expires" integer not null,
  "last_used" integer not null,
  constraint "web_session_account_fkey" foreign key ("account") references "account" ("id") on delete cascade
) strict;

CREATE INDEX "web_session_account_idx" on "web_session" ("account");

CREATE UNIQUE INDEX "web_session_hash_key" on "web_session" ("hash");

CREATE TABLE "workspace" (
  "id" text not null primary key,
  "code" text not null,
  "name" text not null,
  "description" text not null,
  "metadata" text,
  "created" integer not null,
  "creator" text not null,
  "modified" integer not null,
  "modifier" text not null,
  "status" text not null
) strict;

CREATE UNIQUE INDEX "workspace_code_key" on "workspace" ("code");
