-- Comments. A column that means the same in several relations is described once; a column without a description is an
SET LOCAL ROLE assetlink_owner;

-- error here, not a gap found later.

COMMENT ON VIEW assetlink_internal.class_age IS 'Per class the days after which its CIs are aged: the nearest ancestor''s that sets them.';
COMMENT ON VIEW assetlink_internal.conflict_asset IS 'The assets in open conflicts; one may come more than once.';
COMMENT ON VIEW assetlink_internal.conflict_ci IS 'The CIs in open conflicts, winners of asset-side ones too.';
COMMENT ON VIEW assetlink_internal.pending_change IS 'Rows of the change log that no batch has taken in.';
COMMENT ON VIEW assetlink_internal.aged_link IS 'Active links whose CI has not been discovered for too long.';
COMMENT ON VIEW assetlink_internal.asset_serial IS 'Assets by canonical serial number; one may come more than once.';
COMMENT ON VIEW assetlink_internal.ci_ring IS 'CIs on a ring of parents.';
COMMENT ON VIEW assetlink_internal.asset_ring IS 'Assets on a ring of parents.';
COMMENT ON VIEW assetlink_internal.pinned_entry_claim IS 'Per pinned CI the one asset that its entries point at, if any.';
COMMENT ON FUNCTION assetlink_internal.serial_form(text) IS 'The canonical form of a serial number as far as SQL can tell: for suggestions, never for links.';
COMMENT ON FUNCTION assetlink_internal.aged_before() IS 'The latest discovery that can be aged in any class.';
COMMENT ON FUNCTION assetlink_internal.batch_at(timestamptz) IS 'The newest batch committed by then.';
COMMENT ON FUNCTION assetlink_internal.refresh_statistics() IS 'Analyzes the tables that bulk work fills.';
COMMENT ON FUNCTION assetlink_internal.take_coverage_snapshot(timestamptz) IS 'Stores coverage and coverage_by_class as of now under this time.';

COMMENT ON VIEW assetlink.ci_state IS 'Every CI known and not deleted, and what was decided about it.';
COMMENT ON VIEW assetlink.asset_state IS 'Every asset known and not deleted, and whether a CI is linked to it.';
COMMENT ON VIEW assetlink.link IS 'Every link ever made; at most one of a CI is not closed.';
COMMENT ON VIEW assetlink.link_period IS 'Every status that a link had, from when to when.';
COMMENT ON VIEW assetlink.conflict IS 'Every conflict ever opened.';
COMMENT ON VIEW assetlink.conflict_member IS 'The records in each open conflict.';
COMMENT ON VIEW assetlink.operator_decision IS 'Every pin and block ever made, and whether it has effect.';
COMMENT ON VIEW assetlink.audit IS 'Every transition, append-only and chained by hash from batch to batch.';
COMMENT ON VIEW assetlink.ci_evidence IS 'Why a CI is what it is: every value that its rule reads, with what it matches.';
COMMENT ON VIEW assetlink.orphaned_ci IS 'Work list: CIs without an asset, oldest first.';
COMMENT ON VIEW assetlink.stale_link IS 'Work list: stale links, and active ones whose CI is no longer discovered, oldest first.';
COMMENT ON VIEW assetlink.unlinked_asset IS 'Work list: eligible assets without a linked CI and in no conflict, oldest first.';
COMMENT ON VIEW assetlink.conflict_queue IS 'Work list: open conflicts, oldest first.';
COMMENT ON VIEW assetlink.suspect_identifier IS 'Work list: values held by too many records, which give no match key until trusted.';
COMMENT ON VIEW assetlink.held_change IS 'Work list: changes that the breaker holds back, oldest first.';
COMMENT ON VIEW assetlink.unmapped IS 'Work list: life-cycle states and classes of sources that no table explains.';
COMMENT ON VIEW assetlink.discrepancy IS 'Where CMDB and ITAM contradict each other; filter on kind for speed.';
COMMENT ON VIEW assetlink.coverage IS 'How many CIs are linked to an asset, now.';
COMMENT ON VIEW assetlink.coverage_by_class IS 'Coverage by the records'' own class; unlinked assets by theirs.';
COMMENT ON VIEW assetlink.coverage_history IS 'Coverage at each snapshot, in total and by class.';
COMMENT ON VIEW assetlink.feed_status IS 'Every source and how far its changes are taken in.';
COMMENT ON VIEW assetlink.daemon_status IS 'One row: who leads and how far it is.';
COMMENT ON VIEW assetlink.dead_letter IS 'Events and records that could not be taken in, oldest first.';
COMMENT ON FUNCTION assetlink.links_as_of(timestamptz) IS 'The links that were active or stale at that time; matched_on as last known.';
COMMENT ON FUNCTION assetlink.decommission_impact(text, text) IS 'What an asset carries: row 0 is the asset with the verdict of all (safe, in_service or unknown), then the CIs linked to it (depth 1) and what depends on them, each once, with its own.';
COMMENT ON FUNCTION assetlink.suggest_assets(text, text) IS 'Assets that nearly match a CI, best first, with the reason; at most 20; never linked by themselves.';

