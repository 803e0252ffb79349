-- What the daemon's own tables and columns mean. A column that means the same in several tables is described once; a
-- column without a description is an error here, not a gap found later.
SET LOCAL ROLE assetlink_owner;

COMMENT ON TABLE assetlink_internal.asset IS 'Assets as last read, tombstones too.';
COMMENT ON TABLE assetlink_internal.ci IS 'CIs as last read, tombstones too.';
COMMENT ON TABLE assetlink_internal.key_space IS 'Namespaces of match keys: one per signature of an entry, so that the same entry in two rules is one.';
COMMENT ON TABLE assetlink_internal.asset_key IS 'The match keys of assets, by which a key''s assets of each standing are a probe.';
COMMENT ON TABLE assetlink_internal.ci_key IS 'The match keys of CIs, by which a key''s CIs are a probe.';
COMMENT ON TABLE assetlink_internal.asset_value IS 'Values of assets of the kinds that can become suspect.';
COMMENT ON TABLE assetlink_internal.ci_value IS 'Values of CIs of the kinds that can become suspect.';
COMMENT ON TABLE assetlink_internal.suspect_value IS 'Values held by too many records: they give no match key.';
COMMENT ON TABLE assetlink_internal.trusted_value IS 'Values that operators declared real, however many hold them.';
COMMENT ON TABLE assetlink_internal.ci_decision IS 'What was decided about each CI that is not deleted, and its open link.';
COMMENT ON TABLE assetlink_internal.link IS 'Every link ever made; at most one of a CI is not closed.';
COMMENT ON TABLE assetlink_internal.link_period IS 'The statuses that a link had, from batch to batch: for questions as of a time.';
COMMENT ON TABLE assetlink_internal.conflict IS 'Every conflict ever opened; its members are derived.';
COMMENT ON TABLE assetlink_internal.act IS 'What operators did: insert only.';
COMMENT ON TABLE assetlink_internal.pair_in_force IS 'The pins and blocks in force, kept by the batches that take acts in.';
COMMENT ON TABLE assetlink_internal.composite_mark IS 'Assets that operators marked composite.';
COMMENT ON TABLE assetlink_internal.act_end IS 'How pins and blocks ended.';
COMMENT ON TABLE assetlink_internal.audit IS 'Every transition: append-only, chained by hash from batch to batch.';
COMMENT ON TABLE assetlink_internal.batch IS 'The cursor: append-only, the newest row is it, and the next id is the fence against a second daemon.';
COMMENT ON TABLE assetlink_internal.lease IS 'Who may write batches: liveness only.';
COMMENT ON TABLE assetlink_internal.lineage IS 'Which cluster and database the cursor belongs to: a restored copy is noticed by it.';
COMMENT ON TABLE assetlink_internal.coverage_snapshot IS 'Coverage at times gone by.';
COMMENT ON TABLE assetlink_internal.rule_set IS 'Versions of the rules: a row for each edit taken in.';

