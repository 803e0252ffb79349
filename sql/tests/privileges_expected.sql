-- Who may do what, exactly: kind, owner, who has which privilege beside the owner, object. Made by privileges_as_data.sql;
-- a difference is read before it is committed.
CREATE TABLE tap.privilege_expected (kind text, owner text, grants text, object text);
COPY tap.privilege_expected (kind, owner, grants, object) FROM stdin;
default	assetlink_owner	-	T of any schema
default	assetlink_owner	-	f of any schema
function	assetlink_owner	assetlink_operator=EXECUTE	assetlink.activate_rule_set(document jsonb, reason text, on_behalf_of text)
function	assetlink_owner	assetlink_operator=EXECUTE	assetlink.approve_activation(reason text, on_behalf_of text)
function	assetlink_owner	assetlink_operator=EXECUTE	assetlink.approve_held(source text, reason text, on_behalf_of text)
function	assetlink_owner	assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink.asset_candidates(asset_source text, asset_id text)
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink.attach_asset_source(source text, relation regclass, query text, key_column name, detail_tables jsonb, ignore_columns name[])
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink.attach_ci_source(source text, relation regclass, query text, key_column name, detail_tables jsonb, ignore_columns name[], asset_sources text[], removal_policy text)
function	assetlink_owner	assetlink_daemon=EXECUTE assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink.audit_head(up_to bigint)
function	assetlink_owner	assetlink_daemon=EXECUTE assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink.audit_verify(from_batch bigint, to_batch bigint)
function	assetlink_owner	assetlink_daemon=EXECUTE assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink.audit_verify_head(head text)
function	assetlink_owner	assetlink_operator=EXECUTE	assetlink.block(ci_source text, ci_id text, asset_source text, asset_id text, reason text, expires_at timestamp with time zone, on_behalf_of text)
function	assetlink_owner	assetlink_daemon=EXECUTE assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink.changes_since(at timestamp with time zone)
function	assetlink_owner	assetlink_daemon=EXECUTE assetlink_integrator=EXECUTE assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink.check_rule(rule jsonb)
function	assetlink_owner	assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink.check_source(source text)
function	assetlink_owner	assetlink_operator=EXECUTE	assetlink.close_stale_link(link_id bigint, reason text, on_behalf_of text)
function	assetlink_owner	assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink.conflict_detail(conflict_id bigint)
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink.create_published_source(source text, side text, asset_sources text[], removal_policy text)
function	assetlink_owner	assetlink_emitter=EXECUTE	assetlink.decommission_asset(asset_id text, at timestamp with time zone, reason text, source text)
function	assetlink_owner	assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink.decommission_impact(asset_source text, asset_id text)
function	assetlink_owner	assetlink_emitter=EXECUTE	assetlink.delete_asset(asset_id text, at timestamp with time zone, source text)
function	assetlink_owner	assetlink_emitter=EXECUTE	assetlink.delete_ci(ci_id text, at timestamp with time zone, source text)
function	assetlink_owner	-	assetlink.detach_audit(up_to_batch bigint, reason text)
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink.detach_source(source text, keep boolean, reason text, on_behalf_of text)
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink.disable_discovery(source text)
function	assetlink_owner	assetlink_emitter=EXECUTE	assetlink.discover(payload jsonb, source text)
function	assetlink_owner	assetlink_emitter=EXECUTE	assetlink.discovery_results(payload_id bigint)
function	assetlink_owner	assetlink_operator=EXECUTE	assetlink.distrust_identifier(kind text, value text, reason text, on_behalf_of text)
function	assetlink_owner	assetlink_operator=EXECUTE	assetlink.drop_activation(reason text, on_behalf_of text)
function	assetlink_owner	assetlink_operator=EXECUTE	assetlink.drop_held(source text, reason text, on_behalf_of text)
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink.enable_discovery(source text, relation_types text[])
function	assetlink_owner	assetlink_daemon=EXECUTE assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink.links_as_of(at timestamp with time zone)
function	assetlink_owner	assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink.orphan_advice(ci_source text, ci_id text)
function	assetlink_owner	assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink.orphan_causes(for_source text, for_class text, for_reason text)
function	assetlink_owner	assetlink_operator=EXECUTE	assetlink.pin(ci_source text, ci_id text, asset_source text, asset_id text, reason text, expires_at timestamp with time zone, on_behalf_of text)
function	assetlink_owner	assetlink_emitter=EXECUTE	assetlink.publish_asset(record jsonb)
function	assetlink_owner	assetlink_emitter=EXECUTE	assetlink.publish_ci(record jsonb)
function	assetlink_owner	assetlink_operator=EXECUTE	assetlink.rebase(reason text)
function	assetlink_owner	assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink.record_waits(source text, id text)
function	assetlink_owner	assetlink_operator=EXECUTE	assetlink.replay_dead_letter(id bigint, reason text, on_behalf_of text)
function	assetlink_owner	assetlink_operator=EXECUTE	assetlink.requeue(ci_source text, ci_id text, reason text, on_behalf_of text)
function	assetlink_owner	assetlink_operator=EXECUTE	assetlink.resolve_conflict(conflict_id bigint, keep_source text, keep_id text, reason text, on_behalf_of text)
function	assetlink_owner	assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink.resync(source text, reason text, on_behalf_of text)
function	assetlink_owner	assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink.retention_plan(if_days integer)
function	assetlink_owner	assetlink_operator=EXECUTE	assetlink.rollback_rule_set(version bigint, reason text, on_behalf_of text)
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink.set_asset_facts(source text, query text)
function	assetlink_owner	assetlink_operator=EXECUTE	assetlink.set_composite(asset_source text, asset_id text, composite boolean, reason text, on_behalf_of text)
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink.set_write_back(source text, column_name text, reason text, counterpart text, on_behalf_of text)
function	assetlink_owner	assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink.source_has_records(name text)
function	assetlink_owner	assetlink_daemon=EXECUTE assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink.source_number(name text)
function	assetlink_owner	assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink.suggest_assets(ci_source text, ci_id text)
function	assetlink_owner	assetlink_operator=EXECUTE	assetlink.trust_identifier(kind text, value text, reason text, on_behalf_of text)
function	assetlink_owner	assetlink_operator=EXECUTE	assetlink.unblock(ci_source text, ci_id text, asset_source text, asset_id text, reason text, on_behalf_of text)
function	assetlink_owner	assetlink_operator=EXECUTE	assetlink.unpin(ci_source text, ci_id text, reason text, on_behalf_of text)
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink.unset_write_back(source text, reason text, on_behalf_of text)
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink_internal."capture_N_0"()
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink_internal."capture_N_1"()
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink_internal."capture_N_2"()
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink_internal."capture_N_3"()
function	assetlink_owner	assetlink_daemon=EXECUTE assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink_internal.aged_before()
function	assetlink_daemon	assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink_internal.alarms()
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.append_log(topic text, source_id integer, key text, event text, version timestamp with time zone, record jsonb, cause text)
function	assetlink_owner	-	assetlink_internal.apply_classes(section jsonb)
function	assetlink_owner	-	assetlink_internal.apply_document(document jsonb)
function	assetlink_owner	-	assetlink_internal.apply_lifecycle(section jsonb)
function	assetlink_owner	-	assetlink_internal.apply_manufacturers(section jsonb)
function	assetlink_owner	-	assetlink_internal.apply_placeholders(section jsonb)
function	assetlink_owner	-	assetlink_internal.apply_suspect_limits(section jsonb)
function	assetlink_daemon	assetlink_operator=EXECUTE assetlink_owner=EXECUTE assetlink_reader=EXECUTE	assetlink_internal.asset_facts(of_source integer, of_asset text, OUT facts jsonb, OUT problem text)
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink_internal.attach(source text, side text, relation regclass, query text, key_column name, detail_tables jsonb, ignore_columns name[], asset_sources text[], removal_policy text)
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.audit_bytes(entry assetlink_internal.audit)
function	assetlink_owner	-	assetlink_internal.audit_peaks(up_to bigint)
function	assetlink_owner	-	assetlink_internal.audited_link(source text, ci text)
function	assetlink_owner	assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink_internal.base_type(type oid)
function	assetlink_owner	assetlink_daemon=EXECUTE assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink_internal.batch_at(at timestamp with time zone)
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.batch_digest(previous bytea, batch_id bigint, rows bytea)
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.batch_payload(row_digests bytea, committed_at timestamp with time zone)
function	assetlink_owner	-	assetlink_internal.begin_write_back_anew()
function	assetlink_owner	assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink_internal.binding_columns(side text)
function	assetlink_owner	-	assetlink_internal.capture_body(source_id integer, relation oid, key_column name, columns name[], is_unique boolean)
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.capture_refusals()
function	assetlink_owner	-	assetlink_internal.change_orphan_class()
function	assetlink_owner	-	assetlink_internal.change_orphan_value()
function	assetlink_owner	assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink_internal.check_binding_type(column_name text, kind text, type oid)
function	assetlink_owner	-	assetlink_internal.check_class_tree(classes jsonb)
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.check_discovery(payload jsonb, source text)
function	assetlink_owner	-	assetlink_internal.check_expiry(expires_at timestamp with time zone)
function	assetlink_owner	-	assetlink_internal.check_id(id text, member text)
function	assetlink_owner	-	assetlink_internal.check_limits(place text, section jsonb)
function	assetlink_owner	-	assetlink_internal.check_members(place text, value jsonb, known text[])
function	assetlink_owner	-	assetlink_internal.check_members(record jsonb, known text[])
function	assetlink_owner	-	assetlink_internal.check_rule_attributes(rule jsonb)
function	assetlink_owner	assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink_internal.check_source(source text)
function	assetlink_owner	-	assetlink_internal.check_time(at timestamp with time zone, member text)
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink_internal.check_write_back(bound assetlink_internal.source, relation oid, column_name text, counterpart integer)
function	assetlink_owner	assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink_internal.column_origin(view oid, shown text)
function	assetlink_owner	assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink_internal.create_triggers(relation oid, source_id integer, ordinal integer)
function	assetlink_owner	assetlink_daemon=EXECUTE assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink_internal.did_you_mean(word text, candidates text[])
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.digest_field(field bytea)
function	assetlink_owner	assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink_internal.discovery_findings(source_id integer)
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.discovery_items(payload jsonb)
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.discovery_relations(payload jsonb)
function	assetlink_owner	assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink_internal.discovery_rights()
function	assetlink_owner	-	assetlink_internal.discovery_source(source text)
function	assetlink_owner	-	assetlink_internal.document_lifecycle(section jsonb)
function	assetlink_owner	-	assetlink_internal.document_manufacturers(section jsonb)
function	assetlink_owner	-	assetlink_internal.document_placeholders(section jsonb)
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.drifted(refs bigint[])
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink_internal.drop_captures(source_id integer)
function	assetlink_owner	assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink_internal.drop_triggers(source_id integer)
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.empty_log(which integer, base_xmax xid8, base_xip xid8[])
function	assetlink_owner	-	assetlink_internal.entry_problem(entry jsonb, OUT problem text, OUT hint text)
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink_internal.grant_write_back(relation oid, key_column text, column_name text)
function	assetlink_owner	-	assetlink_internal.held_activation()
function	assetlink_owner	-	assetlink_internal.held_source(source text)
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.holders_digest(source_id integer, spaces integer[], keys text[])
function	assetlink_owner	-	assetlink_internal.is_conditions(conditions jsonb)
function	assetlink_owner	-	assetlink_internal.is_words(list jsonb)
function	assetlink_owner	-	assetlink_internal.kept_since(setting text)
function	assetlink_owner	-	assetlink_internal.known_asset(asset_source text, asset_id text)
function	assetlink_owner	-	assetlink_internal.known_ci(ci_source text, ci_id text)
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.log_change(topic text, source_id integer, key text, cause text)
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.log_is_unused(which integer)
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink_internal.make_capture(source_id integer, ordinal integer, relation oid, key_column name, columns name[], is_unique boolean)
function	assetlink_owner	-	assetlink_internal.make_rule_set(kind text, reason text, on_behalf_of text, restores bigint)
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.mend(refs bigint[])
function	assetlink_owner	-	assetlink_internal.mend_decision(ref bigint, source_id integer, source text, ci text)
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.merkle_root(leaves bytea)
function	assetlink_owner	assetlink_daemon=EXECUTE assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink_internal.nearest(word text, candidates text[])
function	assetlink_owner	-	assetlink_internal.normalised_member(member text, kind text, value jsonb)
function	assetlink_owner	-	assetlink_internal.note_orphan_class()
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.open_transactions()
function	assetlink_owner	assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink_internal.orphan_step(reason text, cause_kind text, cause text, suppressed_by text, asset text, cause_at timestamp with time zone, seen timestamp with time zone)
function	assetlink_owner	-	assetlink_internal.peaks_root(peaks bytea)
function	assetlink_daemon	assetlink_integrator=EXECUTE assetlink_operator=EXECUTE assetlink_owner=EXECUTE	assetlink_internal.plan_source(source_id integer, OUT plan jsonb, OUT shown text, OUT without_scans jsonb)
function	assetlink_owner	-	assetlink_internal.publish(side text, record jsonb, cause text)
function	assetlink_owner	-	assetlink_internal.publish_end(side text, event text, id text, at timestamp with time zone, reason text, source text, cause text)
function	assetlink_owner	-	assetlink_internal.published_query(source_id integer, side text)
function	assetlink_owner	-	assetlink_internal.published_source(side text, source text)
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.put_away(most integer)
function	assetlink_owner	assetlink_daemon=EXECUTE assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink_internal.qualified_name(relation oid)
function	assetlink_owner	assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink_internal.read_by(view oid)
function	assetlink_owner	-	assetlink_internal.record_act(wanted assetlink_internal.act, on_behalf_of text)
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink_internal.record_detach(source_id integer, keep boolean, reason text, on_behalf_of text)
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink_internal.record_write_back(source_id integer, column_name text, counterpart integer, reason text, on_behalf_of text)
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.refresh_statistics()
function	assetlink_owner	-	assetlink_internal.refuse_document(problem text, hint text)
function	assetlink_owner	-	assetlink_internal.refuse_rewrite()
function	assetlink_owner	-	assetlink_internal.refuse_written_column()
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink_internal.register_source(source text, side text, kind text, query text, key_type text, columns text[], relation oid, tables text[], asset_sources text[], removal_policy text)
function	assetlink_owner	assetlink_daemon=EXECUTE assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink_internal.relation_tree(relation oid)
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.retry_discovery()
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.row_digest(entry assetlink_internal.audit)
function	assetlink_owner	-	assetlink_internal.rule_attributes(side text)
function	assetlink_owner	-	assetlink_internal.rule_document()
function	assetlink_owner	-	assetlink_internal.rules_edit_ends()
function	assetlink_owner	-	assetlink_internal.rules_edited()
function	assetlink_owner	-	assetlink_internal.same_identifier(kind text, stored text, typed text)
function	assetlink_owner	assetlink_daemon=EXECUTE assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink_internal.serial_form(raw text)
function	assetlink_owner	assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink_internal.source_named(source text)
function	assetlink_owner	-	assetlink_internal.source_of_side(source text, side text, even_detached boolean)
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.switch_log()
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.take_coverage_snapshot(at timestamp with time zone)
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.take_event(side text, payload jsonb, cause text)
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.take_notification(channel text, payload text)
function	assetlink_owner	assetlink_daemon=EXECUTE assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink_internal.trigger_findings(source_id integer)
function	assetlink_owner	assetlink_operator=EXECUTE assetlink_reader=EXECUTE	assetlink_internal.unknown_links(reason text)
function	assetlink_owner	assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink_internal.unmapped_counts(source_id integer, OUT states bigint, OUT classes bigint)
function	assetlink_owner	assetlink_daemon=EXECUTE	assetlink_internal.unusable_value(evidence jsonb)
function	assetlink_owner	-	assetlink_internal.uuid_form(raw text)
function	assetlink_owner	-	assetlink_internal.uuid_orders(digits text)
function	assetlink_owner	assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink_internal.watched_column(relation oid, column_name name)
function	assetlink_owner	assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink_internal.whole_scans(plan jsonb)
function	assetlink_owner	assetlink_integrator=EXECUTE assetlink_operator=EXECUTE	assetlink_internal.write_back_findings(source_id integer)
function	assetlink_write_back	assetlink_daemon=EXECUTE	assetlink_internal.write_back_rows(relation text, key_column text, key_type text, column_name text, keys text[], locks boolean)
function	assetlink_write_back	assetlink_daemon=EXECUTE	assetlink_internal.write_back_set(relation text, key_column text, key_type text, column_name text, keys text[], "values" text[])
function	assetlink_owner	-	assetlink_internal.write_capture(source_id integer, ordinal integer, relation oid, key_column name, columns name[], is_unique boolean)
function	assetlink_owner	assetlink_integrator=EXECUTE	assetlink_internal.written_source(source text)
function	assetlink_owner	-	cmdb.touch_ci()
function	assetlink_owner	-	itam.touch_asset()
role	-	INHERIT	assetlink_daemon
role	-	INHERIT	assetlink_delegate
role	-	INHERIT	assetlink_emitter
role	-	INHERIT	assetlink_integrator
role	-	INHERIT	assetlink_operator
role	-	INHERIT	assetlink_owner
role	-	INHERIT	assetlink_reader
role	-	INHERIT	assetlink_write_back
schema	assetlink_owner	assetlink_daemon=USAGE assetlink_emitter=USAGE assetlink_integrator=USAGE assetlink_operator=USAGE assetlink_reader=USAGE	assetlink
schema	assetlink_owner	assetlink_daemon=USAGE assetlink_integrator=USAGE assetlink_operator=USAGE	assetlink_internal
schema	assetlink_owner	assetlink_daemon=USAGE	cmdb
schema	assetlink_owner	assetlink_daemon=USAGE	itam
sequence	assetlink_owner	-	assetlink.placeholder_id_seq
sequence	assetlink_owner	-	assetlink_internal.act_act_id_seq
sequence	assetlink_owner	assetlink_daemon=USAGE	assetlink_internal.asset_asset_ref_seq
sequence	assetlink_owner	assetlink_daemon=USAGE	assetlink_internal.audit_audit_id_seq
sequence	assetlink_owner	-	assetlink_internal.audit_check_check_id_seq
sequence	assetlink_owner	assetlink_daemon=SELECT,UPDATE	assetlink_internal.bell
sequence	assetlink_owner	assetlink_daemon=USAGE	assetlink_internal.change_seq
sequence	assetlink_owner	assetlink_daemon=USAGE	assetlink_internal.ci_ci_ref_seq
sequence	assetlink_owner	assetlink_daemon=USAGE	assetlink_internal.conflict_conflict_id_seq
sequence	assetlink_owner	assetlink_daemon=USAGE	assetlink_internal.dead_letter_id_seq
sequence	assetlink_owner	-	assetlink_internal.discovery_payload_payload_id_seq
sequence	assetlink_owner	assetlink_daemon=USAGE	assetlink_internal.key_space_space_id_seq
sequence	assetlink_owner	assetlink_daemon=USAGE	assetlink_internal.link_link_id_seq
sequence	assetlink_owner	assetlink_daemon=SELECT	assetlink_internal.log_current
sequence	assetlink_owner	-	assetlink_internal.rule_set_version_seq
sequence	assetlink_owner	-	assetlink_internal.source_source_id_seq
sequence	assetlink_owner	-	assetlink_internal.write_back_todo_todo_id_seq
sequence	assetlink_owner	-	cmdb.ci_ci_id_seq
sequence	assetlink_owner	-	cmdb.ci_related_related_id_seq
sequence	assetlink_owner	-	itam.asset_asset_id_seq
table	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=DELETE,INSERT,SELECT,UPDATE assetlink_reader=SELECT	assetlink.ci_class
table	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=DELETE,INSERT,SELECT,UPDATE assetlink_reader=SELECT	assetlink.lifecycle_state
table	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=DELETE,INSERT,SELECT,UPDATE assetlink_reader=SELECT	assetlink.manufacturer_alias
table	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=DELETE,INSERT,SELECT,UPDATE assetlink_reader=SELECT	assetlink.placeholder
table	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.schema_version
table	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=DELETE,INSERT,SELECT,UPDATE assetlink_reader=SELECT	assetlink.setting
table	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=DELETE,INSERT,SELECT,UPDATE assetlink_reader=SELECT	assetlink.suspect_limit
table	assetlink_owner	assetlink_daemon=SELECT	assetlink_internal.act
table	assetlink_owner	assetlink_daemon=INSERT,SELECT	assetlink_internal.act_end
table	assetlink_owner	assetlink_daemon=DELETE,INSERT,SELECT,UPDATE	assetlink_internal.asset
table	assetlink_owner	assetlink_daemon=DELETE,INSERT,SELECT,UPDATE	assetlink_internal.asset_key
table	assetlink_owner	assetlink_daemon=DELETE,INSERT,SELECT,UPDATE	assetlink_internal.asset_value
table	assetlink_owner	assetlink_daemon=INSERT,SELECT	assetlink_internal.audit
table	assetlink_owner	assetlink_daemon=INSERT,SELECT	assetlink_internal.audit_check
table	assetlink_owner	assetlink_daemon=SELECT	assetlink_internal.audit_detached
table	assetlink_owner	assetlink_daemon=INSERT,SELECT	assetlink_internal.audit_head
table	assetlink_owner	assetlink_daemon=INSERT,SELECT	assetlink_internal.batch
table	assetlink_owner	assetlink_daemon=SELECT assetlink_integrator=SELECT assetlink_operator=SELECT	assetlink_internal.capture
table	assetlink_owner	assetlink_daemon=INSERT,SELECT	assetlink_internal.change_log_0
table	assetlink_owner	assetlink_daemon=INSERT,SELECT	assetlink_internal.change_log_1
table	assetlink_owner	assetlink_daemon=INSERT,SELECT	assetlink_internal.change_log_2
table	assetlink_owner	assetlink_daemon=DELETE,INSERT,SELECT,UPDATE	assetlink_internal.ci
table	assetlink_owner	assetlink_daemon=DELETE,INSERT,SELECT,UPDATE	assetlink_internal.ci_decision
table	assetlink_owner	assetlink_daemon=DELETE,INSERT,SELECT,UPDATE	assetlink_internal.ci_key
table	assetlink_owner	assetlink_daemon=DELETE,INSERT,SELECT,UPDATE	assetlink_internal.ci_value
table	assetlink_owner	assetlink_daemon=DELETE,INSERT,SELECT,UPDATE	assetlink_internal.composite_mark
table	assetlink_owner	assetlink_daemon=INSERT,SELECT,UPDATE	assetlink_internal.conflict
table	assetlink_owner	assetlink_daemon=DELETE,INSERT,SELECT,UPDATE	assetlink_internal.coverage_snapshot
table	assetlink_owner	assetlink_daemon=INSERT,SELECT,UPDATE	assetlink_internal.dead_letter
table	assetlink_owner	assetlink_daemon=SELECT,UPDATE	assetlink_internal.discovery_item
table	assetlink_owner	assetlink_daemon=SELECT,UPDATE	assetlink_internal.discovery_payload
table	assetlink_owner	assetlink_daemon=SELECT,UPDATE	assetlink_internal.discovery_relation
table	assetlink_owner	assetlink_daemon=SELECT,UPDATE assetlink_integrator=SELECT assetlink_operator=SELECT	assetlink_internal.discovery_target
table	assetlink_owner	assetlink_daemon=DELETE,INSERT,SELECT,UPDATE	assetlink_internal.held_change
table	assetlink_owner	assetlink_daemon=INSERT,SELECT	assetlink_internal.key_space
table	assetlink_owner	assetlink_daemon=DELETE,INSERT,SELECT,UPDATE	assetlink_internal.lease
table	assetlink_owner	assetlink_daemon=DELETE,INSERT,SELECT,UPDATE	assetlink_internal.lineage
table	assetlink_owner	assetlink_daemon=INSERT,SELECT,UPDATE	assetlink_internal.link
table	assetlink_owner	assetlink_daemon=INSERT,SELECT,UPDATE	assetlink_internal.link_period
table	assetlink_owner	assetlink_daemon=DELETE,INSERT,SELECT,UPDATE	assetlink_internal.pair_in_force
table	assetlink_owner	assetlink_daemon=DELETE,INSERT,SELECT,UPDATE	assetlink_internal.published_record
table	assetlink_owner	assetlink_daemon=SELECT	assetlink_internal.rule_edit
table	assetlink_owner	assetlink_daemon=SELECT	assetlink_internal.rule_head
table	assetlink_owner	assetlink_daemon=SELECT	assetlink_internal.rule_set
table	assetlink_owner	assetlink_daemon=SELECT assetlink_integrator=SELECT assetlink_operator=SELECT	assetlink_internal.source
table	assetlink_owner	assetlink_daemon=SELECT	assetlink_internal.source_facts
table	assetlink_owner	assetlink_daemon=DELETE,INSERT,SELECT,UPDATE assetlink_integrator=SELECT assetlink_operator=SELECT	assetlink_internal.source_status
table	assetlink_owner	assetlink_daemon=DELETE,INSERT,SELECT,UPDATE	assetlink_internal.suspect_value
table	assetlink_owner	assetlink_daemon=DELETE,INSERT,SELECT,UPDATE	assetlink_internal.trusted_value
table	assetlink_owner	assetlink_daemon=SELECT,UPDATE	assetlink_internal.write_back
table	assetlink_owner	assetlink_daemon=DELETE,INSERT,SELECT,UPDATE	assetlink_internal.write_back_retry
table	assetlink_owner	assetlink_daemon=DELETE,INSERT,SELECT,UPDATE	assetlink_internal.write_back_todo
table	assetlink_owner	assetlink_daemon=SELECT	cmdb.ci
table	assetlink_owner	assetlink_daemon=SELECT	cmdb.ci_network_adapter
table	assetlink_owner	-	cmdb.ci_related
table	assetlink_owner	assetlink_daemon=SELECT	cmdb.ci_relationship
table	assetlink_owner	assetlink_daemon=SELECT	cmdb.ci_serial_number
table	assetlink_owner	assetlink_daemon=SELECT	itam.asset
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.alarm
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.asset_evidence
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.asset_state
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.audit
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.audit_batch
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.audit_check
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.audit_detached
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.audit_published_head
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.audit_record
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.ci_evidence
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.ci_state
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.ci_with_asset
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.conflict
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.conflict_member
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.conflict_queue
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.conflict_queue_index
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.conflict_source
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.coverage
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.coverage_by_class
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.coverage_by_source
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.coverage_history
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.coverage_metric
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.daemon_status
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.dead_letter
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.discovery_payload
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.discovery_relation_result
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.discovery_result
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.discrepancy
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.feed_status
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.held_change
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.link
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.link_index
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.link_period
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.operator_act
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.operator_decision
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.orphan_cause
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.orphaned_ci
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.orphaned_ci_index
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.rule_set
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.stale_link
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.stale_link_index
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.suspect_identifier
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.unlinked_asset
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.unlinked_asset_index
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.unmapped
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.write_back
view	assetlink_owner	assetlink_daemon=SELECT assetlink_operator=SELECT assetlink_reader=SELECT	assetlink.write_back_failure
view	assetlink_owner	assetlink_daemon=SELECT	assetlink_internal.aged_link
view	assetlink_owner	assetlink_daemon=SELECT	assetlink_internal.asset_ring
view	assetlink_owner	assetlink_daemon=SELECT	assetlink_internal.asset_serial
view	assetlink_owner	assetlink_daemon=SELECT	assetlink_internal.ci_ring
view	assetlink_owner	assetlink_daemon=SELECT	assetlink_internal.class_age
view	assetlink_owner	assetlink_daemon=SELECT	assetlink_internal.conflict_asset
view	assetlink_owner	assetlink_daemon=SELECT	assetlink_internal.conflict_ci
view	assetlink_owner	-	assetlink_internal.outlived_asset
view	assetlink_owner	-	assetlink_internal.outlived_ci
view	assetlink_owner	-	assetlink_internal.outlived_conflict
view	assetlink_owner	-	assetlink_internal.outlived_dead_letter
view	assetlink_owner	-	assetlink_internal.outlived_link
view	assetlink_owner	-	assetlink_internal.outlived_snapshot
view	assetlink_owner	assetlink_daemon=SELECT	assetlink_internal.pending_change
view	assetlink_owner	assetlink_daemon=SELECT	assetlink_internal.pinned_entry_claim
\.
