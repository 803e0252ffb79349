-- Pages of the lists at a million CIs, and the figures of coverage as metrics take them.
SET LOCAL ROLE assetlink_owner;

-- ---------------------------------------------------------------------------------------------------------------------
-- A page is looked up in an index first: what filters and orders a list stands there, and nothing else is touched.

-- By number, because the planner knows how many rows a number has; a name behind a join it does not.
CREATE FUNCTION assetlink.source_number(name text) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.source_id
    FROM assetlink_internal.source s
    WHERE s.name = source_number.name
$$;
COMMENT ON FUNCTION assetlink.source_number(text) IS 'Our number of a source, for filters of the lists; null: there is none.';

-- The class stands in another table, and no index spans two. Only rows of orphans are written twice.
ALTER TABLE assetlink_internal.ci_decision ADD COLUMN orphan_class text;
COMMENT ON COLUMN assetlink_internal.ci_decision.orphan_class
    IS 'While it is orphaned, the class of the CI, for the work list; otherwise it means nothing.';
UPDATE assetlink_internal.ci_decision d
SET orphan_class = c.class
FROM assetlink_internal.ci c
WHERE c.ci_ref = d.ci_ref AND d.state = 'orphaned';

CREATE FUNCTION assetlink_internal.note_orphan_class() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.orphan_class := (SELECT c.class FROM assetlink_internal.ci c WHERE c.ci_ref = NEW.ci_ref);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION assetlink_internal.note_orphan_class() IS 'Notes the class of a CI that is orphaned.';
CREATE TRIGGER orphan_class BEFORE INSERT OR UPDATE OF state ON assetlink_internal.ci_decision
    FOR EACH ROW WHEN (NEW.state = 'orphaned') EXECUTE FUNCTION assetlink_internal.note_orphan_class();
COMMENT ON TRIGGER orphan_class ON assetlink_internal.ci_decision IS 'Keeps orphan_class when a CI becomes orphaned.';

CREATE FUNCTION assetlink_internal.change_orphan_class() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE assetlink_internal.ci_decision d
    SET orphan_class = NEW.class
    WHERE d.ci_ref = NEW.ci_ref AND d.state = 'orphaned';
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION assetlink_internal.change_orphan_class() IS 'Notes the new class of a CI that stays orphaned.';
CREATE TRIGGER orphan_class AFTER UPDATE OF class ON assetlink_internal.ci
    FOR EACH ROW WHEN (OLD.class IS DISTINCT FROM NEW.class)
    EXECUTE FUNCTION assetlink_internal.change_orphan_class();
COMMENT ON TRIGGER orphan_class ON assetlink_internal.ci IS 'Keeps orphan_class when a CI changes its class.';

-- What is only filtered stands behind the order: the index answers it as it walks, and the table is not read.
DROP INDEX assetlink_internal.ci_decision_work;
CREATE INDEX ci_decision_work
    ON assetlink_internal.ci_decision (state, since, ci_ref, reason, source_id, orphan_class)
    WHERE state IN ('orphaned', 'conflicted');
COMMENT ON INDEX assetlink_internal.ci_decision_work IS 'The work lists of orphaned and conflicted CIs, oldest first.';

DROP INDEX assetlink_internal.asset_unlinked;
CREATE INDEX asset_unlinked ON assetlink_internal.asset (since, asset_ref, source_id, asset_class, phase)
    WHERE standing = 0 AND ci_count = 0;
COMMENT ON INDEX assetlink_internal.asset_unlinked IS 'The work list of unlinked assets, oldest first.';

CREATE VIEW assetlink.orphaned_ci_index AS
SELECT
    d.ci_ref,
    d.since,
    d.reason,
    d.source_id,
    d.orphan_class AS class,
    -- Read only where somebody asks for it.
    (SELECT c.ci_class FROM assetlink_internal.ci c WHERE c.ci_ref = d.ci_ref) AS ci_class
FROM assetlink_internal.ci_decision d
WHERE d.state = 'orphaned';

CREATE VIEW assetlink.unlinked_asset_index AS
SELECT a.asset_ref, a.since, a.source_id, a.asset_class, a.phase AS lifecycle_phase
FROM assetlink_internal.asset a
WHERE a.standing = 0
    AND a.ci_count = 0
    -- OFFSET keeps it a probe per asset, so that a LIMIT spares the rest.
    AND NOT EXISTS (SELECT FROM assetlink_internal.conflict_asset m WHERE m.asset_ref = a.asset_ref OFFSET 0);

