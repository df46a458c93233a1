create table account (
  id text collate "C" not null,
  email text collate "C" not null,
  name text collate "C" not null,
  created bigint not null,
  password text collate "C"
);

alter table account add constraint account_pkey PRIMARY KEY (id);

CREATE UNIQUE INDEX account_email_key ON account USING btree (email);

create table acl (
  id text collate "C" not null,
  workspace text collate "C" not null,
  "user" text collate "C" not null,
  share text collate "C" not null,
  paths text collate "C" not null,
  notify bigint not null,
  message text collate "C" not null,
  description text collate "C" not null,
  inactive bigint not null,
  acknowledged bigint,
  created bigint not null,
  creator text collate "C" not null,
  modified bigint not null,
  modifier text collate "C" not null,
  path text collate "C" not null,
  read bigint not null,
  write bigint not null
);

alter table acl add constraint acl_pkey PRIMARY KEY (id);

alter table acl add constraint acl_share_fkey FOREIGN KEY (workspace, share) REFERENCES share(workspace, id) ON DELETE CASCADE;

alter table acl add constraint acl_user_fkey FOREIGN KEY (workspace, "user") REFERENCES "user"(workspace, id) ON DELETE CASCADE;

CREATE INDEX acl_share_idx ON acl USING btree (workspace, share);

CREATE UNIQUE INDEX acl_user_share_key ON acl USING btree (workspace, "user", share);

create table api_key (
  id text collate "C" not null,
  account text collate "C" not null,
  name text collate "C" not null,
  hash text collate "C" not null,
  created bigint not null,
  expires bigint,
  revoked bigint,
  last_used bigint,
  addresses text collate "C" not null,
  bound_to text collate "C"
);

alter table api_key add constraint api_key_account_fkey FOREIGN KEY (account) REFERENCES account(id) ON DELETE CASCADE;

alter table api_key add constraint api_key_pkey PRIMARY KEY (id);

CREATE INDEX api_key_account_idx ON api_key USING btree (account);

CREATE UNIQUE INDEX api_key_hash_key ON api_key USING btree (hash);

create table audit (
  id text collate "C" not null,
  workspace text collate "C" not null,
  created bigint not null,
  "user" text collate "C" not null,
  email text collate "C" not null,
  role text collate "C" not null,
  device text collate "C" not null,
  address text collate "C" not null,
  entitytype text collate "C" not null,
  entity text collate "C" not null,
  change text collate "C" not null,
  details text collate "C"
);

alter table audit add constraint audit_pkey PRIMARY KEY (id);

alter table audit add constraint audit_workspace_fkey FOREIGN KEY (workspace) REFERENCES workspace(id) ON DELETE CASCADE;

CREATE INDEX audit_email_id_idx ON audit USING btree (workspace, email, id);

CREATE INDEX audit_entity_id_idx ON audit USING btree (workspace, entity, id);

CREATE INDEX audit_id_idx ON audit USING btree (workspace, id);

create table client (
  id text collate "C" not null,
  workspace text collate "C" not null,
  code text collate "C" not null,
  name text collate "C" not null,
  description text collate "C" not null,
  metadata text collate "C",
  created bigint not null,
  creator text collate "C" not null,
  modified bigint not null,
  modifier text collate "C" not null,
  type bigint not null,
  "user" text collate "C" not null,
  site text collate "C" not null,
  os text collate "C" not null,
  username text collate "C" not null,
  version text collate "C" not null,
  wan_ip text collate "C" not null,
  addresses text collate "C" not null,
  roles text collate "C" not null,
  machine text collate "C" not null,
  online bigint not null,
  disabled bigint not null,
  last_checkin bigint,
  metrics text collate "C"
);

alter table client add constraint client_pkey PRIMARY KEY (id);

alter table client add constraint client_workspace_fkey FOREIGN KEY (workspace) REFERENCES workspace(id) ON DELETE CASCADE;

CREATE UNIQUE INDEX client_id_key ON client USING btree (workspace, id);

CREATE INDEX client_machine_idx ON client USING btree (workspace, machine);

CREATE INDEX client_site_idx ON client USING btree (workspace, site);

CREATE INDEX client_user_online_last_checkin_idx ON client USING btree (workspace, "user", online, last_checkin);