DO $$
DECLARE
    word record;
BEGIN
    FOR word IN
        WITH shared (name, text) AS (VALUES
            ('aged_at', 'When it became aged.'),
            ('aged_after_days', 'Days without discovery.'),
            ('asset_class', 'The asset''s class, as its source names it.'),
            ('asset_id', 'The asset''s id in its source, as text; null where there is none.'),
            ('asset_ref', 'The asset.'),
            ('asset_source', 'The asset''s source.'),
            ('asset_tag', 'Its asset tag, raw.'),
            ('attached_at', 'When the source was attached.'),
            ('automatic_links', 'CIs linked by their rule.'),
            ('batch_id', 'The batch that did it.'),
            ('canonical_value', 'Its canonical form; null if it has none.'),
            ('cause', 'What caused it.'),
            ('ci_class', 'The CI''s class, as its source names it.'),
            ('ci_id', 'The CI''s id in its source, as text.'),
            ('ci_ref', 'The CI.'),
            ('ci_source', 'The CI''s source.'),
            ('class', 'The class; empty: records without one.'),
            ('close_reason', 'Why it was closed.'),
            ('closed_at', 'When it was closed; null while it is not.'),
            ('closed_by', 'Who closed it: the daemon, or the operator.'),
            ('conflict_id', 'The conflict''s number.'),
            ('conflicted_cis', 'CIs in conflict.'),
            ('coverage_percent', 'paired_cis in percent of eligible_cis, cut to one decimal; null when nothing is eligible.'),
            ('detached_at', 'When it was detached; null while it is not.'),
            ('detail', 'What happened and what to do.'),
            ('eligible_cis', 'CIs that should be linked: linked, orphaned and conflicted ones.'),
            ('entry_priority', 'The priority of the rule''s entry.'),
            ('excluded_by_reason', 'Excluded CIs by reason.'),
            ('excluded_cis', 'CIs that are retired, or of a class without a rule.'),
            ('kind', 'Its kind.'),
            ('last_applied_at', 'When the daemon last took changes in (all sources).'),
            ('last_applied_lag', 'How long the oldest of those had waited.'),
            ('last_discovered_at', 'When a discovery last saw the CI.'),
            ('lifecycle_phase', 'The asset''s phase.'),
            ('lifecycle_raw', 'Its life-cycle state as the source names it.'),
            ('link_id', 'The link''s number.'),
            ('linked_at', 'When the link was made.'),
            ('manual_links', 'CIs linked by a pin.'),
            ('manufacturer', 'Its manufacturer, raw.'),
            ('matched_on', 'The keys it was matched on: a list of keys, each a list of canonical values.'),
            ('method', 'manual (a pin) or automatic (the rule).'),
            ('model', 'Its model, raw.'),
            ('name', 'Its name, raw.'),
            ('oldest_unprocessed_age', 'How long the oldest of those has waited; null if there is none.'),
            ('open_conflicts', 'Open conflicts; by class: with a CI of the class in them.'),
            ('orphaned_cis', 'CIs without an asset.'),
            ('orphans_by_reason', 'Orphaned CIs by reason.'),
            ('paired_cis', 'CIs linked to an asset.'),
            ('reason', 'Why.'),
            ('remedy', 'What a person can do about it.'),
            ('rule', 'The class whose rule decided.'),
            ('rule_set_version', 'The version of the rules that it was decided by.'),
            ('serial_number', 'Its serial number, raw.'),
            ('side', 'asset or ci.'),
            ('since', 'Since when.'),
            ('source', 'The source.'),
            ('stale_links', 'Stale links.'),
            ('state', 'linked, orphaned, conflicted or excluded.'),
            ('status', 'active, stale or closed.'),
            ('target_met', 'Whether the exact share reaches the target; null when nothing is eligible.'),
            ('target_percent', 'The target (setting coverage_target_percent).'),
            ('unlinked_assets', 'Eligible assets without a linked CI and in no conflict.'),
            ('uuid', 'Its uuid, raw.'),
            ('value', 'The canonical value.')
        ), own (relation, name, text) AS (VALUES
            ('asset_state', 'ci_count', 'How many CIs are linked to it.'),
            ('asset_state', 'since', 'Since when it is ended or not, and has linked CIs or none.'),
            ('asset_state', 'state', 'linked, conflicted, unlinked or ended.'),
            ('audit', 'action', 'What was done.'),
            ('audit', 'actor', 'Who: the daemon''s account, or the operator.'),
            ('audit', 'at', 'When.'),
            ('audit', 'audit_id', 'Its number.'),
            ('audit', 'evidence', 'What it was decided on: entry, keys, raw values of both sides.'),
            ('audit', 'from_state', 'The state before.'),
            ('audit', 'to_state', 'The state after.'),
            ('ci_evidence', 'attribute', 'The attribute or list that the value stands in.'),
            ('ci_evidence', 'cis_sharing', 'CIs that have this key, this one too.'),
            ('ci_evidence', 'deleted_assets', 'Deleted assets that have this key.'),
            ('ci_evidence', 'eligible_assets', 'Eligible assets that have this key.'),
            ('ci_evidence', 'ended_assets', 'Retired and disposed assets that have this key.'),
            ('ci_evidence', 'entry_type', 'regular, lookup, hybrid or dependent.'),
            ('ci_evidence', 'kind', 'The kind of identifier that the value is read as.'),
            ('ci_evidence', 'match_key', 'The match key that the value takes part in; null if it gives none.'),
            ('ci_evidence', 'outcome', 'What became of it: matched, no candidate, suppressed, not reached, no key, several assets, contradicted, several CIs, asset already linked, asset ended, asset deleted, blocked, overruled by pin, parent not linked, parent on a ring.'),
            ('ci_evidence', 'raw_value', 'The value as the source has it.'),
            ('ci_evidence', 'rule', 'The class whose rule reads it.'),
            ('ci_evidence', 'serial_type', 'The type of the serial number, in a typed list.'),
            ('ci_evidence', 'suppressed_by', 'Why it gives no key: empty, malformed, suspect, or the placeholder.'),
            ('ci_state', 'asset_id', 'The asset it is linked to; null unless linked.'),
            ('ci_state', 'asset_source', 'The source of that asset.'),
            ('ci_state', 'inherited_asset_id', 'A CI of an excluded class: the asset of its nearest linked ancestor.'),
            ('ci_state', 'inherited_asset_source', 'The source of that asset.'),
            ('ci_state', 'link_id', 'Its link that is not closed: active, or stale.'),
            ('ci_state', 'reason', 'Why it is not linked; null when linked.'),
            ('conflict', 'kind', 'duplicate_asset, contradicting_evidence, duplicate_ci or asset_already_linked.'),
            ('conflict', 'matched_on', 'duplicate_asset: the shared key.'),
            ('conflict', 'opened_at', 'When it was opened.'),
            ('conflict_asset', 'ci_ref', 'The CI that it is a candidate of; null: the asset of an asset-side conflict.'),
            ('conflict_member', 'id', 'The record''s id in its source, as text.'),
            ('conflict_member', 'since', 'Since when it is in the conflict; assets: since it was opened.'),
            ('conflict_queue', 'asset_id', 'Asset-side conflicts: the asset that is claimed.'),
            ('conflict_queue', 'assets', 'How many assets are in it.'),
            ('conflict_queue', 'cis', 'How many CIs are in it.'),
            ('conflict_queue', 'kind', 'duplicate_asset, contradicting_evidence, duplicate_ci or asset_already_linked.'),
            ('coverage', 'unknown_class_cis', 'CIs whose class is unknown or empty: they count as class ci.'),
            ('coverage_history', 'class', 'The class; null: the total.'),
            ('coverage_history', 'taken_at', 'When the snapshot was taken.'),
            ('daemon_status', 'backlog', 'Rows of the change log not taken in.'),
            ('daemon_status', 'breaker', 'open while a source is held, else closed.'),
            ('daemon_status', 'broken_sources', 'Sources whose query no longer works.'),
            ('daemon_status', 'dead_letters', 'Dead letters not replayed.'),
            ('daemon_status', 'details', 'What the leader says about itself.'),
            ('daemon_status', 'epoch', 'How often the leader changed.'),
            ('daemon_status', 'held_sources', 'Sources that the breaker holds.'),
            ('daemon_status', 'last_batch', 'The newest batch.'),
            ('daemon_status', 'last_batch_at', 'When it was committed.'),
            ('daemon_status', 'leader', 'The daemon that holds the lease; null if none does.'),
            ('daemon_status', 'lease_expires_at', 'Until when, unless renewed.'),
            ('daemon_status', 'open_ranges', 'Bulk ranges not finished: first reads, resyncs, mass changes.'),
            ('daemon_status', 'version', 'The leader''s version.'),
            ('dead_letter', 'at', 'When it was rejected.'),
            ('dead_letter', 'attempts', 'How often it was tried.'),
            ('dead_letter', 'error_code', 'A SQLSTATE, or a code of the daemon''s own.'),
            ('dead_letter', 'error_text', 'What is wrong and what to do.'),
            ('dead_letter', 'feed', 'Where it came from: a source, or a channel.'),
            ('dead_letter', 'id', 'Its number, for replay_dead_letter.'),
            ('dead_letter', 'next_attempt_at', 'When the daemon tries again; null: only when replayed.'),
            ('dead_letter', 'raw', 'The event or record as it came.'),
            ('dead_letter', 'record_id', 'The record''s id, where known.'),
            ('dead_letter', 'replayed_at', 'When it was put back into the feed, or taken in after all.'),
            ('dead_letter', 'source', 'The source, where known.'),
            ('discrepancy', 'asset_id', 'The asset; null for ci_cycle.'),
            ('discrepancy', 'ci_id', 'The CI; null for unseen and asset_cycle.'),
            ('discrepancy', 'kind', 'ghost, missing_seen, stock_seen, zombie, unseen, inherited_serial, asset_cycle, ci_cycle or pin_disagrees.'),
            ('discrepancy', 'since', 'Since when, as far as is known.'),
            ('feed_status', 'backlog', 'Changes of the source not taken in.'),
            ('feed_status', 'held_changes', 'Changed keys that the breaker holds back.'),
            ('feed_status', 'kind', 'bound: tables of this database; published: records that events carry.'),
            ('feed_status', 'records', 'Records known and not deleted.'),
            ('feed_status', 'status', 'ok, broken, held or detached.'),
            ('held_change', 'batch_id', 'The batch that held it.'),
            ('held_change', 'detail', 'Why the source is held.'),
            ('held_change', 'id', 'The record''s id; null: the whole source.'),
            ('link', 'linked_by', 'Who made it: the daemon, or the operator who pinned.'),
            ('link', 'predecessor_link_id', 'The link of the same CI that it superseded.'),
            ('link', 'stale_at', 'When it became stale.'),
            ('link', 'stale_reason', 'Why it is stale.'),
            ('link_period', 'from_at', 'When the period began.'),
            ('link_period', 'from_batch', 'The batch that began it.'),
            ('link_period', 'reason', 'Why the link was stale or closed.'),
            ('link_period', 'to_at', 'When it ended; null: it lasts.'),
            ('link_period', 'to_batch', 'The batch that ended it; null: it lasts.'),
            ('operator_decision', 'decided_at', 'When it was decided.'),
            ('operator_decision', 'decided_by', 'Who: the database role, and the person it acted for.'),
            ('operator_decision', 'decision_id', 'Its number.'),
            ('operator_decision', 'effect', 'in_force; void: a pin whose asset is not eligible or whose CI is excluded; ended.'),
            ('operator_decision', 'end_reason', 'How it ended: removed, expired, replaced, blocked or pinned.'),
            ('operator_decision', 'ended_at', 'When it ended; null while it has not.'),
            ('operator_decision', 'ended_by', 'Who ended it.'),
            ('operator_decision', 'expires_at', 'When it ends by itself; null: never.'),
            ('operator_decision', 'kind', 'pin: this CI is this asset; block: it never is.'),
            ('operator_decision', 'part_of', 'The decision that it is a part of, e.g. the resolution of a conflict.'),
            ('operator_decision', 'pending', 'No batch has taken it in yet.'),
            ('orphaned_ci', 'reason', 'Why it has no asset.'),
            ('orphaned_ci', 'stale_asset_id', 'The asset that it still has a stale link to.'),
            ('orphaned_ci', 'stale_asset_source', 'The source of that asset.'),
            ('pending_change', 'key', 'The record''s id, or the number that the topic names.'),
            ('pending_change', 'logged_at', 'When it was logged.'),
            ('pending_change', 'source_id', 'The source.'),
            ('pending_change', 'topic', 'What it is about.'),
            ('pinned_entry_claim', 'claimed_asset', 'The asset that its entries point at.'),
            ('pinned_entry_claim', 'pinned_asset', 'The asset that it is pinned to.'),
            ('stale_link', 'reason', 'asset_decommissioned, asset_deleted, in_conflict; or not_discovered, of an active link.'),
            ('stale_link', 'status', 'stale; active where the reason is not_discovered.'),
            ('suspect_identifier', 'asset_holders', 'Eligible assets that hold it.'),
            ('suspect_identifier', 'ci_holders', 'Active CIs that hold it.'),
            ('suspect_identifier', 'if_trusted', 'What trusting it would lead to.'),
            ('suspect_identifier', 'kind', 'The kind of identifier.'),
            ('unmapped', 'raw_value', 'The state or class as the source names it.'),
            ('unmapped', 'records', 'How many records have it.'),
            ('unmapped', 'since', 'When the first of them was seen.'),
            ('unmapped', 'what', 'lifecycle or class.')
        )
        SELECT c.oid::regclass::text AS relation, a.attname AS name, coalesce(own.text, shared.text) AS text
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        LEFT JOIN own ON own.relation = c.relname AND own.name = a.attname
        LEFT JOIN shared ON shared.name = a.attname
        WHERE c.relkind = 'v'
            AND c.relnamespace IN ('assetlink'::regnamespace, 'assetlink_internal'::regnamespace)
            AND pg_catalog.col_description(c.oid, a.attnum) IS NULL
    LOOP
        IF word.text IS NULL THEN
            RAISE EXCEPTION 'column %.% has no description', word.relation, word.name;
        END IF;
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', word.relation, word.name, word.text);
    END LOOP;
END
$$;