CREATE VIEW assetlink.link_index AS
SELECT l.link_id, l.status, l.method, l.ci_source_id AS source_id
FROM assetlink_internal.link l;

CREATE VIEW assetlink.conflict_queue_index AS
SELECT k.conflict_id, k.opened_at AS since, k.kind
FROM assetlink_internal.conflict k
WHERE k.closed_at IS NULL;

-- The cheap ways first: an EXISTS ends with the first that holds.
CREATE VIEW assetlink.conflict_source AS
SELECT k.conflict_id, k.ci_source_id AS source_id
FROM assetlink_internal.conflict k
WHERE k.ci_source_id IS NOT NULL
UNION ALL
SELECT d.conflict_id, d.source_id
FROM assetlink_internal.ci_decision d
WHERE d.conflict_id IS NOT NULL
UNION ALL
SELECT k.conflict_id, a.source_id
FROM assetlink_internal.conflict k
JOIN assetlink_internal.asset a ON a.asset_ref = k.asset_ref
UNION ALL
SELECT m.conflict_id, a.source_id
FROM assetlink_internal.conflict_asset m
JOIN assetlink_internal.asset a ON a.asset_ref = m.asset_ref
WHERE m.ci_ref IS NOT NULL;

-- ---------------------------------------------------------------------------------------------------------------------
-- One row a figure: whoever counts for a graph takes the numbers that people see. Each scope costs only its own part.
CREATE VIEW assetlink.coverage_metric AS
WITH total AS (
    SELECT c.* FROM assetlink.coverage c
)
SELECT 'total'::text AS scope, ''::text AS label, f.figure, f.value
FROM total c
CROSS JOIN LATERAL (
    VALUES
        ('eligible_cis'::text, c.eligible_cis::numeric),
        ('paired_cis', c.paired_cis),
        ('orphaned_cis', c.orphaned_cis),
        ('conflicted_cis', c.conflicted_cis),
        ('excluded_cis', c.excluded_cis),
        ('unlinked_assets', c.unlinked_assets),
        ('open_conflicts', c.open_conflicts),
        ('stale_links', c.stale_links),
        ('automatic_links', c.automatic_links),
        ('manual_links', c.manual_links),
        ('unknown_class_cis', c.unknown_class_cis),
        ('coverage_percent', c.coverage_percent),
        ('target_percent', c.target_percent),
        ('target_met', c.target_met::integer)
) f (figure, value)
WHERE f.value IS NOT NULL
UNION ALL
SELECT 'total', '', 'oldest_conflict_seconds', extract(epoch FROM now() - min(k.opened_at))
FROM assetlink_internal.conflict k
WHERE k.closed_at IS NULL
HAVING count(*) > 0
UNION ALL
SELECT 'total', '', 'oldest_stale_link_seconds', extract(epoch FROM now() - min(l.stale_at))
FROM assetlink_internal.link l
WHERE l.status = 'stale'
HAVING count(*) > 0
UNION ALL
SELECT 'reason', r.key, 'orphaned_cis', r.value::numeric
FROM total c
CROSS JOIN LATERAL jsonb_each_text(c.orphans_by_reason) r
UNION ALL
SELECT 'excluded', r.key, 'excluded_cis', r.value::numeric
FROM total c
CROSS JOIN LATERAL jsonb_each_text(c.excluded_by_reason) r
UNION ALL
SELECT 'class', c.class, f.figure, f.value
FROM assetlink.coverage_by_class c
CROSS JOIN LATERAL (
    VALUES
        ('eligible_cis'::text, c.eligible_cis::numeric),
        ('paired_cis', c.paired_cis),
        ('orphaned_cis', c.orphaned_cis),
        ('conflicted_cis', c.conflicted_cis),
        ('excluded_cis', c.excluded_cis),
        ('unlinked_assets', c.unlinked_assets),
        ('open_conflicts', c.open_conflicts),
        ('stale_links', c.stale_links),
        ('automatic_links', c.automatic_links),
        ('manual_links', c.manual_links),
        ('coverage_percent', c.coverage_percent)
) f (figure, value)
WHERE f.value IS NOT NULL
UNION ALL
SELECT 'source', c.source, f.figure, f.value
FROM assetlink.coverage_by_source c
CROSS JOIN LATERAL (
    VALUES
        ('eligible_cis'::text, c.eligible_cis::numeric),
        ('paired_cis', c.paired_cis),
        ('orphaned_cis', c.orphaned_cis),
        ('conflicted_cis', c.conflicted_cis),
        ('excluded_cis', c.excluded_cis),
        ('unlinked_assets', c.unlinked_assets),
        ('stale_links', c.stale_links),
        ('automatic_links', c.automatic_links),
        ('manual_links', c.manual_links),
        ('coverage_percent', c.coverage_percent)
) f (figure, value)
WHERE f.value IS NOT NULL;