create table collection_file (
  id text collate "C" not null,
  workspace text collate "C" not null,
  collection text collate "C" not null,
  share text collate "C" not null,
  volume text collate "C" not null,
  path text collate "C" not null,
  name text collate "C" not null,
  created bigint not null,
  creator text collate "C" not null
);

alter table collection_file add constraint collection_file_collection_fkey FOREIGN KEY (workspace, collection) REFERENCES share(workspace, id) ON DELETE CASCADE;

alter table collection_file add constraint collection_file_pkey PRIMARY KEY (id);

alter table collection_file add constraint collection_file_share_fkey FOREIGN KEY (workspace, share) REFERENCES share(workspace, id) ON DELETE CASCADE;

alter table collection_file add constraint collection_file_volume_fkey FOREIGN KEY (workspace, volume) REFERENCES share(workspace, id) ON DELETE CASCADE;

CREATE UNIQUE INDEX collection_file_collection_name_key ON collection_file USING btree (workspace, collection, name);

CREATE INDEX collection_file_share_idx ON collection_file USING btree (workspace, share);

CREATE INDEX collection_file_volume_idx ON collection_file USING btree (workspace, volume);

create table event (
  seq bigint not null generated always as identity,
  workspace text collate "C" not null,
  entitytype text collate "C" not null,
  entity text collate "C" not null,
  change text collate "C" not null,
  created bigint not null
);

alter table event add constraint event_pkey PRIMARY KEY (seq);

CREATE INDEX event_seq_idx ON event USING btree (workspace, seq);

create table invitation (
  id text collate "C" not null,
  workspace text collate "C" not null,
  "user" text collate "C" not null,
  hash text collate "C" not null,
  shown bigint not null,
  message text collate "C" not null,
  created bigint not null,
  creator text collate "C" not null,
  expires bigint not null,
  accepted bigint
);

alter table invitation add constraint invitation_pkey PRIMARY KEY (id);

alter table invitation add constraint invitation_user_fkey FOREIGN KEY (workspace, "user") REFERENCES "user"(workspace, id) ON DELETE CASCADE;

CREATE UNIQUE INDEX invitation_hash_key ON invitation USING btree (hash);

CREATE INDEX invitation_user_idx ON invitation USING btree (workspace, "user");

create table job (
  id text collate "C" not null,
  workspace text collate "C" not null,
  code text collate "C" not null,
  name text collate "C" not null,
  description text collate "C" not null,
  metadata text collate "C",
  created bigint not null,
  creator text collate "C" not null,
  modified bigint not null,
  modifier text collate "C" not null,
  kind text collate "C" not null,
  parent text collate "C",
  delivery text collate "C",
  "user" text collate "C",
  modifier_user text collate "C",
  status text collate "C" not null,
  reason text collate "C",
  reason_hr text collate "C" not null,
  reason_entity text collate "C",
  population text collate "C" not null,
  "position" double precision not null,
  priority bigint not null,
  is_default bigint not null,
  compute_default bigint not null,
  source_type text collate "C",
  source_id text collate "C",
  source_client text collate "C",
  destination_type text collate "C",
  destination_id text collate "C",
  destination_client text collate "C",
  mirrored bigint not null,
  hooks text collate "C",
  shares text collate "C" not null,
  size bigint not null,
  transferred bigint not null,
  speed double precision not null,
  etr double precision,
  started bigint,
  finished bigint,
  measured bigint not null,
  paused_by_hand bigint not null,
  retries bigint not null,
  not_before bigint,
  run bigint not null,
  tasks_total bigint not null,
  tasks_pending bigint not null,
  tasks_queued bigint not null,
  tasks_booting bigint not null,
  tasks_executing bigint not null,
  tasks_failed bigint not null,
  tasks_onhold bigint not null,
  tasks_excluded bigint not null,
  tasks_done bigint not null,
  dry_run bigint not null
);

alter table job add constraint job_pkey PRIMARY KEY (id);

alter table job add constraint job_workspace_fkey FOREIGN KEY (workspace) REFERENCES workspace(id) ON DELETE CASCADE;

CREATE UNIQUE INDEX job_code_kind_key ON job USING btree (workspace, code) WHERE (kind = 'queue'::text);

CREATE INDEX job_delivery_idx ON job USING btree (workspace, delivery);