COMMENT ON INDEX assetlink_internal.asset_parent IS 'The parts of an asset.';
COMMENT ON INDEX assetlink_internal.asset_tombstone IS 'Tombstones by age.';
COMMENT ON INDEX assetlink_internal.asset_unlinked IS 'The work list of unlinked assets, oldest first.';
COMMENT ON INDEX assetlink_internal.asset_unmapped IS 'Assets whose life-cycle state no table explains.';
COMMENT ON INDEX assetlink_internal.asset_name IS 'Assets by name, for suggestions.';
COMMENT ON INDEX assetlink_internal.ci_parent IS 'The children of a CI.';
COMMENT ON INDEX assetlink_internal.ci_class IS 'The CIs of a class, for a change of its rule.';
COMMENT ON INDEX assetlink_internal.ci_discovered IS 'CIs by last discovery, for aged links.';
COMMENT ON INDEX assetlink_internal.ci_unmapped IS 'CIs whose class or life-cycle state no table explains.';
COMMENT ON INDEX assetlink_internal.asset_key_of IS 'The keys of an asset.';
COMMENT ON INDEX assetlink_internal.ci_key_of IS 'The keys of a CI.';
COMMENT ON INDEX assetlink_internal.asset_value_of IS 'The values of an asset.';
COMMENT ON INDEX assetlink_internal.ci_value_of IS 'The values of a CI.';
COMMENT ON INDEX assetlink_internal.ci_decision_candidate IS 'CIs whose claim or guard rests on an asset.';
COMMENT ON INDEX assetlink_internal.ci_decision_claim IS 'Per asset and CI source the strongest claims: manual first, then by rank.';
COMMENT ON INDEX assetlink_internal.ci_decision_link IS 'The open links of an asset.';
COMMENT ON INDEX assetlink_internal.ci_decision_conflict IS 'The CIs in a conflict.';
COMMENT ON INDEX assetlink_internal.ci_decision_work IS 'The work lists of orphaned and conflicted CIs, oldest first.';
COMMENT ON INDEX assetlink_internal.link_open IS 'At most one link of a CI is not closed, at every committed moment.';
COMMENT ON INDEX assetlink_internal.link_of_ci IS 'The links of a CI.';
COMMENT ON INDEX assetlink_internal.link_of_asset IS 'The links of an asset.';
COMMENT ON INDEX assetlink_internal.link_stale IS 'Stale links, oldest first.';
COMMENT ON INDEX assetlink_internal.conflict_open IS 'One conflict of an identity is open at a time.';
COMMENT ON INDEX assetlink_internal.conflict_queue IS 'Open conflicts, oldest first.';
COMMENT ON INDEX assetlink_internal.conflict_of_asset IS 'The open conflicts about an asset.';
COMMENT ON INDEX assetlink_internal.act_of_ci IS 'The acts about a CI.';
COMMENT ON INDEX assetlink_internal.pair_one_pin IS 'A CI has at most one pin in force.';
COMMENT ON INDEX assetlink_internal.pair_of_asset IS 'The pins and blocks of an asset.';
COMMENT ON INDEX assetlink_internal.pair_expiry IS 'Pins and blocks that expire, soonest first.';
COMMENT ON INDEX assetlink_internal.audit_of_batch IS 'The audit rows of a batch.';
COMMENT ON INDEX assetlink_internal.audit_of_ci IS 'The audit of a CI.';
COMMENT ON INDEX assetlink_internal.audit_of_asset IS 'The audit of an asset.';
COMMENT ON INDEX assetlink_internal.batch_at IS 'Batches by time, for questions as of a time.';
COMMENT ON INDEX assetlink_internal.change_log_0_xid_seq IS 'Read by snapshot difference: transactions from xmax on, and those in progress then.';
COMMENT ON INDEX assetlink_internal.change_log_1_xid_seq IS 'Read by snapshot difference: transactions from xmax on, and those in progress then.';
COMMENT ON INDEX assetlink_internal.change_log_2_xid_seq IS 'Read by snapshot difference: transactions from xmax on, and those in progress then.';
COMMENT ON INDEX assetlink_internal.dead_letter_record IS 'One open dead letter per record.';
COMMENT ON INDEX assetlink_internal.dead_letter_due IS 'Dead letters to be tried again, soonest first.';
COMMENT ON INDEX assetlink.placeholder_value IS 'A placeholder is listed once per kind and manufacturer.';
COMMENT ON INDEX assetlink.lifecycle_state_raw IS 'A raw state means one thing per source.';

DO $$
DECLARE
    word record;