-- ---------------------------------------------------------------------------------------------------------------------
COMMENT ON VIEW assetlink.orphaned_ci_index IS 'What filters and orders orphaned_ci, for pages: look up ci_ref here, then the rows there.';
COMMENT ON COLUMN assetlink.orphaned_ci_index.ci_ref IS 'Our number of the CI.';
COMMENT ON COLUMN assetlink.orphaned_ci_index.since IS 'Since when.';
COMMENT ON COLUMN assetlink.orphaned_ci_index.reason IS 'Why.';
COMMENT ON COLUMN assetlink.orphaned_ci_index.source_id IS 'Our number of its source, by source_number.';
COMMENT ON COLUMN assetlink.orphaned_ci_index.class IS 'Its class in the tree; ci for one that is not in it.';
COMMENT ON COLUMN assetlink.orphaned_ci_index.ci_class IS 'Its class as its source writes it.';
COMMENT ON VIEW assetlink.unlinked_asset_index IS 'What filters and orders unlinked_asset, for pages: look up asset_ref here, then the rows there.';
COMMENT ON COLUMN assetlink.unlinked_asset_index.asset_ref IS 'Our number of the asset.';
COMMENT ON COLUMN assetlink.unlinked_asset_index.since IS 'Since when.';
COMMENT ON COLUMN assetlink.unlinked_asset_index.source_id IS 'Our number of its source, by source_number.';
COMMENT ON COLUMN assetlink.unlinked_asset_index.asset_class IS 'Its class as its source writes it.';
COMMENT ON COLUMN assetlink.unlinked_asset_index.lifecycle_phase IS 'Its phase.';
COMMENT ON VIEW assetlink.link_index IS 'What filters and orders link, for pages: look up link_id here, then the rows there.';
COMMENT ON COLUMN assetlink.link_index.link_id IS 'The link.';
COMMENT ON COLUMN assetlink.link_index.status IS 'active, stale or closed.';
COMMENT ON COLUMN assetlink.link_index.method IS 'automatic or manual.';
COMMENT ON COLUMN assetlink.link_index.source_id IS 'Our number of the CI''s source, by source_number.';
COMMENT ON VIEW assetlink.conflict_queue_index IS 'What filters and orders conflict_queue, for pages: look up conflict_id here, then the rows there.';
COMMENT ON COLUMN assetlink.conflict_queue_index.conflict_id IS 'The conflict.';
COMMENT ON COLUMN assetlink.conflict_queue_index.since IS 'Since when.';
COMMENT ON COLUMN assetlink.conflict_queue_index.kind IS 'As in conflict.';
COMMENT ON VIEW assetlink.conflict_source IS 'The sources of the records in each conflict; one may come more than once.';
COMMENT ON COLUMN assetlink.conflict_source.conflict_id IS 'The conflict.';
COMMENT ON COLUMN assetlink.conflict_source.source_id IS 'Our number of a source with a record in it, by source_number.';
COMMENT ON VIEW assetlink.coverage_metric IS 'The figures of coverage, coverage_by_class and coverage_by_source, one a row, for metrics.';
COMMENT ON COLUMN assetlink.coverage_metric.scope IS 'total, reason (of orphaned CIs), excluded (CIs by why), class or source.';
COMMENT ON COLUMN assetlink.coverage_metric.label IS 'The reason, class or source; empty for the total.';
COMMENT ON COLUMN assetlink.coverage_metric.figure IS 'The column of coverage that it is; oldest_conflict_seconds and oldest_stale_link_seconds: how long the oldest has waited.';
COMMENT ON COLUMN assetlink.coverage_metric.value IS 'The number; of target_met 1 or 0. There is no row where there is none.';

GRANT SELECT ON
    assetlink.orphaned_ci_index, assetlink.unlinked_asset_index, assetlink.link_index, assetlink.conflict_queue_index,
    assetlink.conflict_source, assetlink.coverage_metric
TO assetlink_reader, assetlink_operator, assetlink_daemon;
REVOKE ALL ON FUNCTION
    assetlink.source_number(text), assetlink_internal.note_orphan_class(), assetlink_internal.change_orphan_class()
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assetlink.source_number(text) TO assetlink_reader, assetlink_operator, assetlink_daemon;