CREATE INDEX job_destination_client_population_idx ON job USING btree (workspace, destination_client, population);

CREATE INDEX job_destination_id_population_id_idx ON job USING btree (workspace, destination_id, population, id);

CREATE UNIQUE INDEX job_id_key ON job USING btree (workspace, id);

CREATE UNIQUE INDEX job_is_default_key ON job USING btree (workspace) WHERE (is_default = 1);

CREATE INDEX job_kind_population_id_idx ON job USING btree (workspace, kind, population, id);

CREATE INDEX job_parent_population_position_id_idx ON job USING btree (workspace, parent, population, "position", id);

CREATE INDEX job_population_finished_idx ON job USING btree (workspace, population, finished);

CREATE INDEX job_population_not_before_idx ON job USING btree (workspace, population, not_before);

CREATE INDEX job_source_client_population_idx ON job USING btree (workspace, source_client, population);

CREATE INDEX job_source_id_population_id_idx ON job USING btree (workspace, source_id, population, id);

CREATE INDEX job_user_population_id_idx ON job USING btree (workspace, "user", population, id);

create table lease (
  workspace text collate "C" not null,
  job text collate "C" not null,
  run bigint not null,
  pair text collate "C" not null,
  slot bigint not null,
  session text collate "C" not null,
  source_client text collate "C" not null,
  destination_client text collate "C" not null,
  owner text collate "C" not null,
  expires bigint not null,
  created bigint not null
);

alter table lease add constraint lease_job_fkey FOREIGN KEY (workspace, job) REFERENCES job(workspace, id) ON DELETE CASCADE;

alter table lease add constraint lease_pkey PRIMARY KEY (workspace, job);

CREATE INDEX lease_destination_client_idx ON lease USING btree (workspace, destination_client);

CREATE UNIQUE INDEX lease_pair_slot_key ON lease USING btree (workspace, pair, slot);

CREATE INDEX lease_source_client_idx ON lease USING btree (workspace, source_client);

create table log (
  id text collate "C" not null,
  workspace text collate "C" not null,
  job text collate "C" not null,
  task text collate "C",
  level text collate "C" not null,
  code text collate "C",
  message text collate "C" not null,
  created bigint not null
);

alter table log add constraint log_job_fkey FOREIGN KEY (workspace, job) REFERENCES job(workspace, id) ON DELETE CASCADE;

alter table log add constraint log_pkey PRIMARY KEY (id);

CREATE INDEX log_job_id_idx ON log USING btree (workspace, job, id);

create table mail (
  id text collate "C" not null,
  workspace text collate "C" not null,
  recipient text collate "C" not null,
  subject text collate "C" not null,
  body text collate "C" not null,
  created bigint not null,
  sent bigint,
  tries bigint not null,
  not_before bigint not null,
  problem text collate "C" not null
);

alter table mail add constraint mail_pkey PRIMARY KEY (id);

alter table mail add constraint mail_workspace_fkey FOREIGN KEY (workspace) REFERENCES workspace(id) ON DELETE CASCADE;

CREATE INDEX mail_sent_not_before_idx ON mail USING btree (sent, not_before);

create table manifest (
  workspace text collate "C" not null,
  job text collate "C" not null,
  run bigint not null,
  seq bigint not null,
  lines text collate "C" not null
);

alter table manifest add constraint manifest_job_fkey FOREIGN KEY (workspace, job) REFERENCES job(workspace, id) ON DELETE CASCADE;

alter table manifest add constraint manifest_pkey PRIMARY KEY (workspace, job, run, seq);

create table mapping (
  id text collate "C" not null,
  workspace text collate "C" not null,
  client text collate "C" not null,
  share text collate "C" not null,
  path text collate "C" not null,
  read bigint not null,
  write bigint not null,
  created bigint not null,
  creator text collate "C" not null,
  modified bigint not null,
  modifier text collate "C" not null
);

alter table mapping add constraint mapping_client_fkey FOREIGN KEY (workspace, client) REFERENCES client(workspace, id) ON DELETE CASCADE;

alter table mapping add constraint mapping_pkey PRIMARY KEY (id);

alter table mapping add constraint mapping_share_fkey FOREIGN KEY (workspace, share) REFERENCES share(workspace, id) ON DELETE CASCADE;