BEGIN
    FOR word IN
        SELECT t.tgname AS name, t.tgrelid::regclass::text AS relation
        FROM pg_catalog.pg_trigger t
        JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = 'assetlink'::regnamespace
            AND NOT t.tgisinternal
            AND pg_catalog.obj_description(t.oid, 'pg_trigger') IS NULL
    LOOP
        EXECUTE format('COMMENT ON TRIGGER %I ON %s IS %L', word.name, word.relation,
            'An edit of the rules goes through the change log.');
    END LOOP;

    FOR word IN
        WITH shared (name, text) AS (VALUES
            ('act_id', 'The act.'),
            ('asset_id', 'The asset''s id.'),
            ('asset_ref', 'The asset.'),
            ('asset_source_id', 'The asset''s source.'),
            ('asset_tag', 'Asset tag, raw.'),
            ('attributes', 'Further attributes, raw.'),
            ('batch_id', 'The batch.'),
            ('ci_id', 'The CI''s id.'),
            ('ci_ref', 'The CI.'),
            ('ci_source_id', 'The CI''s source.'),
            ('cloud_resource_id', 'Cloud resource id, raw.'),
            ('conflict_id', 'The conflict.'),
            ('counted', 'Whether this holder counts for the limit.'),
            ('deleted_at', 'When it was seen to be deleted; the row is a tombstone.'),
            ('digest', 'A digest of the raw record, by which reading it again shows whether it changed.'),
            ('entry_priority', 'The priority of the entry that decided.'),
            ('epoch', 'Goes up with each change of the leader.'),
            ('evidence', 'What was read: each value with its kind, raw and canonical form, and what suppressed it.'),
            ('expires_at', 'When it ends by itself; null: never.'),
            ('first_seen_at', 'When it was first read.'),
            ('key', 'The match key: canonical values as text.'),
            ('kind', 'The kind of identifier.'),
            ('lifecycle_mapped', 'Whether a table explains its life-cycle state; an empty one needs none.'),
            ('lifecycle_raw', 'Life-cycle state, raw.'),
            ('link_id', 'The link.'),
            ('manufacturer', 'Manufacturer, raw.'),
            ('matched_on', 'The keys it was matched on: a list of keys, each a list of canonical values.'),
            ('model', 'Model, raw.'),
            ('name', 'Name, raw.'),
            ('only_one', 'Always true: the table has one row.'),
            ('position', 'Position within the parent, raw.'),
            ('reason', 'Why.'),
            ('rule_set_version', 'The version of the rules that it was decided by.'),
            ('serial_number', 'Serial number, raw.'),
            ('source_id', 'The source.'),
            ('space_id', 'The namespace of the key.'),
            ('uuid', 'Uuid, raw.'),
            ('value', 'The canonical value.'),
            ('version', 'Its version by the source; null: it counts by arrival.')
        ), own (relation, name, text) AS (VALUES
            ('act', 'asset_id', 'The asset''s id, where the act has one.'),
            ('act', 'asset_source_id', 'The asset''s source, where the act has one.'),
            ('act', 'ci_id', 'The CI''s id, where the act has one.'),
            ('act', 'ci_source_id', 'The CI''s source, where the act has one.'),
            ('act', 'conflict_id', 'The conflict that it resolves.'),
            ('act', 'dead_letter_id', 'The dead letter that it replays.'),
            ('act', 'decided_at', 'When.'),
            ('act', 'decided_by', 'The database role that called.'),
            ('act', 'given_name', 'The person that a delegate called for.'),
            ('act', 'identifier_kind', 'The kind of the value that it trusts or distrusts.'),
            ('act', 'identifier_value', 'That value, canonical.'),
            ('act', 'kind', 'What was done.'),
            ('act', 'link_id', 'The link that it closes.'),
            ('act', 'part_of', 'The act that it is a part of.'),
            ('act', 'source_id', 'The source, where the act is about one.'),
            ('act_end', 'act_id', 'The pin or block.'),
            ('act_end', 'ended_at', 'When it ended.'),
            ('act_end', 'ended_by', 'Who ended it.'),
            ('act_end', 'reason', 'How: removed, expired, replaced by another pin, by a block, by a pin of the pair.'),
            ('asset', 'asset_class', 'Class, raw.'),
            ('asset', 'asset_ref', 'Its number in every other table.'),
            ('asset', 'ci_count', 'How many CIs are linked to it.'),
            ('asset', 'composite', 'Whether several CIs may be it: by its record, or marked by an operator.'),
            ('asset', 'ended_at', 'When it was seen to be retired or disposed.'),
            ('asset', 'identity', 'Its usable values of identifying kinds, for the contradiction guard.'),
            ('asset', 'is_composite', 'Whether its record says that it is composite.'),
            ('asset', 'key', 'Its id in its source, as text.'),
            ('asset', 'lifecycle_since', 'Since when it is in that state, by the source.'),
            ('asset', 'mac_addresses', 'MAC addresses, raw.'),
            ('asset', 'other_serials', 'Further serial numbers, raw.'),
            ('asset', 'parent_asset_id', 'The asset that it is a part of.'),
            ('asset', 'phase', 'Its phase, by the life-cycle table.'),
            ('asset', 'phase_since', 'When it was seen to enter that phase.'),
            ('asset', 'since', 'When it last ended or came back, or got its first or lost its last linked CI.'),
            ('asset', 'standing', '0 eligible, 1 ended, 2 deleted.'),
            ('asset_key', 'standing', 'The asset''s standing: 0 eligible, 1 ended, 2 deleted.'),
            ('asset_key', 'source_id', 'The asset''s source.'),
            ('audit', 'action', 'What was done.'),
            ('audit', 'actor', 'Who: the daemon''s account, or the operator.'),
            ('audit', 'asset_source', 'The name of the asset''s source.'),
            ('audit', 'at', 'When.'),
            ('audit', 'audit_id', 'Its number, which is its place in the chain.'),
            ('audit', 'cause', 'The change that caused it: JSON as text, because the text is what is hashed.'),
            ('audit', 'ci_source', 'The name of the CI''s source.'),
            ('audit', 'evidence', 'Entry, keys and raw values of both sides: JSON as text, because the text is what is hashed.'),
            ('audit', 'from_state', 'The state before.'),
            ('audit', 'to_state', 'The state after.'),
            ('batch', 'audit_rows', 'How many audit rows it wrote.'),
            ('batch', 'batch_id', 'Its number: one more than the batch before.'),
            ('batch', 'changes', 'How many changes it took in.'),
            ('batch', 'committed_at', 'When; later than the batch before.'),
            ('batch', 'digest', 'assetlink_internal.batch_digest of it.'),
            ('batch', 'ended', 'Active links that it ended, by the source that caused it: the breaker''s window.'),
            ('batch', 'ignored', 'Events that were older than what was known.'),
            ('batch', 'links', 'Active links after it, by CI source.'),
            ('batch', 'oldest_logged_at', 'When the oldest change in it was logged; null if it had none.'),
            ('batch', 'previous_digest', 'The digest of the batch before; 32 zero bytes for the first.'),
            ('batch', 'ranges', 'Bulk ranges not finished.'),
            ('batch', 'snapshot', 'What it saw: the next batch reads what this does not show.'),
            ('ci', 'ci_class', 'Class, raw.'),
            ('ci', 'ci_ref', 'Its number in every other table.'),
            ('ci', 'class', 'The class by whose rule it is decided.'),
            ('ci', 'class_known', 'Whether its raw class is in assetlink.ci_class.'),
            ('ci', 'discovery_source', 'What discovered it, raw.'),
            ('ci', 'evidence', 'What its rule read: one element per entry and value, with the match key that the value takes part in.'),
            ('ci', 'key', 'Its id in its source, as text.'),
            ('ci', 'last_discovered_at', 'When a discovery last saw it.'),
            ('ci', 'network_adapters', 'Network adapters, raw: a list of name and mac.'),
            ('ci', 'parent_ci_id', 'Its parent.'),
            ('ci', 'retired', 'Whether it is retired.'),
            ('ci', 'rule', 'The class whose rule it has; null: none.'),
            ('ci', 'serials', 'Typed serial numbers, raw: a list of type and value.'),
            ('ci_decision', 'candidate_asset', 'The claim, or the asset at which the guard stopped.'),
            ('ci_decision', 'claim_asset', 'The asset that it claims, before claims are settled.'),
            ('ci_decision', 'claim_manual', 'Whether a pin claims it.'),
            ('ci_decision', 'claim_rank', 'The priority of the claim; null for a pin.'),
            ('ci_decision', 'conflict_id', 'The open conflict that it is in.'),
            ('ci_decision', 'entry_space', 'The namespace of the keys of the entry that decided.'),
            ('ci_decision', 'link_asset', 'The asset of its link that is not closed.'),
            ('ci_decision', 'link_id', 'Its link that is not closed.'),
            ('ci_decision', 'link_manual', 'Whether a pin made that link.'),
            ('ci_decision', 'link_reason', 'Why that link is stale.'),
            ('ci_decision', 'link_status', 'active or stale.'),
            ('ci_decision', 'reason', 'Why it is not linked; null when linked.'),
            ('ci_decision', 'rule', 'The class whose rule decided.'),
            ('ci_decision', 'since', 'Since when it is in that state.'),
            ('ci_decision', 'source_id', 'The CI''s source.'),
            ('ci_decision', 'state', 'linked, orphaned, conflicted or excluded.'),
            ('ci_value', 'source_id', 'The CI''s source: the limit is per source.'),
            ('conflict', 'asset_ref', 'duplicate_ci, asset_already_linked: the asset that is claimed.'),
            ('conflict', 'ci_ref', 'contradicting_evidence: the CI.'),
            ('conflict', 'ci_source_id', 'duplicate_ci, asset_already_linked: the source of the CIs.'),
            ('conflict', 'close_reason', 'Why it was closed.'),
            ('conflict', 'closed_at', 'When it was closed.'),
            ('conflict', 'closed_by', 'Who closed it.'),
            ('conflict', 'conflict_id', 'Its number.'),
            ('conflict', 'identity', 'What makes it the same conflict: signature and key, CI, or asset and CI source.'),
            ('conflict', 'kind', 'duplicate_asset, contradicting_evidence, duplicate_ci or asset_already_linked.'),
            ('conflict', 'matched_on', 'duplicate_asset: the shared key.'),
            ('conflict', 'opened_at', 'When it was opened.'),
            ('coverage_snapshot', 'class', 'The class; * = the total.'),
            ('coverage_snapshot', 'figures', 'The figures of assetlink.coverage or coverage_by_class.'),
            ('coverage_snapshot', 'taken_at', 'When.'),
            ('key_space', 'signature', 'What the entry compares.'),
            ('key_space', 'space_id', 'Its number.'),
            ('lease', 'details', 'What the leader says about itself: version, host, process.'),
            ('lease', 'expires_at', 'Until when the lease lasts, unless renewed.'),
            ('lease', 'holder', 'The daemon that holds it.'),
            ('lineage', 'database_oid', 'The database.'),
            ('lineage', 'recorded_at', 'When this was recorded.'),
            ('lineage', 'system_identifier', 'The cluster.'),
            ('link', 'close_reason', 'Why it was closed.'),
            ('link', 'closed_at', 'When it was closed.'),
            ('link', 'closed_by', 'Who closed it.'),
            ('link', 'link_id', 'Its number.'),
            ('link', 'linked_at', 'When it was made.'),
            ('link', 'linked_by', 'Who made it.'),
            ('link', 'method', 'manual (a pin) or automatic (the rule).'),
            ('link', 'predecessor_link_id', 'The link that it superseded.'),
            ('link', 'rule', 'The class whose rule matched.'),
            ('link', 'stale_at', 'When it became stale.'),
            ('link', 'stale_reason', 'Why it is stale.'),
            ('link', 'status', 'active, stale or closed.'),
            ('link_period', 'from_batch', 'The batch that began it.'),
            ('link_period', 'reason', 'Why the link was stale or closed.'),
            ('link_period', 'status', 'active, stale or closed.'),
            ('link_period', 'to_batch', 'The batch that ended it, which it does not include; null: it lasts.'),
            ('pair_in_force', 'kind', 'pin or block.'),
            ('rule_set', 'made_at', 'When.'),
            ('rule_set', 'made_by', 'Who.'),
            ('rule_set', 'version', 'Its number.'),
            ('suspect_value', 'since', 'Since when.'),
            ('trusted_value', 'act_id', 'The act that declared it.')
        )
        SELECT c.oid::regclass::text AS relation, a.attname AS name, coalesce(own.text, shared.text) AS text
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN own ON own.relation = c.relname AND own.name = a.attname
        LEFT JOIN shared ON shared.name = a.attname
        WHERE c.relkind = 'r'
            AND c.relnamespace = 'assetlink_internal'::regnamespace
            AND pg_catalog.col_description(c.oid, a.attnum) IS NULL
    LOOP
        IF word.text IS NULL THEN
            RAISE EXCEPTION 'column %.% has no description', word.relation, word.name;
        END IF;
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', word.relation, word.name, word.text);
    END LOOP;
END
$$;