CREATE UNIQUE INDEX mapping_client_share_key ON mapping USING btree (workspace, client, share);

CREATE INDEX mapping_share_idx ON mapping USING btree (workspace, share);

create table recipient (
  id text collate "C" not null,
  workspace text collate "C" not null,
  job text collate "C" not null,
  "user" text collate "C" not null,
  actioned bigint,
  created bigint not null,
  creator text collate "C" not null
);

alter table recipient add constraint recipient_job_fkey FOREIGN KEY (workspace, job) REFERENCES job(workspace, id) ON DELETE CASCADE;

alter table recipient add constraint recipient_pkey PRIMARY KEY (id);

alter table recipient add constraint recipient_user_fkey FOREIGN KEY (workspace, "user") REFERENCES "user"(workspace, id) ON DELETE CASCADE;

CREATE UNIQUE INDEX recipient_job_user_key ON recipient USING btree (workspace, job, "user");

CREATE INDEX recipient_user_idx ON recipient USING btree (workspace, "user");

create table seen_event (
  workspace text collate "C" not null,
  ident text collate "C" not null,
  eid text collate "C" not null,
  created bigint not null,
  answer text collate "C"
);

alter table seen_event add constraint seen_event_pkey PRIMARY KEY (workspace, ident, eid);

CREATE INDEX seen_event_created_idx ON seen_event USING btree (created);

create table setting (
  id text collate "C" not null,
  workspace text collate "C" not null,
  entitytype text collate "C" not null,
  entity text collate "C" not null,
  name text collate "C" not null,
  value text collate "C" not null
);

alter table setting add constraint setting_pkey PRIMARY KEY (id);

CREATE UNIQUE INDEX setting_entitytype_entity_name_key ON setting USING btree (workspace, entitytype, entity, name);

create table share (
  id text collate "C" not null,
  workspace text collate "C" not null,
  code text collate "C" not null,
  name text collate "C" not null,
  description text collate "C" not null,
  metadata text collate "C",
  created bigint not null,
  creator text collate "C" not null,
  modified bigint not null,
  modifier text collate "C" not null,
  kind text collate "C" not null,
  parent text collate "C",
  is_default bigint not null,
  path text collate "C" not null,
  paths text collate "C",
  "user" text collate "C",
  queue text collate "C",
  email text collate "C" not null,
  status text collate "C" not null,
  inactive bigint not null,
  aside bigint not null,
  claimable bigint not null
);

alter table share add constraint share_pkey PRIMARY KEY (id);

alter table share add constraint share_workspace_fkey FOREIGN KEY (workspace) REFERENCES workspace(id) ON DELETE CASCADE;

CREATE UNIQUE INDEX share_code_key ON share USING btree (workspace, code);

CREATE UNIQUE INDEX share_id_key ON share USING btree (workspace, id);

CREATE UNIQUE INDEX share_is_default_key ON share USING btree (workspace) WHERE (is_default = 1);

CREATE INDEX share_kind_inactive_id_idx ON share USING btree (workspace, kind, inactive, id);

CREATE INDEX share_parent_idx ON share USING btree (workspace, parent);

CREATE INDEX share_user_idx ON share USING btree (workspace, "user");

CREATE UNIQUE INDEX share_user_kind_key ON share USING btree (workspace, "user") WHERE (kind = 'home'::text);

create table share_server (
  id text collate "C" not null,
  workspace text collate "C" not null,
  share text collate "C" not null,
  client text collate "C" not null,
  site text collate "C" not null,
  path text collate "C" not null,
  created bigint not null,
  problem text collate "C" not null
);

alter table share_server add constraint share_server_client_fkey FOREIGN KEY (workspace, client) REFERENCES client(workspace, id) ON DELETE CASCADE;

alter table share_server add constraint share_server_pkey PRIMARY KEY (id);

alter table share_server add constraint share_server_share_fkey FOREIGN KEY (workspace, share) REFERENCES share(workspace, id) ON DELETE CASCADE;

CREATE INDEX share_server_client_idx ON share_server USING btree (workspace, client);

CREATE UNIQUE INDEX share_server_share_site_key ON share_server USING btree (workspace, share, site);

create table site (
  id text collate "C" not null,
  workspace text collate "C" not null,
  code text collate "C" not null,
  name text collate "C" not null,
  description text collate "C" not null,
  metadata text collate "C",
  created bigint not null,
  creator text collate "C" not null,
  modified bigint not null,
  modifier text collate "C" not null,
  main bigint not null,
  status text collate "C" not null
);

alter table site add constraint site_pkey PRIMARY KEY (id);

alter table site add constraint site_workspace_fkey FOREIGN KEY (workspace) REFERENCES workspace(id) ON DELETE CASCADE;

CREATE UNIQUE INDEX site_code_key ON site USING btree (workspace, code);

CREATE UNIQUE INDEX site_main_key ON site USING btree (workspace) WHERE (main = 1);

create table task (
  id text collate "C" not null,
  workspace text collate "C" not null,
  job text collate "C" not null,
  seq bigint not null,
  uri text collate "C" not null,
  status text collate "C" not null,
  reason text collate "C",
  reason_hr text collate "C" not null,
  priority bigint not null,
  source text collate "C" not null,
  destination text collate "C" not null,
  fingerprint text collate "C" not null,
  measured bigint not null,
  size bigint not null,
  transferred bigint not null,
  files bigint not null,
  "time" bigint not null,
  tries bigint not null,
  run bigint not null,
  created bigint not null,
  finished bigint,
  modified bigint not null,
  metadata text collate "C"
);

alter table task add constraint task_job_fkey FOREIGN KEY (workspace, job) REFERENCES job(workspace, id) ON DELETE CASCADE;

alter table task add constraint task_pkey PRIMARY KEY (id);

CREATE UNIQUE INDEX task_job_fingerprint_key ON task USING btree (workspace, job, fingerprint);

CREATE UNIQUE INDEX task_job_seq_key ON task USING btree (workspace, job, seq);

CREATE INDEX task_job_status_priority_seq_idx ON task USING btree (workspace, job, status, priority DESC, seq);

CREATE UNIQUE INDEX task_job_uri_key ON task USING btree (workspace, job, uri);

create table "user" (
  id text collate "C" not null,
  workspace text collate "C" not null,
  code text collate "C" not null,
  name text collate "C" not null,
  description text collate "C" not null,
  metadata text collate "C",
  created bigint not null,
  creator text collate "C" not null,
  modified bigint not null,
  modifier text collate "C" not null,
  account text collate "C" not null,
  role text collate "C" not null,
  status text collate "C" not null,
  inactive bigint not null,
  queue text collate "C",
  logged_in bigint
);

alter table "user" add constraint user_account_fkey FOREIGN KEY (account) REFERENCES account(id) ON DELETE CASCADE;

alter table "user" add constraint user_pkey PRIMARY KEY (id);

alter table "user" add constraint user_workspace_fkey FOREIGN KEY (workspace) REFERENCES workspace(id) ON DELETE CASCADE;

CREATE INDEX user_account_idx ON "user" USING btree (account);

CREATE UNIQUE INDEX user_account_key ON "user" USING btree (workspace, account);

CREATE UNIQUE INDEX user_code_key ON "user" USING btree (workspace, code);

CREATE UNIQUE INDEX user_id_key ON "user" USING btree (workspace, id);

create table web_session (
  id text collate "C" not null,
  account text collate "C" not null,
  hash text collate "C" not null,
  device text collate "C" not null,
  address text collate "C" not null,
  created bigint not null,
  expires bigint not null,
  last_used bigint not null
);

alter table web_session add constraint web_session_account_fkey FOREIGN KEY (account) REFERENCES account(id) ON DELETE CASCADE;

alter table web_session add constraint web_session_pkey PRIMARY KEY (id);

CREATE INDEX web_session_account_idx ON web_session USING btree (account);

CREATE UNIQUE INDEX web_session_hash_key ON web_session USING btree (hash);

create table workspace (
  id text collate "C" not null,
  code text collate "C" not null,
  name text collate "C" not null,
  description text collate "C" not null,
  metadata text collate "C",
  created bigint not null,
  creator text collate "C" not null,
  modified bigint not null,
  modifier text collate "C" not null,
  status text collate "C" not null
);

alter table workspace add constraint workspace_pkey PRIMARY KEY (id);

CREATE UNIQUE INDEX workspace_code_key ON workspace USING btree (code);
